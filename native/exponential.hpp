// exp on vectors. Error bound: 1 ULP for float and for double over the whole range; measured 0.78 and 0.77, the largest
// where a subnormal result is rounded a second time (tests/functional/test_exponential.py).
//
// exp(x + carry) = 2^n * exp(r) with n = round(x / ln 2) and r = x - n ln 2 + carry in [-ln2/2, ln2/2]. ln 2 is split in two:
// n * high is exact, low carries the rest. exp(r) = 1 + (r + r^2 q(r)), q the Taylor polynomial of (exp(r) - 1 - r) / r^2
// (float: to r^7/7!, remainder 6e-9; double: to r^13/13!, remainder 4e-18). What the roundings of r and of 1 + r lose is
// added back, so that one rounding is left, the last. `carry` is the rounding error of the
// subtraction that made x: without it a softmax of logits 80 apart is off by 64 ULP in float.
// 2^n is applied in two factors, so that a subnormal result is rounded once and never flushed.
#pragma once
#include "vector.hpp"

namespace {

template <class T> struct Exponential;

template <> struct Exponential<float> {
    static constexpr float to_zero = -104.0f, to_infinity = 89.0f;
    static constexpr float ln2_high = 0.693145751953125f, ln2_low = 1.428606765330187e-06f;
    static constexpr float round_to_integer = 12582912.0f;  // 1.5 * 2^23
    static constexpr int bias = 127, mantissa_bits = 23;
    static constexpr float coefficients[] = {1.f / 5040, 1.f / 720, 1.f / 120, 1.f / 24, 1.f / 6, 0.5f};
};

template <> struct Exponential<double> {
    static constexpr double to_zero = -746.0, to_infinity = 710.0;
    static constexpr double ln2_high = 0.693147180369123816490, ln2_low = 1.90821492927058770002e-10;
    static constexpr double round_to_integer = 6755399441055744.0;  // 1.5 * 2^52
    static constexpr int bias = 1023, mantissa_bits = 52;
    static constexpr double coefficients[] = {1. / 6227020800, 1. / 479001600, 1. / 39916800, 1. / 3628800, 1. / 362880, 1. / 40320,
                                              1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 0.5};
};

template <class T> INLINE Vector<T> exp_with_carry(Vector<T> x, Vector<T> carry) {
    using E = Exponential<T>;
    using V = Vector<T>;
    using I = Integers<T>;
    const V shift = broadcast(E::round_to_integer);
    // Outside the range the result is chosen at the end; clamping keeps 2^n representable.
    V inside = x < broadcast(E::to_zero) ? broadcast(E::to_zero) : x;
    inside = inside > broadcast(E::to_infinity) ? broadcast(E::to_infinity) : inside;
    V shifted = fma(inside, broadcast(T(1.4426950408889634)), shift);
    V n = shifted - shift;
    V high = fma(n, broadcast(-E::ln2_high), inside);
    V low = fma(n, broadcast(-E::ln2_low), carry);
    V r = high + low;
    V r_lost = low - (r - high);
    V q = broadcast(E::coefficients[0]);
    for (size_t i = 1; i < sizeof E::coefficients / sizeof(T); ++i) q = fma(q, r, broadcast(E::coefficients[i]));
    V sum = r + T(1);
    V sum_lost = r - (sum - T(1));
    V p = sum + (sum_lost + fma(r * r, q, r_lost));
    I exponent = (I)shifted - (I)shift;  // the low mantissa bits of `shifted` hold n
    I half = exponent >> 1;
    V first = (V)((half + E::bias) << E::mantissa_bits);
    V second = (V)((exponent - half + E::bias) << E::mantissa_bits);
    V result = p * first * second;
    result = x < broadcast(E::to_zero) ? V{} : result;
    result = x > broadcast(E::to_infinity) ? broadcast(T(__builtin_huge_val())) : result;
    return x != x ? x : result;
}

// exp(x - shift) with the rounding error of the subtraction carried along (Knuth's TwoSum).
template <class T> INLINE Vector<T> exp_of_difference(Vector<T> x, Vector<T> shift) {
    Vector<T> difference = x - shift;
    Vector<T> x_part = difference + shift;
    Vector<T> carry = (x - x_part) - (shift - (x_part - difference));
    return exp_with_carry<T>(difference, carry);
}

}  // namespace
