// Update rules over a run of the flat parameter vector.
#pragma once
#include "dispatch.hpp"
#include "vector.hpp"

namespace {

// Adam (Kingma and Ba 2015, the form of its section 2 that Keras uses: both bias corrections in the step size, epsilon
// beside the uncorrected root), with decoupled weight decay (Loshchilov and Hutter 2019).
void adam(const AdamStep& step, float* parameters, const float* gradient, float* mean, float* square, int64_t size) {
    constexpr int W = lanes<float>;
    const Float keep_mean = broadcast(step.beta1), new_mean = broadcast(1 - step.beta1);
    const Float keep_square = broadcast(step.beta2), new_square = broadcast(1 - step.beta2);
    const Float rate = broadcast(step.rate), epsilon = broadcast(step.epsilon), shrink = broadcast(1 - step.decay);
    for (int64_t i = 0; i < size; i += W) {
        const int count = size - i < W ? int(size - i) : W;
        auto get = [&](const float* from) INLINE_LAMBDA { return count == W ? load<float>(from + i) : load_first(from + i, count, 0.f); };
        auto put = [&](float* to, Float v) INLINE_LAMBDA { count == W ? store<float>(to + i, v) : store_first(to + i, v, count); };
        const Float g = get(gradient);
        const Float m = fma(get(mean), keep_mean, g * new_mean);
        const Float s = fma(get(square), keep_square, g * g * new_square);
        put(mean, m);
        put(square, s);
        put(parameters, get(parameters) * shrink - rate * m / (square_root(s) + epsilon));
    }
}

}  // namespace
