// sigmoid and its kind, entry by entry. Logarithms are taken in double; 1 + exp(-|x|) is never computed before its logarithm.
//
// sigmoid(x) = 1 / (1 + e) or e / (1 + e), log_sigmoid(x) = min(x, 0) - log1p(e), softplus(x) = max(x, 0) + log1p(e), e = exp(-|x|);
// logit(p) = log1p(s) - log1p(-s) with s = 2p - 1 near 1/2, else log(p / (1 - p)); outside [0, 1] it is NaN.
#pragma once
#include "base/exponential.hpp"
#include "base/first_lanes.hpp"
#include "base/logarithm.hpp"

namespace {

INLINE Float in_double(Float x, Double (*of)(Double)) { return narrow(of(low_half(x)), of(high_half(x))); }
INLINE Double in_double(Double x, Double (*of)(Double)) { return of(x); }

template <class V> INLINE V minus_size(V x) { return x > V{} ? -x : x; }

template <class T> INLINE Vector<T> sigmoid_of(Vector<T> x) {
    const Vector<T> e = exponential_of<T>(minus_size(x)), one = broadcast(T(1));
    return (x < Vector<T>{} ? e : one) / (one + e);
}

INLINE Double softplus_in_double(Double x) { return log1p_of(exponential_of<double>(minus_size(x))) + (x < Double{} ? Double{} : x); }
INLINE Double log_sigmoid_in_double(Double x) { return (x > Double{} ? Double{} : x) - log1p_of(exponential_of<double>(minus_size(x))); }

INLINE Double logit_in_double(Double p) {
    const Double one = broadcast(1.0), s = p + p - one, near = log1p_of(s) - log1p_of(-s);
    const Double odds = p / (one - p), tiny = odds * 0x1p54;  // subnormal odds are scaled
    const Double far = log_of(odds < broadcast(0x1p-1000) ? tiny : odds, Double{}) - (odds < broadcast(0x1p-1000) ? broadcast(37.429947750237046) : Double{});
    Double value = (s < Double{} ? -s : s) < broadcast(0.4) ? near : far;
    value = p == Double{} ? broadcast(-__builtin_huge_val()) : value;
    value = p == one ? broadcast(__builtin_huge_val()) : value;
    return (p < Double{}) | (p > one) ? broadcast(__builtin_nan("")) : value;
}

template <class T, class F> INLINE void over_entries(const T* x, T* out, int64_t n, const F& of) {
    constexpr int W = lanes<T>;
    int64_t i = 0;
    for (; i + W <= n; i += W) store<T>(out + i, of(load<T>(x + i)));
    if (i < n) store_first(out + i, of(load_first(x + i, int(n - i), T(0))), int(n - i));
}

}  // namespace
