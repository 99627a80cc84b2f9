// A group of W rows of some ten to some hundred entries: its maxima, its sums and what its exponentials are relative to, one lane a row.
#pragma once
#include "kernels/lane_sums.hpp"
#include "kernels/row_sums.hpp"

namespace {

constexpr int64_t short_row = 512;

template <class T> INLINE Vector<T> reduced_sum(Vector<T>* v) { return reduced(v, [](Vector<T> a, Vector<T> b) INLINE_LAMBDA { return a + b; }); }

INLINE LaneSum<float> sums_of_rows(const Sum<float>* rows) {
    Double v[2 * lanes<double>];
    for (int i = 0; i < lanes<float>; ++i) v[i] = rows[i].low + rows[i].high;
    return {reduced_sum<double>(v), reduced_sum<double>(v + lanes<double>)};
}

template <int distance> INLINE void fold(Sum<double>* rows) {
    using All = OrderOf<lanes<double>>::type;
    for (int i = 0; i < distance; ++i) {
        exchange<distance>(rows[i].sum, rows[i + distance].sum, All{});
        exchange<distance>(rows[i].lost, rows[i + distance].lost, All{});
        rows[i].add(rows[i + distance].sum);
        rows[i].lost += rows[i + distance].lost;
    }
}

INLINE LaneSum<double> sums_of_rows(const Sum<double>* rows) {
    Sum<double> v[lanes<double>];
    for (int i = 0; i < lanes<double>; ++i) v[i] = rows[i];
    if constexpr (lanes<double> > 4) fold<4>(v);
    if constexpr (lanes<double> > 2) fold<2>(v);
    fold<1>(v);
    return {v[0].sum, v[0].lost};
}

// W rows of n entries. Rows beyond the last read the first one again and write to a buffer; a row with an infinite maximum is replaced
// by one of the same result: +inf by 0 and all else by -inf, or NaN where there is no +inf.
template <class T> struct Group {
    static constexpr int W = lanes<T>;
    int64_t n;
    const T* x[W];
    T* out[W];
    Vector<T> maxima;
    T buffer[short_row];

    INLINE Group(const T* from, int64_t x_row, T* to, int64_t out_row, int count, int64_t size) : n(size) {
        for (int i = 0; i < W; ++i) {
            x[i] = from + (i < count ? i * x_row : 0);
            out[i] = to && i < count ? to + i * out_row : buffer;
        }
    }

    // Returns the maxima before the replacement.
    INLINE Vector<T> find_maxima(T* replacements) {
        Vector<T> v[W];
        for (int i = 0; i < W; ++i) {
            Vector<T> m = load<T>(x[i]), last = load<T>(x[i] + n - W);
            m = m == m ? m : broadcast(T(-infinity));
            for (int64_t k = W; k < n - W; k += W) m = greater_of(m, load<T>(x[i] + k));
            v[i] = greater_of(m, last);
        }
        const Vector<T> found = maxima = reduced(v, [](Vector<T> a, Vector<T> b) INLINE_LAMBDA { return greater_of(a, b); });
        for (int i = 0; i < W; ++i)
            if (maxima[i] - maxima[i] != 0) [[unlikely]] {
                const T top = maxima[i], at_top = top > 0 ? T(0) : T(__builtin_nan(""));
                T* row = replacements + i * short_row;
                for (int64_t k = 0; k < n; ++k) row[k] = x[i][k] == top ? at_top : x[i][k] == x[i][k] ? T(-infinity) : x[i][k];
                x[i] = row;
                maxima[i] = 0;
            }
        return found;
    }
};

// The tops of W rows, a lane each.
template <bool careful, class T> struct Tops;

template <class T> struct Tops<true, T> {
    Vector<T> maxima;
    explicit INLINE Tops(Vector<T> m) : maxima(m) {}
    INLINE Top<true, T> of_row(int i) const { return {broadcast(maxima[i])}; }
    INLINE void add_to(LaneSum<T>& sum, Vector<T> ties) const { sum.add(ties * unit<T>); }
};

template <class T> struct Tops<false, T> {
    Vector<T> maxima;
    Reference<T> references;
    explicit INLINE Tops(Vector<T> m) : maxima(m), references(reference_for<T>(m)) {}
    INLINE Top<false, T> of_row(int i) const {
        return {broadcast(maxima[i]), {broadcast(references.shift[i]), broadcast(references.lowest[i]), broadcast(references.exponent[i])}};
    }
    INLINE void add_to(LaneSum<T>& sum, Vector<T> ties) const {
        if constexpr (!tops_apart<false>) return;
        if constexpr (sizeof(T) == sizeof(float)) {
            const TopExponential tops = top_exponential(maxima, references);
            sum.low += low_half(ties) * tops.low;
            sum.high += high_half(ties) * tops.high;
        } else {
            sum.add(ties * exp_relative<T>(maxima, references).big);
        }
    }
};

}  // namespace
