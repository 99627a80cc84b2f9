// One step of training over the flat parameter vector: regularizers, clipping, weight decay, update rule, moving average, constraints, in Keras's order.
#pragma once
#include <cstdint>
#include <vector>

#include "base/floats.hpp"
#include "base/operands.hpp"

namespace normexp {

struct Segment {  // a run of parameters that are updated alike; a single variable where clipping or a constraint needs one
    int64_t first, size;
    float learning_rate_factor, weight_decay, l1, l2;
    float largest_norm;  // of each column, or of each row where `columns` is negative; 0: any
    int64_t columns;
};

struct OptimizerOptions {
    Rule rule;
    float first, second, epsilon;  // see Step
    bool variant;
    float clip_norm, clip_value, global_clip_norm;  // 0: none
    float average_momentum;                         // of the moving average of the parameters; 0: none
    int64_t average_every;                          // steps after which the parameters become their average; 0: never
};

struct OptimizerState {  // kept by the caller, so that a fit can be continued; null where the rule needs none
    float *a, *b, *c, *average;
    int64_t steps;
};

class Optimizer {
public:
    // rates: the learning rate of each step from now on, the last one for all that follow; read anew at every step.
    Optimizer(const OptimizerOptions&, const std::vector<Segment>&, OptimizerState&, float* parameters, int64_t n_parameters, const float* rates, int64_t n_rates, int threads);

    float* parameters() const { return parameters_; }
    int64_t n_parameters() const { return n_parameters_; }
    int64_t steps() const { return state_.steps; }
    float* gradient() { return gradient_.data(); }
    double penalty() const;  // of the regularizers, at the parameters as they are
    void step();

private:
    void regularize();
    void clip();
    void update(const Segment&, float rate);
    void constrain(const Segment&);
    void move_average();

    const OptimizerOptions options_;
    const std::vector<Segment>& segments_;
    OptimizerState& state_;
    float* const parameters_;
    const int64_t n_parameters_, n_rates_, first_step_;
    const float* const rates_;
    const int threads_;
    Floats gradient_;
    Step step_{};
    double nadam_product_ = 1;
    bool regularized_ = false;
};

}  // namespace normexp
