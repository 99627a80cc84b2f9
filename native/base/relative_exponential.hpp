// Exponentials relative to the maximum of their sum, or to a power of two near it, with what their rounding loses.
#pragma once
#include "base/exponential.hpp"

namespace {

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

}  // namespace
