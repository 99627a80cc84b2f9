// Softmax cross-entropy of one row against a class index, with its gradient, in one pass after the maximum.
//
// loss = log S - (x_target - m); gradient_i = softmax_i - [i = target]. At the target the gradient is -(S - e_target) / S,
// summed without the cancellation of softmax - 1 where the target is the only maximum.
#pragma once
#include "softmax.hpp"

namespace {

template <class T> T cross_entropy_row(const T* x, int64_t target, int64_t n) {
    RowSum<T> row = sum_exponentials<T>(x, n, nullptr);
    if (row.finite()) return T(row.log_total() - (double(x[target]) - double(row.maximum)));
    T infinity = T(__builtin_huge_val()), hot = 0;
    for (int64_t i = 0; i < n; ++i) {
        if (x[i] != x[i]) return x[i];
        hot += x[i] == infinity;
    }
    return hot == 0 ? T(__builtin_nan("")) : x[target] == infinity ? T(__builtin_log(double(hot))) : infinity;
}

// `gradient` may be `x` itself.
template <class T> T cross_entropy_gradient_row(const T* x, int64_t target, T* gradient, int64_t n) {
    const T target_logit = x[target];
    T maximum = row_maximum(x, n);
    if (!(maximum - maximum == 0)) {
        T loss = cross_entropy_row(x, target, n);
        softmax_of_infinite(x, n, gradient, false);
        gradient[target] -= 1;
        return loss;
    }
    RowSum<T> row = sum_exponentials(x, n, gradient);
    const double total = row.total();
    const double others = target_logit == row.maximum ? (row.ties - 1) + (row.others + row.rest) : total - double(gradient[target]);
    normalise(gradient, n, row);
    gradient[target] = T(-others / total);
    return T(row.log_total() - (double(target_logit) - double(row.maximum)));
}

}  // namespace
