// exp and log on vectors.
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

// An exponential in two parts: big + small, or rounded and what the rounding lost. For sums that are better than their terms.
template <class T> struct Pair { Vector<T> big, small; };

// With AVX-512 the terms are good enough for the bound of softmax; elsewhere equal terms, whose errors add up, are not.
constexpr bool sums_need_losses = !scales_by_floor;

template <class T> INLINE Pair<T> with_loss(const Parts<T>& p, const Power<T>& power) {
    if constexpr (!sums_need_losses) return {power.times(p.big + p.small), Vector<T>{}};
    else {
        const Vector<T> big = power.times(p.big), sum = fma(p.small, power.factor, big);
        return {sum, fma(p.small, power.factor, big - sum)};
    }
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

// x - top with its rounding error (Knuth's TwoSum): without it a softmax of logits 80 apart is off by 64 ULP in float.
template <class T> struct Difference { Vector<T> value, lost; };

template <class T> INLINE Difference<T> difference_of(Vector<T> x, Vector<T> top) {
    const Vector<T> value = x - top, x_part = value + top;
    return {value, (x - x_part) - (top - (x_part - value))};
}

// exp(x - top) for x <= top, `unit` times as large; exactly `unit` at the top. `finish` gets the parts and their power of two.
template <class T, class F> INLINE Pair<T> exponential_of_difference(Vector<T> x, Vector<T> top, const F& finish) {
    const Vector<T> lowest = top + Exponential<T>::to_zero;
    const Difference<T> d = difference_of<T>(clamped<T>(x, lowest), top);
    const Parts<T> parts = exp_parts<T>(d.value, d.lost);
    return finish(parts, Power<T>(parts, broadcast(T(-headroom<T>)), x, lowest));
}

template <class T> INLINE Pair<T> exp_of_difference(Vector<T> x, Vector<T> top) { return exponential_of_difference<T>(x, top, with_loss<T>); }

// The same before the last rounding.
template <class T> INLINE Pair<T> exp_pair_of_difference(Vector<T> x, Vector<T> top) {
    return exponential_of_difference<T>(x, top, [](const Parts<T>& p, const Power<T>& power) INLINE_LAMBDA { return Pair<T>{power.times(p.big), power.times(p.small)}; });
}

// Where only quotients of exponentials count, no subtraction of the maximum is needed: exp(x - shift) * 2^-exponent is reduced from x itself.
// The shift is 0 for a maximum near 0, else the maximum: there x - shift is exact wherever the result is not 0 (Sterbenz).
template <class T> struct Reference { Vector<T> shift, lowest, exponent; };

template <class T> INLINE Reference<T> reference_for(Vector<T> maximum) {
    using E = Exponential<T>;
    const Vector<T> size = maximum < Vector<T>{} ? -maximum : maximum, shift = size < broadcast(E::near_zero) ? Vector<T>{} : maximum;
    const Vector<T> top = maximum - shift, rounding = broadcast(E::round_to_integer), whole = fma(top, broadcast(T(1.4426950408889634)), rounding) - rounding;
    return {shift, top + broadcast(E::to_zero), headroom<T> ? whole - T(headroom<T>) : whole};
}

template <class T> INLINE Pair<T> exp_relative(Vector<T> x, const Reference<T>& to) {
    const Vector<T> d = x - to.shift;
    const Parts<T> parts = exp_parts<T>(clamped<T>(d, to.lowest), NoCarry{});
    return with_loss<T>(parts, Power<T>(parts, to.exponent, d, to.lowest));
}

// exp_relative at the maximum, the largest term of its sum, in double.
struct TopExponential { Double low, high; };

INLINE TopExponential top_exponential(Float maximum, const Reference<float>& to) {
    const Float top = maximum - to.shift;
    const Double lowest = broadcast(Exponential<double>::to_zero);
    return {exp_scaled<double>(low_half(top), low_half(to.exponent), lowest), exp_scaled<double>(high_half(top), high_half(to.exponent), lowest)};
}

// log(u + lost) for u > 0 normal and |lost| within the last bit of u, in two parts: high + low, together good to 0.6 ULP (fdlibm's method: u = 2^k (1 + f),
// s = f / (2 + f), an even polynomial in s). Infinity gives infinity, NaN NaN.
struct Logarithm { Double high, low; };

INLINE Logarithm log_parts(Double u, Double lost) {
    constexpr double coefficients[] = {1.479819860510658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
                                       2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01};
    const UnsignedLong bits = (UnsignedLong)u + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
    const Double k = __builtin_convertvector((Long)(bits >> 52) - 1023, Double);
    const Double m = (Double)((bits & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd), f = m - 1.0, s = f / (f + 2.0), z = s * s;
    Double r = broadcast(coefficients[0]);
    for (int i = 1; i < 7; ++i) r = fma(r, z, broadcast(coefficients[i]));
    const Double half_square = f * f * 0.5, tail = fma(k, broadcast(1.90821492927058770002e-10), lost / u) + s * (half_square + z * r);
    const Double whole = k * 0.693147180369123816490, high = whole + f, high_lost = f - (high - whole);
    const Long finite = u - u == Double{};
    return {finite ? high : u, finite ? high_lost - (half_square - tail) : Double{}};
}

INLINE Double log_of(Double u, Double lost) {
    const Logarithm parts = log_parts(u, lost);
    return parts.high + parts.low;
}

// log(1 + y + lost) for y > -1.
INLINE Logarithm log1p_parts(Double y, Double lost) {
    const Double u = y + 1.0, part = u - 1.0;
    return log_parts(u, (1.0 - (u - part)) + (y - part) + lost);
}

INLINE Double log1p_of(Double y) {
    const Logarithm parts = log1p_parts(y, Double{});
    return parts.high + parts.low;
}

// log(1 + y) for y > -1, infinity or NaN, with a relative error below 2^-33: for results that are rounded to float. log(u) with u = 2^k m is
// k ln 2 + 2 atanh s, s = (m - 1) / (m + 1); what 1 + y loses only counts where u is near 1.
INLINE Double log1p_for_float(Double y) {
    const Double u = y + 1.0, lost = y - (u - 1.0);
    const UnsignedLong bits = (UnsignedLong)u + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
    const Double k = __builtin_convertvector((Long)(bits >> 52) - 1023, Double);
    const Double m = (Double)((bits & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd), s = (m - 1.0) / (m + 1.0), z = s * s;
    Double q = broadcast(2.0 / 11);
    constexpr double coefficients[] = {2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3, 2.0};
    for (double coefficient : coefficients) q = fma(q, z, broadcast(coefficient));
    return u - u == Double{} ? fma(k, broadcast(0.69314718055994530942), fma(s, q, lost)) : u;
}

// a + b + rest with one rounding (TwoSum).
INLINE Double plus(Double a, Double b, Double rest) {
    const Double sum = a + b, part = sum - a;
    return sum + ((a - (sum - part)) + (b - part) + rest);
}

// (x - m) - logarithm, rounded about once.
INLINE Double less_log(Double x, Double m, const Logarithm& logarithm) {
    const Double d = x - m, part = d + m, d_lost = (x - part) - (m - (part - d));
    const Double result = plus(d, -logarithm.high, d_lost - logarithm.low);
    return result != result ? d - logarithm.high : result;  // of infinities
}

}  // namespace
