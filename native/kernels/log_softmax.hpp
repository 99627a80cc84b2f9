// Log-softmax of a row, (x_i - m) - log S, and its log-sum-exp, m + log S, which is -inf where all entries are; m is the largest logit.
#pragma once
#include "base/logarithm.hpp"
#include "kernels/softmax.hpp"

namespace {

// log S in two parts.
INLINE Logarithm log_parts_of(const RowSum& sum) {
    const double more = sum.ties - 1, others = sum.others / sum.top, y = more + others, part = y - more;  // TwoSum; the top is a power of two
    return log1p_parts(broadcast(y), broadcast((more - (y - part)) + (others - part) + sum.rest / sum.top));
}

INLINE double log_total(const RowSum& sum) {
    const Logarithm parts = log_parts_of(sum);
    return (parts.high + parts.low)[0];
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
