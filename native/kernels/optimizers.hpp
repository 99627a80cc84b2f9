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

// The run that a step changes: parameters, their gradient, and up to three vectors of the state.
struct Run {
    float* parameters;
    const float* gradient;
    float *a, *b, *c;
    int64_t size;
};

// The numbers of a step, in every lane; what a rule does not use costs nothing, since the rules are inlined.
struct StepFactors {
    Float rate, keep, first, second, less_first, less_second, third, fourth, fifth, epsilon;
    explicit INLINE StepFactors(const Step& s)
        : rate(broadcast(s.rate)), keep(broadcast(1 - s.decay)), first(broadcast(s.first)), second(broadcast(s.second)), less_first(broadcast(1 - s.first)),
          less_second(broadcast(1 - s.second)), third(broadcast(s.third)), fourth(broadcast(s.fourth)), fifth(broadcast(s.fifth)), epsilon(broadcast(s.epsilon)) {}
};

INLINE void sgd(const Step& s, const StepFactors& f, const Run& run) {
    over_run(run.size, [&](auto get, auto put) INLINE_LAMBDA {
        const Float p = get(run.parameters) * f.keep, down = -f.rate * get(run.gradient);
        if (s.first == 0) return put(run.parameters, p + down);
        const Float velocity = fma(get(run.a), f.first, down);
        put(run.a, velocity);
        put(run.parameters, s.variant ? p + fma(velocity, f.first, down) : p + velocity);
    });
}

INLINE void adam(const Step& s, const StepFactors& f, const Run& run) {
    over_run(run.size, [&](auto get, auto put) INLINE_LAMBDA {
        const Float g = get(run.gradient), mean = fma(get(run.a), f.first, g * f.less_first), square = fma(get(run.b), f.second, g * g * f.less_second);
        Float root = square;
        put(run.a, mean);
        put(run.b, square);
        if (s.variant) put(run.c, root = greater_of(get(run.c), square));
        put(run.parameters, get(run.parameters) * f.keep - f.rate * f.third * mean / (square_root(root) + f.epsilon));
    });
}

INLINE void rmsprop(const Step& s, const StepFactors& f, const Run& run) {
    over_run(run.size, [&](auto get, auto put) INLINE_LAMBDA {
        const Float g = get(run.gradient), square = fma(get(run.a), f.first, g * g * f.less_first);
        Float denominator = square + f.epsilon;
        put(run.a, square);
        if (s.variant) {
            const Float mean = fma(get(run.c), f.first, g * f.less_first);
            put(run.c, mean);
            denominator -= mean * mean;
        }
        Float down = f.rate * g / square_root(denominator);
        if (s.second > 0) put(run.b, down = fma(get(run.b), f.second, down));
        put(run.parameters, get(run.parameters) * f.keep - down);
    });
}

INLINE void adagrad(const StepFactors& f, const Run& run) {
    over_run(run.size, [&](auto get, auto put) INLINE_LAMBDA {
        const Float g = get(run.gradient), sum = fma(g, g, get(run.a));
        put(run.a, sum);
        put(run.parameters, get(run.parameters) * f.keep - f.rate * g / square_root(sum + f.epsilon));
    });
}

INLINE void nadam(const StepFactors& f, const Run& run) {
    over_run(run.size, [&](auto get, auto put) INLINE_LAMBDA {
        const Float g = get(run.gradient), mean = fma(get(run.a), f.first, g * f.less_first), square = fma(get(run.b), f.second, g * g * f.less_second);
        put(run.a, mean);
        put(run.b, square);
        put(run.parameters, get(run.parameters) * f.keep - f.rate * fma(mean, f.third, g * f.fourth) / (square_root(square * f.fifth) + f.epsilon));
    });
}

INLINE void lion(const StepFactors& f, const Run& run) {
    over_run(run.size, [&](auto get, auto put) INLINE_LAMBDA {
        const Float g = get(run.gradient), mean = get(run.a);
        put(run.parameters, get(run.parameters) * f.keep - f.rate * sign_of(fma(mean, f.first, g * f.less_first)));
        put(run.a, fma(mean, f.second, g * f.less_second));
    });
}

void update(const Step& s, float* parameters, const float* gradient, float* a, float* b, float* c, int64_t size) {
    const StepFactors factors(s);
    const Run run{parameters, gradient, a, b, c, size};
    switch (s.rule) {
        case Rule::sgd: return sgd(s, factors, run);
        case Rule::adam: return adam(s, factors, run);
        case Rule::rmsprop: return rmsprop(s, factors, run);
        case Rule::adagrad: return adagrad(factors, run);
        case Rule::nadam: return nadam(factors, run);
        case Rule::lion: return lion(factors, run);
    }
}

// average = momentum average + (1 - momentum) values
void moving_average(float momentum, const float* values, float* average, int64_t size) {
    const Float keep = broadcast(momentum), take = broadcast(1 - momentum);
    over_run(size, [&](auto get, auto put) INLINE_LAMBDA { put(average, fma(get(average), keep, get(values) * take)); });
}

}  // namespace
