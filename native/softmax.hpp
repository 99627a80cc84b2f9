// Row kernels of softmax, log-softmax and log-sum-exp. A row is contiguous and has n >= 1 entries.
//
// With m the largest logit: softmax_i = exp(x_i - m) / S, log_softmax_i = (x_i - m) - log S, logsumexp = m + log S.
// S is summed in a fixed order that depends on n alone: four vectors by a tree, then lanes that carry more precision.
// The entries equal to m contribute exactly 1 each and are counted apart, so log S = log1p((count - 1) + rest) keeps the
// tail that log(S) loses (Blanchard, Higham and Higham 2021, "Accurately computing the log-sum-exp and softmax functions").
// Non-finite rows: a NaN makes the row NaN; +inf is one-hot, shared among its ties; all -inf is NaN (logsumexp -inf).
#pragma once
#include "exponential.hpp"

namespace {

template <class T> struct Sum;

template <> struct Sum<float> {  // double lanes
    Double low{}, high{};
    INLINE void add(Float v) { low += low_half(v); high += high_half(v); }
    INLINE double total(double& rest) const {
        rest = 0;
        return over_lanes(low + high, [](Double a, Double b) INLINE_LAMBDA { return a + b; });
    }
};

template <> struct Sum<double> {  // TwoSum: the rounding error of every addition is kept
    Double sum{}, lost{};
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

constexpr double minus_infinity = -__builtin_huge_val();

template <class T> INLINE T row_maximum(const T* x, int64_t n) {
    constexpr int W = lanes<T>;
    const T lowest = T(minus_infinity);
    if (n < W) return greatest_lane<T>(load_first(x, int(n), lowest));
    Vector<T> m[4] = {broadcast(lowest), broadcast(lowest), broadcast(lowest), broadcast(lowest)};
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W)
        for (int u = 0; u < 4; ++u) m[u] = greater_of(m[u], load<T>(x + i + u * W));
    for (; i + W <= n; i += W) m[0] = greater_of(m[0], load<T>(x + i));
    m[1] = greater_of(m[1], load<T>(x + n - W));
    return greatest_lane<T>(greater_of(greater_of(m[0], m[1]), greater_of(m[2], m[3])));
}

// 1 / S in two parts: e / S = fma(e, high, e * low) costs one rounding and no division. Without fused multiply-add it would cost
// three, so there a float row is multiplied in double.
template <class T> struct Inverse { T high, low; };

template <class T> struct RowSum {
    T maximum;
    double others = 0, rest = 0;  // others + rest: the sum of exp(x_i - maximum) over the entries below the maximum
    double ties = 0;              // how many entries equal it
    double total() const { return ties + (others + rest); }
    double log_total() const { return __builtin_log1p((ties - 1) + (others + rest)); }
    bool finite() const { return maximum - maximum == 0; }
    Inverse<T> inverse() const {
        const double sum = ties + others, high = 1 / sum;
        const double lost = others - (sum - ties) + rest;  // exact where ties >= others, else within the last bit of `rest`
        const double low = high * (__builtin_fma(-high, sum, 1.0) - high * lost);
        if constexpr (sizeof(T) == sizeof(double)) return {high, low};
        const T rounded = T(high);
        return {rounded, T(high - double(rounded) + low)};
    }
};

// Multiplies the exponentials of a row by 1 / S.
template <class T> INLINE void normalise(T* row, int64_t n, const RowSum<T>& sum) {
    constexpr int W = lanes<T>;
    const Inverse<T> inverse = sum.inverse();
    const Vector<T> high = broadcast(inverse.high), low = broadcast(inverse.low);
    const Double whole = broadcast(1 / sum.total());
    auto times = [&](Vector<T> e) INLINE_LAMBDA {
        if constexpr (!fma_is_fused && sizeof(T) == sizeof(float)) return narrow(low_half(e) * whole, high_half(e) * whole);
        else return fma(e, high, e * low);
    };
    int64_t i = 0;
    for (; i + W <= n; i += W) store<T>(row + i, times(load<T>(row + i)));
    if (i < n) store_first(row + i, times(load_first(row + i, int(n - i), T(0))), int(n - i));
}

// Also writes exp(x_i - maximum) to `exponentials` unless that is null.
template <class T> INLINE RowSum<T> sum_exponentials(const T* x, int64_t n, T* exponentials) {
    constexpr int W = lanes<T>;
    RowSum<T> row{row_maximum(x, n)};
    if (!row.finite()) return row;
    const Vector<T> m = broadcast(row.maximum);
    Sum<T> sum;
    Integers<T> ties{};
    auto one = [&](const T* from, T* to, int count) INLINE_LAMBDA {
        Vector<T> v = count == W ? load<T>(from) : load_first(from, count, T(minus_infinity));
        Vector<T> e = exp_of_difference<T>(v, m);
        if (to) count == W ? store<T>(to, e) : store_first(to, e, count);
        ties -= (Integers<T>)(v == m);
        return v == m ? Vector<T>{} : e;
    };
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
        T* to = exponentials ? exponentials + i : nullptr;
        Vector<T> a = one(x + i, to, W), b = one(x + i + W, to ? to + W : to, W);
        Vector<T> c = one(x + i + 2 * W, to ? to + 2 * W : to, W), d = one(x + i + 3 * W, to ? to + 3 * W : to, W);
        sum.add((a + b) + (c + d));
    }
    for (; i < n; i += W) sum.add(one(x + i, exponentials ? exponentials + i : nullptr, n - i < W ? int(n - i) : W));
    row.others = sum.total(row.rest);
    row.ties = double(over_lanes(ties, [](Integers<T> a, Integers<T> b) INLINE_LAMBDA { return a + b; }));
    return row;
}

// Rows whose maximum is infinite: all -inf, or at least one +inf.
template <class T> void softmax_of_infinite(const T* x, int64_t n, T* out, bool logarithm) {
    const T infinity = T(__builtin_huge_val()), nan = T(__builtin_nan(""));
    int64_t hot = 0;
    bool poisoned = false;
    for (int64_t i = 0; i < n; ++i) { hot += x[i] == infinity; poisoned |= x[i] != x[i]; }
    const T share = logarithm ? T(-__builtin_log(double(hot))) : T(1 / double(hot));
    for (int64_t i = 0; i < n; ++i)
        out[i] = poisoned || hot == 0 ? nan : x[i] == infinity ? share : logarithm ? -infinity : T(0);
}

template <class T> void softmax_row(const T* x, T* out, int64_t n) {
    const RowSum<T> row = sum_exponentials(x, n, out);
    if (!row.finite()) return softmax_of_infinite(x, n, out, false);
    normalise(out, n, row);
}

// Rows of few classes: one lane a row, so a batch of 4-class rows runs at full width. A row's bits do not depend on its lane.
constexpr int64_t few_classes = 16;

template <class T> void softmax_of_few(const T* x, int64_t x_row, T* out, int64_t out_row, int count, int64_t n) {
    using V = Vector<T>;
    V e[few_classes], m = broadcast(T(minus_infinity));
    for (int64_t k = 0; k < n; ++k) {
        e[k] = load_column(x + k, x_row, count);
        m = greater_of(m, e[k]);
    }
    V sum{}, lost{};
    for (int64_t k = 0; k < n; ++k) {
        e[k] = exp_of_difference<T>(e[k], m);
        const V next = sum + e[k], part = next - sum;  // TwoSum
        lost += (sum - (next - part)) + (e[k] - part);
        sum = next;
    }
    // Rows with an infinite maximum are rare; the lanes give them NaN. They are done before `out`, which may be `x`, is written.
    const Integers<T> infinite = (m - m) != V{};
    const bool any_infinite = over_lanes(infinite, [](Integers<T> a, Integers<T> b) INLINE_LAMBDA { return a | b; }) != 0;
    T apart[lanes<T>][few_classes];
    for (int i = 0; any_infinite && i < count; ++i)
        if (infinite[i]) softmax_of_infinite(x + i * x_row, n, apart[i], false);
    if constexpr (fma_is_fused) {
        const V high = T(1) / sum;
        const V low = high * (fma(-high, sum, broadcast(T(1))) - high * lost);
        for (int64_t k = 0; k < n; ++k) store_column(out + k, out_row, fma(e[k], high, e[k] * low), count);
    } else if constexpr (sizeof(T) == sizeof(float)) {
        const Double first = 1 / (low_half(sum) + low_half(lost)), second = 1 / (high_half(sum) + high_half(lost));
        for (int64_t k = 0; k < n; ++k) store_column(out + k, out_row, narrow(low_half(e[k]) * first, high_half(e[k]) * second), count);
    } else {
        for (int64_t k = 0; k < n; ++k) store_column(out + k, out_row, e[k] / (sum + lost), count);
    }
    for (int i = 0; any_infinite && i < count; ++i)
        for (int64_t k = 0; infinite[i] && k < n; ++k) out[i * out_row + k] = apart[i][k];
}

template <class T> void log_softmax_row(const T* x, T* out, int64_t n) {
    constexpr int W = lanes<T>;
    RowSum<T> row = sum_exponentials<T>(x, n, nullptr);
    if (!row.finite()) return softmax_of_infinite(x, n, out, true);
    const Vector<T> m = broadcast(row.maximum), log_total = broadcast(T(row.log_total()));
    int64_t i = 0;
    for (; i + W <= n; i += W) store<T>(out + i, (load<T>(x + i) - m) - log_total);
    if (i < n) store_first(out + i, (load_first(x + i, int(n - i), T(0)) - m) - log_total, int(n - i));
}

template <class T> T logsumexp_row(const T* x, int64_t n) {
    RowSum<T> row = sum_exponentials<T>(x, n, nullptr);
    if (row.finite()) return T(double(row.maximum) + row.log_total());
    for (int64_t i = 0; i < n; ++i)
        if (x[i] != x[i]) return x[i];
    return row.maximum;
}

}  // namespace
