// Softmax of a row: exp(x_i - m) / S with m the largest logit. A row is contiguous and has n >= 1 entries.
//
// Non-finite rows: a NaN makes the row NaN; +inf is one-hot, shared among its ties; all -inf is NaN.
#pragma once
#include "kernels/row_sums.hpp"

namespace {

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

template <class T> void softmax_row(const T* x, T* out, int64_t n) {
    const bool cached = n * int64_t(sizeof(T)) <= cached_row_bytes;
    const RowSum row = cached ? sum_of_row<always_careful>(x, n, out) : merged_sum_of_row(x, n);
    if (!is_finite(row.maximum)) softmax_of_infinite(x, n, out, false);
    else if (cached) multiply_row(out, n, inverse_of<T>(row));
    else write_softmax(x, out, n, row);
}

}  // namespace
