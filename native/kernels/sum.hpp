// The sum of the vectors of a row with more precision than T: the lanes first, at the end one number and what it lost.
#pragma once
#include "base/lanes.hpp"

namespace {

template <class T> struct Sum;

template <> struct Sum<float> {  // double lanes
    Double low, high;
    INLINE void add(Float v) { low += low_half(v); high += high_half(v); }
    INLINE double total(double& rest) const {
        rest = 0;
        return over_lanes(low + high, [](Double a, Double b) INLINE_LAMBDA { return a + b; });
    }
};

template <> struct Sum<double> {  // TwoSum: the rounding error of every addition is kept
    Double sum, lost;
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

}  // namespace
