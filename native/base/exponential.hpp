// Room: base - what all others stand on: vectors, exp and log on them, random numbers, threads, the plain structures that kernels take. May include: nothing.
//
// exp on vectors.
//
// exp(x + carry) * 2^-exponent = 2^(k / steps - exponent) * exp(r) with k = round(x steps / ln 2) and r = x - k ln 2 / steps + carry. ln 2 / steps is split
// in two, so that x - k high is exact for the k that occur (2^9 in float, 2^21 in double; any with fused multiply-add); low carries the rest.
//   With AVX-512, steps is 16 (float) or 8 (double): 2^(j / steps) = table_j + rest_j comes out of a register, exp(r) = 1 + s with |s| < 0.05, and
//   table + (table s + rest) has one rounding that counts: 0.6 ULP.
//   Elsewhere steps is 1: exp(r) = 1 + r + r^2 q(r), and what the roundings of r and of 1 + r lose is added back: 0.8 ULP.
// q is a minimax polynomial (relative error of exp: float 4e-9, double 1e-17). The power of two comes last, so that a subnormal result is rounded
// once more but never flushed.
#pragma once
#include "base/vector.hpp"

namespace {

template <class T> struct Exponential;

template <> struct Exponential<float> {
    static constexpr float to_zero = -106.0f, to_infinity = 89.0f;
    static constexpr float near_zero = 240.0f;
    static constexpr float round_to_integer = 12582912.0f;  // 1.5 * 2^23
#if defined(__AVX512F__)
    static constexpr int steps = 16;
    static constexpr float step_high = 0x1.62e43p-5f, step_low = -0x1.05c61p-33f;
    static constexpr float coefficients[] = {0x1.55561ep-3f, 0x1.000226p-1f};
    static constexpr float table[] = {0x1p+0f, 0x1.0b5586p+0f, 0x1.172b84p+0f, 0x1.2387a6p+0f, 0x1.306fep+0f, 0x1.3dea64p+0f, 0x1.4bfdaep+0f, 0x1.5ab07ep+0f,
                                      0x1.6a09e6p+0f, 0x1.7a1148p+0f, 0x1.8ace54p+0f, 0x1.9c4918p+0f, 0x1.ae89fap+0f, 0x1.c199bep+0f, 0x1.d5818ep+0f, 0x1.ea4afap+0f};
    static constexpr float rest[] = {0.0f, 0x1.9f3122p-25f, -0x1.c15742p-27f, 0x1.ceac48p-25f, 0x1.4636e2p-25f, 0x1.824684p-25f, -0x1.593abcp-25f, -0x1.5bd5ecp-27f,
                                     0x1.9fcef4p-26f, -0x1.829fdp-25f, 0x1.15506ep-27f, 0x1.51f848p-27f, -0x1.a94b14p-26f, -0x1.3d56b2p-27f, -0x1.822dbcp-27f, 0x1.52486cp-27f};
#elif defined(__AVX2__)
    static constexpr int steps = 8;
    static constexpr float step_high = 0x1.62e43p-4f, step_low = -0x1.05c61p-32f;
    static constexpr float coefficients[] = {0x1.554826p-5f, 0x1.555c84p-3f, 0x1p-1f};
    static constexpr float table[] = {0x1p+0f, 0x1.172b84p+0f, 0x1.306fep+0f, 0x1.4bfdaep+0f, 0x1.6a09e6p+0f, 0x1.8ace54p+0f, 0x1.ae89fap+0f, 0x1.d5818ep+0f};
    static constexpr float rest[] = {0.0f, -0x1.c15742p-27f, 0x1.4636e2p-25f, -0x1.593abcp-25f, 0x1.9fcef4p-26f, 0x1.15506ep-27f, -0x1.a94b14p-26f, -0x1.822dbcp-27f};
#else
    static constexpr int steps = 1;
    static constexpr float step_high = 0.693145751953125f, step_low = 1.428606765330187e-06f;
    static constexpr float coefficients[] = {0x1.6a21a8p-10f, 0x1.123b6ap-7f, 0x1.5558fcp-5f, 0x1.55549p-3f, 0x1.fffffcp-2f};
#endif
};

template <> struct Exponential<double> {
    static constexpr double to_zero = -748.0, to_infinity = 710.0;
    static constexpr double near_zero = 2048.0;
    static constexpr double round_to_integer = 6755399441055744.0;  // 1.5 * 2^52
#if defined(__AVX512F__)
    static constexpr int steps = 8;
    static constexpr double step_high = 0x1.62e42fefa39efp-4, step_low = 0x1.abc9e3b39803fp-59;
    static constexpr double coefficients[] = {0x1.a0168b263904bp-13, 0x1.6c1cca232279cp-10, 0x1.111111251b85fp-7, 0x1.55555547d5f6ep-5, 0x1.555555555514ap-3, 0x1.0000000000112p-1};
    static constexpr double table[] = {0x1p+0, 0x1.172b83c7d517bp+0, 0x1.306fe0a31b715p+0, 0x1.4bfdad5362a27p+0, 0x1.6a09e667f3bcdp+0, 0x1.8ace5422aa0dbp+0, 0x1.ae89f995ad3adp+0, 0x1.d5818dcfba487p+0};
    static constexpr double rest[] = {0.0, -0x1.19041b9d78a76p-55, 0x1.6f46ad23182e4p-55, 0x1.d4397afec42e2p-56, -0x1.bdd3413b26456p-54, 0x1.6e9f156864b27p-54, 0x1.7a1cd345dcc81p-54, 0x1.2ed02d75b3707p-55};
#else
    static constexpr int steps = 1;
    static constexpr double step_high = 0.693147180369123816490, step_low = 1.90821492927058770002e-10;
    static constexpr double coefficients[] = {0x1.ad7ee91ec5928p-26, 0x1.28ade64e89ed5p-22, 0x1.71df266361ad2p-19, 0x1.a019999513fbfp-16, 0x1.a01a01298a6ecp-13,
                                              0x1.6c16c18453a64p-10, 0x1.1111111127f31p-7, 0x1.55555555507ccp-5, 0x1.55555555554f9p-3, 0x1.000000000000ap-1};
#endif
};

struct NoCarry {};

// exp(x + carry) without its last rounding: (big + small) * 2^floor(k / steps), |small| < |big| / 16 or so. k is whole; `shifted` holds it in its low bits.
template <class T> struct Parts { Vector<T> big, small, k, shifted; };

template <class T, class Carry> INLINE Parts<T> exp_parts(Vector<T> x, Carry carry) {
    using E = Exponential<T>;
    using V = Vector<T>;
    const V rounding = broadcast(E::round_to_integer), shifted = fma(x, broadcast(T(E::steps / 0.69314718055994530942)), rounding), k = shifted - rounding;
    const V high = fma(k, broadcast(-E::step_high), x);
    V low{}, r;
    if constexpr (__is_same(Carry, NoCarry)) low = k * -E::step_low, r = fma(k, broadcast(-E::step_low), high);
    else low = fma(k, broadcast(-E::step_low), carry), r = high + low;
    V q = broadcast(E::coefficients[0]);
    for (size_t i = 1; i < sizeof E::coefficients / sizeof(T); ++i) q = fma(q, r, broadcast(E::coefficients[i]));
    if constexpr (E::steps > 1) {
        const V s = fma(r * r, q, r), power = looked_up(E::table, shifted);
        return {power, fma(power, s, looked_up(E::rest, shifted)), k, shifted};
    } else {
        const V r_lost = low - (r - high), sum = r + T(1), sum_lost = r - (sum - T(1));
        return {sum, sum_lost + fma(r * r, q, r_lost), k, shifted};
    }
}

// 2^-exponent times the power of two that belongs to the parts; 0 where x < lowest. Without AVX-512 it must be a normal number: exponentials in (0, 1] are
// computed 2^headroom times as large, so that none of them is subnormal and one product with a power of two is enough.
#if defined(__AVX512F__)
template <class T> constexpr int headroom = 0;
template <class T> constexpr T unit = 1;  // 2^headroom
template <class T> struct Power {
    Vector<T> n, x, lowest;
    INLINE Power(const Parts<T>& parts, Vector<T> exponent, Vector<T> x_, Vector<T> lowest_)
        : n(fma(parts.k, broadcast(T(1) / Exponential<T>::steps), -exponent)), x(x_), lowest(lowest_) {}
    INLINE Vector<T> times(Vector<T> v) const { return scaled(v, n, x, lowest); }
};
template <class T> INLINE Vector<T> clamped(Vector<T> x, Vector<T>) { return x; }
#else
template <class T> constexpr int headroom = sizeof(T) == sizeof(float) ? 60 : 200;
template <class T> constexpr T unit = sizeof(T) == sizeof(float) ? T(0x1p60) : T(0x1p200);
template <class T> struct Power {
    Vector<T> factor;
    INLINE Power(const Parts<T>& parts, Vector<T> exponent, Vector<T> x, Vector<T> lowest) {
        using F = FloatFormat<T>;
        const Bits<T> whole = (Bits<T>)parts.shifted / Exponential<T>::steps, less = (Bits<T>)(exponent + Exponential<T>::round_to_integer) - F::bias;
        factor = x < lowest ? Vector<T>{} : (Vector<T>)((whole - less) << F::mantissa_bits);
    }
    INLINE Vector<T> times(Vector<T> v) const { return v * factor; }
};
template <class T> INLINE Vector<T> clamped(Vector<T> x, Vector<T> lowest) { return greater_of(x, lowest); }  // a NaN stays
#endif

// 0 for x below `lowest`.
template <class T> INLINE Vector<T> exp_scaled(Vector<T> x, Vector<T> exponent, Vector<T> lowest) {
    const Parts<T> p = exp_parts<T>(clamped<T>(x, lowest), NoCarry{});
    return Power<T>(p, exponent, x, lowest).times(p.big + p.small);
}

// exp(x), any x.
template <class T> INLINE Vector<T> exponential_of(Vector<T> x) {
    using E = Exponential<T>;
    const Vector<T> above = broadcast(E::to_infinity);
    const Integers<T> small = x < Vector<T>{};
    const Vector<T> exponent = small ? broadcast(T(-headroom<T>)) : broadcast(T(headroom<T>)), back = small ? broadcast(1 / unit<T>) : broadcast(unit<T>);
    const Vector<T> e = exp_scaled<T>(x > above ? above : x, exponent, broadcast(E::to_zero)) * back;
    return x > above ? broadcast(T(__builtin_huge_val())) : e;
}

}  // namespace
