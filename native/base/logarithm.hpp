// Logarithms of vectors of doubles, in two parts where more precision than a double's is needed.
#pragma once
#include "base/vector.hpp"

namespace {

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
