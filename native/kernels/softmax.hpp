// Row kernels of softmax, log-softmax and log-sum-exp. A row is contiguous and has n >= 1 entries.
//
// With m the largest logit: softmax_i = exp(x_i - m) / S, log_softmax_i = (x_i - m) - log S, logsumexp = m + log S.
// S is summed in a fixed order that depends on n alone: blocks, in a block four vectors by a tree, then lanes that carry more precision.
// For logarithms the entries equal to m contribute exactly 1 each and are counted apart, so log S = log1p((count - 1) + rest) keeps
// the tail that log(S) loses (Blanchard, Higham and Higham 2021, "Accurately computing the log-sum-exp and softmax functions").
// For probabilities only quotients count: all exponentials share a power of two, which saves the subtraction of m (exp_relative); the largest
// of them, whose error would be that of the whole sum, is known in double.
// Non-finite rows: a NaN makes the row NaN; +inf is one-hot, shared among its ties; all -inf is NaN (logsumexp -inf).
#pragma once
#include "base/exponential.hpp"
#include "dispatch/dispatch.hpp"

namespace {

template <class T> struct Sum;

template <> struct Sum<float> {  // double lanes
    Double low, high;
    INLINE void add(Float v) { low += low_half(v); high += high_half(v); }
    INLINE double total(double& rest) const {
        rest = 0;
        return over_lanes(low + high, [](Double a, Double b) INLINE_LAMBDA { return a + b; });
    }
};

template <> struct Sum<double> {  // TwoSum: the rounding error of every addition is kept
    Double sum, lost;
    INLINE void add(Double v) {
        Double next = sum + v, v_part = next - sum;
        lost += (sum - (next - v_part)) + (v - v_part);
        sum = next;
    }
    INLINE double total(double& rest) const {
        Sum all = *this;
        if constexpr (lanes<double> > 4) all.fold<4>();
        if constexpr (lanes<double> > 2) all.fold<2>();
        all.fold<1>();
        rest = all.lost[0];
        return all.sum[0];
    }
    template <int distance> INLINE void fold() {
        const Double other_lost = mirrored<distance>(lost);
        add(mirrored<distance>(sum));
        lost += other_lost;
    }
};

constexpr double infinity = __builtin_huge_val();

template <class T> INLINE T row_maximum(const T* x, int64_t n) {
    constexpr int W = lanes<T>;
    const T lowest = T(-infinity);
    if (n < W) return greatest_lane<T>(load_first(x, int(n), lowest));
    Vector<T> m[4] = {broadcast(lowest), broadcast(lowest), broadcast(lowest), broadcast(lowest)};
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W)
        for (int u = 0; u < 4; ++u) m[u] = greater_of(m[u], load<T>(x + i + u * W));
    for (; i + W <= n; i += W) m[0] = greater_of(m[0], load<T>(x + i));
    m[1] = greater_of(m[1], load<T>(x + n - W));
    return greatest_lane<T>(greater_of(greater_of(m[0], m[1]), greater_of(m[2], m[3])));
}

INLINE bool is_finite(double x) { return x - x == 0; }

// log S in two parts.
INLINE Logarithm log_parts_of(const RowSum& sum) {
    const double more = sum.ties - 1, others = sum.others / sum.top, y = more + others, part = y - more;  // TwoSum; the top is a power of two
    return log1p_parts(broadcast(y), broadcast((more - (y - part)) + (others - part) + sum.rest / sum.top));
}

INLINE double log_total(const RowSum& sum) {
    const Logarithm parts = log_parts_of(sum);
    return (parts.high + parts.low)[0];
}

// 1 / S in two parts: e / S = fma(e, high, e * low) costs one rounding and no division. Without fused multiply-add it would cost
// three, so there a float row is multiplied in double.
template <class T> struct Inverse {
    Vector<T> high, low;
    Double whole;

    INLINE Vector<T> times(Vector<T> e) const {
        if constexpr (!fma_is_fused && sizeof(T) == sizeof(float)) return narrow(low_half(e) * whole, high_half(e) * whole);
        else return fma(e, high, e * low);
    }
};

template <class T> INLINE Inverse<T> inverse_of(const RowSum& row) {
    const double tops = row.ties * row.top, sum = tops + row.others, inverse = 1 / sum;
    const double lost = row.others - (sum - tops) + row.rest;  // exact where tops >= others, else within the last bit of `rest`
    const double correction = inverse * (__builtin_fma(-inverse, sum, 1.0) - inverse * lost);
    const T high = T(inverse), low = sizeof(T) == sizeof(double) ? T(correction) : T(inverse - double(high) + correction);
    return {broadcast(high), broadcast(low), broadcast(inverse)};
}

// Calls body(from, count) on vectors of the row.
template <class T, class F> INLINE void over_row(int64_t n, const F& body) {
    constexpr int W = lanes<T>;
    int64_t i = 0;
    for (; i + W <= n; i += W) body(i, W);
    if (i < n) body(i, int(n - i));
}

// What the exponentials of a row are relative to. Careful: the maximum itself, whose ties are counted apart; else a power of two near it.
template <bool careful, class T> struct Top;

template <class T> struct Top<true, T> {
    Vector<T> maximum;
    INLINE Pair<T> exponential(Vector<T> x) const { return exp_of_difference<T>(x, maximum); }
};

template <class T> struct Top<false, T> {
    Vector<T> maximum;
    Reference<T> reference;
    INLINE Pair<T> exponential(Vector<T> x) const { return exp_relative<T>(x, reference); }
};

// Without fused multiply-add, exponentials that are reduced from x itself are not good enough for the bound.
constexpr bool always_careful = !fma_is_fused;

template <bool careful, class T> INLINE Top<careful, T> top_of(Vector<T> maximum) {
    if constexpr (careful) return {maximum};
    else return {maximum, reference_for<T>(maximum)};
}

// Are the entries at the maximum kept out of the sum? Next to them the others would be rounded, and for logarithms the sum less 1 is needed.
template <bool careful> constexpr bool tops_apart = careful || !sums_need_losses;

// The sum over at most a block, where tops_apart less the entries at the maximum, which are counted in `ties`. The exponentials
// are kept unless `kept` is null; what lies `ahead` is then brought into the second-level cache: the next rows, most often.
template <bool careful, class T> INLINE Sum<T> sum_of_block(const T* x, int64_t n, const Top<careful, T>& top, T* kept, Vector<T>& ties, int64_t ahead = 0) {
    constexpr int W = lanes<T>;
    Sum<T> sum{};
    Vector<T> lost{};
    auto one = [&](int64_t i, int count) INLINE_LAMBDA {
        const Vector<T> v = count == W ? load<T>(x + i) : load_first(x + i, count, T(-infinity));
        Pair<T> e = top.exponential(v);
        if (kept) {
            count == W ? store<T>(kept + i, e.big) : store_first(kept + i, e.big, count);
            __builtin_prefetch(x + i + ahead, 0, 2);
        }
        if constexpr (tops_apart<careful>) {
            const Integers<T> apart = v != top.maximum;  // a NaN is, so that it gets into the sum
            ties += apart ? Vector<T>{} : broadcast(T(1));
            e = {apart ? e.big : Vector<T>{}, apart ? e.small : Vector<T>{}};
        }
        if constexpr (sums_need_losses) {
            lost += e.small;
            sum.add(e.big);
        }
        return e.big;
    };
    int64_t i = 0;
    if constexpr (sums_need_losses) {
        for (; i + 4 * W <= n; i += 4 * W)
            for (int u = 0; u < 4; ++u) one(i + u * W, W);
        for (; i + W <= n; i += W) one(i, W);
        if (i < n) one(i, int(n - i));
        sum.add(lost);
        return sum;
    }
    for (; i + 4 * W <= n; i += 4 * W) {
        const Vector<T> a = one(i, W), b = one(i + W, W), c = one(i + 2 * W, W), d = one(i + 3 * W, W);
        sum.add((a + b) + (c + d));
    }
    if (i + 2 * W <= n) {
        sum.add(one(i, W) + one(i + W, W));
        i += 2 * W;
    }
    if (i + W < n) sum.add(one(i, W) + one(i + W, int(n - i - W)));
    else if (i < n) sum.add(one(i, int(n - i)));
    return sum;
}

// The sum of no block yet.
template <bool careful, class T> INLINE RowSum empty_sum(T maximum) {
    RowSum row{double(maximum)};
    if constexpr (careful) row.shift = row.maximum, row.top = unit<T>;
    if constexpr (!careful) {
        const Vector<T> m = broadcast(maximum);
        const Reference<T> reference = reference_for<T>(m);
        row.shift = double(reference.shift[0]);
        row.exponent = double(reference.exponent[0]);
        if constexpr (!tops_apart<careful>) return row;
        if constexpr (sizeof(T) == sizeof(float)) row.top = top_exponential(m, reference).low[0];
        else row.top = exp_relative<T>(m, reference).big[0];
    }
    return row;
}

// As sum_of_block, relative to the maximum itself, with the terms in two parts.
template <class T> INLINE Sum<T> exact_sum_of_block(const T* x, int64_t n, Vector<T> maximum, Vector<T>& ties) {
    constexpr int W = lanes<T>;
    Sum<T> sum{};
    auto one = [&](int64_t i, int count) INLINE_LAMBDA {
        const Vector<T> v = count == W ? load<T>(x + i) : load_first(x + i, count, T(-infinity));
        const Pair<T> e = exp_pair_of_difference<T>(v, maximum);
        const Integers<T> apart = v != maximum;
        ties += apart ? Vector<T>{} : broadcast(T(1));
        sum.add(apart ? e.big : Vector<T>{});
        return apart ? e.small : Vector<T>{};
    };
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
        const Vector<T> a = one(i, W), b = one(i + W, W), c = one(i + 2 * W, W), d = one(i + 3 * W, W);
        sum.add((a + b) + (c + d));
    }
    for (; i + W <= n; i += W) sum.add(one(i, W));
    if (i < n) sum.add(one(i, int(n - i)));
    return sum;
}

template <class T> INLINE RowSum exact_block_sum(const T* x, int64_t n, T maximum) {
    RowSum block{double(maximum)};
    Vector<T> ties{};
    block.others = exact_sum_of_block<T>(x, n, broadcast(maximum), ties).total(block.rest);
    block.ties = double(over_lanes(ties, [](Vector<T> a, Vector<T> b) INLINE_LAMBDA { return a + b; }));
    return block;
}

template <bool careful, class T> INLINE RowSum block_sum(const T* x, int64_t n, T maximum, T* kept, int64_t ahead = 0) {
    RowSum block{double(maximum)};
    Vector<T> ties{};
    block.others = sum_of_block<careful, T>(x, n, top_of<careful, T>(broadcast(maximum)), kept, ties, ahead).total(block.rest);
    block.ties = double(over_lanes(ties, [](Vector<T> a, Vector<T> b) INLINE_LAMBDA { return a + b; }));
    return block;
}

template <bool careful, class T> INLINE RowSum sum_of_row(const T* x, int64_t n, T* kept) {
    const T maximum = row_maximum(x, n);
    RowSum row = empty_sum<careful>(maximum);
    if (!is_finite(row.maximum)) return row;
    for (int64_t i = 0; i < n; i += block_entries)
        append(row, block_sum<careful>(x + i, n - i < block_entries ? n - i : block_entries, maximum, kept ? kept + i : kept, n));
    return row;
}

// A block by itself, so that a row beyond the caches is read once for maximum and sum.
template <class T> INLINE RowSum own_block_sum(const T* x, int64_t n) {
    const T maximum = row_maximum(x, n);
    if (is_finite(double(maximum))) {
        RowSum row = empty_sum<always_careful>(maximum);
        append(row, block_sum<always_careful, T>(x, n, maximum, nullptr));
        return row;
    }
    RowSum row{double(maximum)};
    for (int64_t i = 0; i < n; ++i) row.others += x[i] != x[i] ? double(x[i]) : 0;
    return row;
}

// Adds a block with a maximum of its own: the lower of the two is scaled to the higher, most often by a power of two.
INLINE void merge(RowSum& sum, const RowSum& block) {
    if (block.maximum == sum.maximum) return append(sum, block);
    const RowSum low = block.maximum < sum.maximum ? block : sum;
    if (block.maximum > sum.maximum) sum = block;
    if (!is_finite(sum.maximum)) return;
    const double apart = low.shift == sum.shift ? 1 : exponential_of<double>(broadcast(low.shift - sum.shift))[0];
    const double factor = __builtin_ldexp(apart, int(low.exponent - sum.exponent));
    append(sum, {.maximum = sum.maximum, .others = (low.ties * low.top + low.others) * factor, .rest = low.rest * factor});
}

template <class T> INLINE RowSum merged_sum_of_row(const T* x, int64_t n) {
    RowSum row = own_block_sum(x, block_entries);
    for (int64_t i = block_entries; i < n; i += block_entries) merge(row, own_block_sum(x + i, n - i < block_entries ? n - i : block_entries));
    return row;
}

template <class T> INLINE RowSum exact_sum_of_row(const T* x, int64_t n) {
    const T maximum = row_maximum(x, n);
    RowSum row = empty_sum<true>(maximum);
    for (int64_t i = 0; is_finite(row.maximum) && i < n; i += block_entries) append(row, exact_block_sum(x + i, n - i < block_entries ? n - i : block_entries, maximum));
    return row;
}

// Rows whose maximum is infinite: all -inf, or at least one +inf.
template <class T> void softmax_of_infinite(const T* x, int64_t n, T* out, bool logarithm) {
    const T hot_value = T(infinity), nan = T(__builtin_nan(""));
    int64_t hot = 0;
    bool poisoned = false;
    for (int64_t i = 0; i < n; ++i) { hot += x[i] == hot_value; poisoned |= x[i] != x[i]; }
    const T share = logarithm ? T(-__builtin_log(double(hot))) : T(1 / double(hot));
    for (int64_t i = 0; i < n; ++i)
        out[i] = poisoned || hot == 0 ? nan : x[i] == hot_value ? share : logarithm ? T(-infinity) : T(0);
}

template <class T> INLINE void multiply_row(T* row, int64_t n, const Inverse<T>& by, T factor = 1) {
    const Vector<T> factors = broadcast(factor);
    over_row<T>(n, [&](int64_t i, int count) INLINE_LAMBDA {
        if (count == lanes<T>) store<T>(row + i, by.times(load<T>(row + i)) * factors);
        else store_first(row + i, by.times(load_first(row + i, count, T(0))) * factors, count);
    });
}

// A part of a row, its sum known: the exponentials are computed once more, which is cheaper than to write and read them in memory.
template <class T> void write_softmax(const T* x, T* out, int64_t n, const RowSum& sum) {
    const auto top = top_of<always_careful, T>(broadcast(T(sum.maximum)));
    const Inverse<T> inverse = inverse_of<T>(sum);
    over_row<T>(n, [&](int64_t i, int count) INLINE_LAMBDA {
        if (count == lanes<T>) store<T>(out + i, inverse.times(top.exponential(load<T>(x + i)).big));
        else store_first(out + i, inverse.times(top.exponential(load_first(x + i, count, T(-infinity))).big), count);
    });
}

// (x - m) - log S, rounded about once.
INLINE Float less_log(Float x, Double m, const Logarithm& logarithm) {
    const Double value = logarithm.high + logarithm.low;
    return narrow((low_half(x) - m) - value, (high_half(x) - m) - value);
}

template <class T> INLINE void subtract(const T* x, T* out, int64_t n, double maximum, const Logarithm& logarithm) {
    const Double m = broadcast(maximum);
    over_row<T>(n, [&](int64_t i, int count) INLINE_LAMBDA {
        if (count == lanes<T>) store<T>(out + i, less_log(load<T>(x + i), m, logarithm));
        else store_first(out + i, less_log(load_first(x + i, count, T(0)), m, logarithm), count);
    });
}

template <class T> void write_log_softmax(const T* x, T* out, int64_t n, const RowSum& sum) { subtract(x, out, n, sum.maximum, log_parts_of(sum)); }

template <class T> void softmax_row(const T* x, T* out, int64_t n) {
    const bool cached = n * int64_t(sizeof(T)) <= cached_row_bytes;
    const RowSum row = cached ? sum_of_row<always_careful>(x, n, out) : merged_sum_of_row(x, n);
    if (!is_finite(row.maximum)) softmax_of_infinite(x, n, out, false);
    else if (cached) multiply_row(out, n, inverse_of<T>(row));
    else write_softmax(x, out, n, row);
}

template <class T> void log_softmax_row(const T* x, T* out, int64_t n) {
    const RowSum row = exact_sum_of_row(x, n);
    if (!is_finite(row.maximum)) softmax_of_infinite(x, n, out, true);
    else write_log_softmax(x, out, n, row);
}

template <class T> T logsumexp_of(const RowSum& row, const T* x, int64_t n) {
    if (is_finite(row.maximum)) {
        const Logarithm logarithm = log_parts_of(row);
        return T(plus(broadcast(row.maximum), logarithm.high, logarithm.low)[0]);
    }
    for (int64_t i = 0; i < n; ++i)
        if (x[i] != x[i]) return x[i];
    return T(row.maximum);
}

}  // namespace
