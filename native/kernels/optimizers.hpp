// Update rules over a run of the flat parameter vector, in the form that Keras gives them. The state is up to three vectors beside the parameters.
//
// adam (Kingma and Ba 2015, section 2: both bias corrections in the step size, epsilon beside the uncorrected root), with decoupled weight decay
// (Loshchilov and Hutter 2019); amsgrad keeps the largest mean square. rmsprop: Hinton's, centered by the mean gradient. lion: Chen et al. 2023.
// nadam (Dozat 2016): `first` and `second` are beta1 and beta2, `third` and `fourth` weigh mean and gradient, `fifth` corrects the mean square.
#pragma once
#include "base/first_lanes.hpp"
#include "base/operands.hpp"

namespace {

// Calls step(load, store): vectors at one place of any vector of the run.
template <class F> INLINE void over_run(int64_t size, const F& step) {
    constexpr int W = lanes<float>;
    int64_t i = 0;
    for (; i + W <= size; i += W)
        step([i](const float* from) INLINE_LAMBDA { return load<float>(from + i); }, [i](float* to, Float v) INLINE_LAMBDA { store<float>(to + i, v); });
    const int count = int(size - i);
    if (count > 0)
        step([i, count](const float* from) INLINE_LAMBDA { return load_first(from + i, count, 0.f); },
             [i, count](float* to, Float v) INLINE_LAMBDA { store_first(to + i, v, count); });
}

INLINE Float sign_of(Float v) { return v > Float{} ? broadcast(1.0f) : v < Float{} ? broadcast(-1.0f) : Float{}; }

void update(const Step& s, float* parameters, const float* gradient, float* a, float* b, float* c, int64_t size) {
    const Float rate = broadcast(s.rate), keep = broadcast(1 - s.decay), first = broadcast(s.first), second = broadcast(s.second), epsilon = broadcast(s.epsilon);
    const Float less_first = broadcast(1 - s.first), less_second = broadcast(1 - s.second), third = broadcast(s.third), fourth = broadcast(s.fourth);
    switch (s.rule) {
        case Rule::sgd:
            return over_run(size, [&](auto get, auto put) INLINE_LAMBDA {
                const Float p = get(parameters) * keep, down = -rate * get(gradient);
                if (s.first == 0) return put(parameters, p + down);
                const Float velocity = fma(get(a), first, down);
                put(a, velocity);
                put(parameters, s.variant ? p + fma(velocity, first, down) : p + velocity);
            });
        case Rule::adam:
            return over_run(size, [&](auto get, auto put) INLINE_LAMBDA {
                const Float g = get(gradient), mean = fma(get(a), first, g * less_first), square = fma(get(b), second, g * g * less_second);
                Float root = square;
                put(a, mean);
                put(b, square);
                if (s.variant) put(c, root = greater_of(get(c), square));
                put(parameters, get(parameters) * keep - rate * third * mean / (square_root(root) + epsilon));
            });
        case Rule::rmsprop:
            return over_run(size, [&](auto get, auto put) INLINE_LAMBDA {
                const Float g = get(gradient), square = fma(get(a), first, g * g * less_first);
                Float denominator = square + epsilon;
                put(a, square);
                if (s.variant) {
                    const Float mean = fma(get(c), first, g * less_first);
                    put(c, mean);
                    denominator -= mean * mean;
                }
                Float down = rate * g / square_root(denominator);
                if (s.second > 0) put(b, down = fma(get(b), second, down));
                put(parameters, get(parameters) * keep - down);
            });
        case Rule::adagrad:
            return over_run(size, [&](auto get, auto put) INLINE_LAMBDA {
                const Float g = get(gradient), sum = fma(g, g, get(a));
                put(a, sum);
                put(parameters, get(parameters) * keep - rate * g / square_root(sum + epsilon));
            });
        case Rule::nadam:
            return over_run(size, [&](auto get, auto put) INLINE_LAMBDA {
                const Float g = get(gradient), mean = fma(get(a), first, g * less_first), square = fma(get(b), second, g * g * less_second);
                put(a, mean);
                put(b, square);
                put(parameters, get(parameters) * keep - rate * fma(mean, third, g * fourth) / (square_root(square * s.fifth) + epsilon));
            });
        case Rule::lion:
            return over_run(size, [&](auto get, auto put) INLINE_LAMBDA {
                const Float g = get(gradient), mean = get(a);
                put(parameters, get(parameters) * keep - rate * sign_of(fma(mean, first, g * less_first)));
                put(a, fma(mean, second, g * less_second));
            });
    }
}

// average = momentum average + (1 - momentum) values
void moving_average(float momentum, const float* values, float* average, int64_t size) {
    const Float keep = broadcast(momentum), take = broadcast(1 - momentum);
    over_run(size, [&](auto get, auto put) INLINE_LAMBDA { put(average, fma(get(average), keep, get(values) * take)); });
}

}  // namespace
