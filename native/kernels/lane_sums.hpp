// The sums of W rows, a lane each, with more precision than T; their logarithms and inverses.
#pragma once
#include "base/logarithm.hpp"
#include "kernels/softmax.hpp"

namespace {

template <class T> struct LaneSum;

template <> struct LaneSum<float> {
    Double low{}, high{};
    INLINE void add(Float v) { low += low_half(v); high += high_half(v); }
    INLINE Float rounded() const { return narrow(low, high); }
};

template <> struct LaneSum<double> {
    Double sum{}, lost{};
    INLINE void add(Double v) {  // TwoSum
        const Double next = sum + v, part = next - sum;
        lost += (sum - (next - part)) + (v - part);
        sum = next;
    }
    INLINE Double rounded() const { return sum + lost; }
};

// log(1 + sum / unit), a lane each, with more precision than T.
template <class T> struct LaneLogs;

template <> struct LaneLogs<float> {
    Double low, high;
    explicit INLINE LaneLogs(const LaneSum<float>& sum) : low(log1p_for_float(sum.low * (1.0 / unit<float>))), high(log1p_for_float(sum.high * (1.0 / unit<float>))) {}
    INLINE Float rounded() const { return narrow(low, high); }
    INLINE Float plus_maximum(Float m) const { return narrow(low_half(m) + low, high_half(m) + high); }
    INLINE Float less(Float x, Float m) const { return narrow((low_half(x) - low_half(m)) - low, (high_half(x) - high_half(m)) - high); }
    INLINE Logarithm of_row(int i) const { return {broadcast(i < lanes<double> ? low[i] : high[i - lanes<double>]), Double{}}; }
};

template <> struct LaneLogs<double> {
    Logarithm parts;
    explicit INLINE LaneLogs(const LaneSum<double>& sum) : parts(log1p_parts(sum.sum * (1 / unit<double>), sum.lost * (1 / unit<double>))) {}
    INLINE Double rounded() const { return parts.high + parts.low; }
    INLINE Double plus_maximum(Double m) const { return plus(m, parts.high, parts.low); }
    INLINE Double less(Double x, Double m) const { return less_log(x, m, parts); }
    INLINE Logarithm of_row(int i) const { return {broadcast(parts.high[i]), broadcast(parts.low[i])}; }
};

// 1 / S in two parts, as in Inverse.
template <class T> struct LaneInverse;

template <> struct LaneInverse<float> {
    Float high, low;
    Double first, second;
    explicit INLINE LaneInverse(const LaneSum<float>& s) {
        if constexpr (fma_is_fused) {
            high = 1.0f / s.rounded();
            const Double a = low_half(high), b = high_half(high);
            low = narrow(a * fma(-a, s.low, broadcast(1.0)), b * fma(-b, s.high, broadcast(1.0)));
        } else {
            first = 1.0 / s.low;
            second = 1.0 / s.high;
        }
    }
    INLINE Float times(Float e) const {
        if constexpr (fma_is_fused) return fma(e, high, e * low);
        else return narrow(low_half(e) * first, high_half(e) * second);
    }
    INLINE Inverse<float> of_row(int i) const {
        if constexpr (fma_is_fused) return {broadcast(high[i]), broadcast(low[i]), Double{}};
        else return {Float{}, Float{}, broadcast(i < lanes<double> ? first[i] : second[i - lanes<double>])};
    }
};

template <> struct LaneInverse<double> {
    Double sum, high, low;
    explicit INLINE LaneInverse(const LaneSum<double>& s) : sum(s.sum + s.lost) {
        high = 1.0 / s.sum;
        low = high * (fma(-high, s.sum, broadcast(1.0)) - high * s.lost);
    }
    INLINE Double times(Double e) const {
        if constexpr (fma_is_fused) return fma(e, high, e * low);
        else return e / sum;
    }
    INLINE Inverse<double> of_row(int i) const { return {broadcast(high[i]), broadcast(low[i]), Double{}}; }
};

}  // namespace
