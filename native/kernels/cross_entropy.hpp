// Softmax cross-entropy of one row, times `scale`, with its gradient, in one pass over the logits after the maximum.
//
// Against a class index: loss = log S - (x_target - m); gradient_i = softmax_i - [i = target]. At the target the gradient is
// -(S - e_target) / S, summed without the cancellation of softmax - 1. Against any weights q of the classes:
// loss = sum q_i (log S - (x_i - m)) + z lse^2, gradient_i = softmax_i (sum q + 2 z lse) - q_i, lse = m + log S, and 0 x infinity = 0.
// A target of -1 is ignored: exactly 0. The gradient may be x itself, or null.
#pragma once
#include "kernels/log_softmax.hpp"

namespace {

template <class T> INLINE T nothing_learned(T* gradient, int64_t n) {
    for (int64_t i = 0; gradient && i < n; ++i) gradient[i] = 0;
    return 0;
}

// Rows with an infinite maximum: the losses are NaN (no +inf), log(ties) or infinity.
template <class T> T loss_of_infinite(const T* x, int64_t n, T target_logit) {
    int64_t hot = 0;
    for (int64_t i = 0; i < n; ++i) {
        if (x[i] != x[i]) return x[i];
        hot += x[i] == T(infinity);
    }
    return hot == 0 ? T(__builtin_nan("")) : target_logit == T(infinity) ? T(__builtin_log(double(hot))) : T(infinity);
}

template <class T> T cross_entropy_row(const T* x, int64_t target, T scale, T* gradient, int64_t n) {
    if (target < 0) return nothing_learned(gradient, n);
    const T target_logit = x[target];
    const RowSum row = sum_of_row<true>(x, n, gradient);
    if (!is_finite(row.maximum)) {
        const T loss = loss_of_infinite(x, n, target_logit) * scale;
        if (gradient) {
            softmax_of_infinite(x, n, gradient, false);
            gradient[target] -= 1;
            for (int64_t i = 0; i < n; ++i) gradient[i] *= scale;
        }
        return loss;
    }
    if (gradient) {
        const double total = row.ties * row.top + (row.others + row.rest), scaled_total = double(scale) / total;
        const double others = target_logit == T(row.maximum) ? (row.ties - 1) * row.top + (row.others + row.rest) : total - double(gradient[target]);
        multiply_row(gradient, n, inverse_of<T>(row), scale);
        gradient[target] = T(-others * scaled_total);
    }
    return T((log_total(row) - (double(target_logit) - row.maximum)) * double(scale));
}

// Weights of the classes: q_i = base_i + hot [i = target]; `base` may be null.
template <class T> struct ClassWeights {
    const T* base;
    T hot;
    int64_t target;
    INLINE double at(int64_t i) const { return (base ? double(base[i]) : 0) + (i == target ? double(hot) : 0); }
};

template <class T> T weighted_cross_entropy_row(const T* x, const ClassWeights<T>& weights, T z, T scale, T* gradient, int64_t n) {
    if (weights.target < 0) return nothing_learned(gradient, n);
    const double m = double(row_maximum(x, n));
    const bool finite = is_finite(m);
    double weight = 0, distance = 0;  // of the logits from the maximum, weighted
    for (int64_t i = 0; i < n; ++i) {
        const double q = weights.at(i);
        weight += q;
        if (q != 0) distance += q * (finite ? m - double(x[i]) : x[i] == T(infinity) ? 0 : infinity);
    }
    const T infinite_loss = finite ? T(0) : loss_of_infinite(x, n, T(infinity));
    const RowSum row = sum_of_row<true>(x, n, gradient);
    const double logarithm = finite ? log_total(row) : double(infinite_loss), lse = m + logarithm, slope = weight + 2 * double(z) * lse;
    if (gradient) {
        if (finite) multiply_row(gradient, n, inverse_of<T>(row));
        else softmax_of_infinite(x, n, gradient, false);
        for (int64_t i = 0; i < n; ++i) {
            const double p = double(gradient[i]);
            gradient[i] = T(double(scale) * ((p == 0 ? 0 : p * (z == 0 ? weight : slope)) - weights.at(i)));
        }
    }
    return T(double(scale) * (weight * logarithm + distance + (z == 0 ? 0 : double(z) * lse * lse)));
}

}  // namespace
