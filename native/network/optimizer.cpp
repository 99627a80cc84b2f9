#include "network/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/threads.hpp"
#include "dispatch/dispatch.hpp"

namespace normexp {
namespace {

double norm_of(const float* v, int64_t size) {
    double sum = 0;
    for (int64_t i = 0; i < size; ++i) sum += double(v[i]) * double(v[i]);
    return std::sqrt(sum);
}

void scale(float* v, int64_t size, double by) {
    for (int64_t i = 0; i < size; ++i) v[i] = float(double(v[i]) * by);
}

double nadam_momentum(double beta1, double step) { return beta1 * (1 - 0.5 * std::pow(0.96, step)); }

}  // namespace

Optimizer::Optimizer(const OptimizerOptions& options, const std::vector<Segment>& segments, OptimizerState& state, float* parameters, int64_t n_parameters,
                     const float* rates, int64_t n_rates, int threads)
    : options_(options), segments_(segments), state_(state), parameters_(parameters), n_parameters_(n_parameters), n_rates_(n_rates), first_step_(state.steps), rates_(rates),
      threads_(threads), gradient_(size_t(n_parameters)) {
    step_ = {.rule = options.rule, .rate = 0, .decay = 0, .epsilon = options.epsilon, .first = options.first, .second = options.second, .variant = options.variant};
    for (const Segment& s : segments) regularized_ |= s.l1 != 0 || s.l2 != 0;
    for (int64_t t = 1; options.rule == Rule::nadam && t <= state.steps; ++t) nadam_product_ *= nadam_momentum(double(options.first), double(t));
}

double Optimizer::penalty() const {
    double sum = 0;
    for (const Segment& s : segments_)
        for (int64_t i = s.first; (s.l1 != 0 || s.l2 != 0) && i < s.first + s.size; ++i)
            sum += double(s.l1) * std::abs(double(parameters_[i])) + double(s.l2) * double(parameters_[i]) * double(parameters_[i]);
    return sum;
}

void Optimizer::regularize() {
    for (const Segment& s : segments_)
        for (int64_t i = s.first; (s.l1 != 0 || s.l2 != 0) && i < s.first + s.size; ++i) {
            const float p = parameters_[i];
            gradient_[size_t(i)] += s.l1 * float((p > 0) - (p < 0)) + 2 * s.l2 * p;
        }
}

void Optimizer::clip() {
    if (options_.clip_norm > 0)
        for (const Segment& s : segments_) {
            float* const g = gradient_.data() + s.first;
            const double norm = norm_of(g, s.size);
            if (norm > double(options_.clip_norm)) scale(g, s.size, double(options_.clip_norm) / norm);
        }
    if (options_.global_clip_norm > 0) {
        double sum = 0;
        for (const Segment& s : segments_) {
            const double norm = norm_of(gradient_.data() + s.first, s.size);
            sum += norm * norm;
        }
        if (std::sqrt(sum) > double(options_.global_clip_norm))
            for (const Segment& s : segments_) scale(gradient_.data() + s.first, s.size, double(options_.global_clip_norm) / std::sqrt(sum));
    }
    if (options_.clip_value > 0)
        for (const Segment& s : segments_)
            for (int64_t i = s.first; i < s.first + s.size; ++i) gradient_[size_t(i)] = std::clamp(gradient_[size_t(i)], -options_.clip_value, options_.clip_value);
}

void Optimizer::step() {
    const float rate = rates_[std::min(state_.steps - first_step_, n_rates_ - 1)];
    const double t = double(++state_.steps), beta1 = double(options_.first), beta2 = double(options_.second);
    if (options_.rule == Rule::adam) step_.third = float(std::sqrt(1 - std::pow(beta2, t)) / (1 - std::pow(beta1, t)));
    if (options_.rule == Rule::nadam) {
        const double now = nadam_momentum(beta1, t), next = nadam_momentum(beta1, t + 1);
        nadam_product_ *= now;
        step_.third = float(next / (1 - nadam_product_ * next));
        step_.fourth = float((1 - now) / (1 - nadam_product_));
        step_.fifth = float(1 / (1 - std::pow(beta2, t)));
    }
    if (regularized_) regularize();
    clip();
    for (const Segment& s : segments_) update(s, rate);
    if (options_.average_momentum > 0) move_average();
    for (const Segment& s : segments_)
        if (s.largest_norm > 0) constrain(s);
}

void Optimizer::update(const Segment& s, float rate) {
    Step step = step_;
    step.rate = rate * s.learning_rate_factor;
    step.decay = step.rate * s.weight_decay;
    over_stretches(s.size, 10, threads_, [&](int64_t first, int64_t size) {
        const int64_t at = s.first + first;
        const auto part = [at](float* vector) { return vector ? vector + at : vector; };
        kernels().update(step, parameters_ + at, gradient_.data() + at, part(state_.a), part(state_.b), part(state_.c), size);
    });
}

void Optimizer::move_average() {
    if (state_.steps == 1) std::memcpy(state_.average, parameters_, size_t(n_parameters_) * sizeof(float));
    else kernels().moving_average(options_.average_momentum, parameters_, state_.average, n_parameters_);
    if (options_.average_every > 0 && state_.steps % options_.average_every == 0)
        for (const Segment& s : segments_) std::memcpy(parameters_ + s.first, state_.average + s.first, size_t(s.size) * sizeof(float));
}

// Columns (or rows) of a larger norm are scaled down to it.
void Optimizer::constrain(const Segment& s) {
    constexpr double epsilon = 1e-7;
    float* const p = parameters_ + s.first;
    const int64_t columns = std::abs(s.columns), groups = s.columns > 0 ? columns : s.size / columns, apart = s.columns > 0 ? columns : 1;
    for (int64_t group = 0; group < groups; ++group) {
        float* const first = s.columns > 0 ? p + group : p + group * columns;
        const int64_t end = s.size / groups * apart;
        double sum = 0;
        for (int64_t i = 0; i < end; i += apart) sum += double(first[i]) * double(first[i]);
        const double norm = std::sqrt(sum), factor = std::min(norm, double(s.largest_norm)) / (epsilon + norm);
        for (int64_t i = 0; i < end; i += apart) first[i] = float(double(first[i]) * factor);
    }
}

}  // namespace normexp
