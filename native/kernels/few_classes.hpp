// Rows of few classes: one lane a row, so a batch of 4-class rows runs at full width. A row's bits do not depend on its lane.
//
// W rows are transposed in registers into n vectors of one class each. Rows with an infinite maximum take a side path on the way in:
// +inf becomes 0 and everything else -inf (so the share of the ties comes out), a row of -inf alone becomes NaN.
#pragma once
#include "kernels/lane_sums.hpp"
#include "kernels/log_softmax.hpp"

namespace {

constexpr int few_classes = 16;

template <class T, int n, int first = 0> INLINE void load_columns(const T* x, int64_t x_row, Vector<T>* columns) {
    constexpr int W = lanes<T>, count = n - first < W ? n - first : W;
    Vector<T> v[W];
    for (int i = 0; i < W; ++i) v[i] = load_exactly<count>(x + i * x_row + first);
    transpose_lanes(v);
    for (int k = 0; k < count; ++k) columns[first + k] = v[k];
    if constexpr (first + W < n) load_columns<T, n, first + W>(x, x_row, columns);
}

template <class T, int n, int first = 0> INLINE void store_columns(T* out, int64_t out_row, const Vector<T>* columns) {
    constexpr int W = lanes<T>, count = n - first < W ? n - first : W;
    Vector<T> v[W]{};
    for (int k = 0; k < count; ++k) v[k] = columns[first + k];
    transpose_lanes_back(v);
    for (int i = 0; i < W; ++i) store_exactly<count>(out + i * out_row + first, v[i]);
    if constexpr (first + W < n) store_columns<T, n, first + W>(out, out_row, columns);
}

template <class T, int n> INLINE Vector<T> finite_maximum(Vector<T>* x) {
    Vector<T> m = x[0] == x[0] ? x[0] : broadcast(T(-infinity));
    for (int k = 1; k < n; ++k) m = greater_of(m, x[k]);
    const Integers<T> infinite = (m - m) != Vector<T>{};
    if (any_lane<T>(infinite)) [[unlikely]] {
        const Vector<T> at_top = m > Vector<T>{} ? Vector<T>{} : broadcast(T(__builtin_nan("")));
        for (int k = 0; k < n; ++k) {
            const Vector<T> replaced = x[k] == m ? at_top : x[k] == x[k] ? broadcast(T(-infinity)) : x[k];
            x[k] = infinite ? replaced : x[k];
        }
        m = infinite ? Vector<T>{} : m;
    }
    return m;
}

// n vectors of logits become probabilities.
template <class T, int n> INLINE void softmax_in_lanes(Vector<T>* e) {
    const Vector<T> m = finite_maximum<T, n>(e);
    LaneSum<T> sum;
    Vector<T> lost{};
    for (int k = 0; k < n; ++k) {
        const Pair<T> pair = exp_of_difference<T>(e[k], m);
        sum.add(e[k] = pair.big);
        lost += pair.small;
    }
    if constexpr (sums_need_losses) sum.add(lost);
    const LaneInverse<T> inverse(sum);
    for (int k = 0; k < n; ++k) e[k] = inverse.times(e[k]);
}

template <class T, int n> void softmax_of_lanes(const T* x, int64_t x_row, T* out, int64_t out_row) {
    Vector<T> e[n];
    load_columns<T, n>(x, x_row, e);
    softmax_in_lanes<T, n>(e);
    store_columns<T, n>(out, out_row, e);
}

// S - 1: the sum without one of the maxima.
template <class T, int n> INLINE LaneSum<T> exact_sum_less_one(const Vector<T>* x, Vector<T> m) {
    LaneSum<T> others;
    Vector<T> ties = broadcast(-unit<T>), small{};
    for (int k = 0; k < n; ++k) {
        const Integers<T> apart = x[k] != m;
        const Pair<T> e = exp_pair_of_difference<T>(x[k], m);
        ties += apart ? Vector<T>{} : broadcast(unit<T>);
        others.add(apart ? e.big : Vector<T>{});
        small += apart ? e.small : Vector<T>{};
    }
    others.add(ties);
    others.add(small);
    return others;
}

template <class T, int n> void log_softmax_of_lanes(const T* x, int64_t x_row, T* out, int64_t out_row) {
    Vector<T> v[n];
    load_columns<T, n>(x, x_row, v);
    const Vector<T> m = finite_maximum<T, n>(v);
    const LaneLogs<T> logarithms(exact_sum_less_one<T, n>(v, m));
    for (int k = 0; k < n; ++k) v[k] = logarithms.less(v[k], m);
    store_columns<T, n>(out, out_row, v);
}

template <class T, int n> void logsumexp_of_lanes(const T* x, int64_t x_row, T* out) {
    Vector<T> v[n], greatest = broadcast(T(-infinity));
    load_columns<T, n>(x, x_row, v);
    for (int k = 0; k < n; ++k) greatest = greater_of(greatest, v[k]);
    const Vector<T> m = finite_maximum<T, n>(v);
    store<T>(out, LaneLogs<T>(exact_sum_less_one<T, n>(v, m)).plus_maximum(m));
    for (int i = 0; i < lanes<T>; ++i)
        if (!is_finite(greatest[i])) out[i] = logsumexp_of(RowSum{double(greatest[i])}, x + i * x_row, n);
}

// See cross_entropy_row; W targets, scales and losses. All is read before the gradient, which may be x, is written.
template <class T, int n> void cross_entropy_of_lanes(const T* x, int64_t x_row, const int64_t* targets, const T* scales, T* losses, T* gradient, int64_t gradient_row) {
    Vector<T> v[n];
    load_columns<T, n>(x, x_row, v);
    Integers<T> target;
    for (int i = 0; i < lanes<T>; ++i) target[i] = (int)targets[i];
    const Vector<T> scale = load<T>(scales), m = finite_maximum<T, n>(v);
    LaneSum<T> others;  // than the target
    Vector<T> target_logit{}, target_e{};
    for (int k = 0; k < n; ++k) {
        const Integers<T> here = target == k;
        const Vector<T> e = exp_of_difference<T>(v[k], m).big;
        target_logit = here ? v[k] : target_logit;
        target_e = here ? e : target_e;
        others.add(here ? Vector<T>{} : e);
        v[k] = e;
    }
    const Vector<T> without_target = others.rounded();
    LaneSum<T> less_one = others;  // S - 1: what the target adds and 1 cancel where the target is the maximum
    less_one.add(target_e - unit<T>);
    const Vector<T> loss = (LaneLogs<T>(less_one).rounded() + (m - target_logit)) * scale;
    store<T>(losses, target < 0 ? Vector<T>{} : loss);
    if (!gradient) return;
    others.add(target_e);
    const LaneInverse<T> inverse(others);
    const Vector<T> at_target = -inverse.times(without_target);
    for (int k = 0; k < n; ++k) {
        const Vector<T> slope = (target == k ? at_target : inverse.times(v[k])) * scale;
        v[k] = target < 0 ? Vector<T>{} : slope;
    }
    store_columns<T, n>(gradient, gradient_row, v);
}

// Calls of<n> for the n at hand.
template <int n, class F> INLINE void with_classes(int64_t wanted, const F& of) {
    if constexpr (n > 0) {
        if (wanted == n) of.template operator()<n>();
        else with_classes<n - 1>(wanted, of);
    }
}

}  // namespace
