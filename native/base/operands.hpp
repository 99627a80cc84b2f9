// What the kernels of networks and trees take: plain structures, shared by all instruction sets.
#pragma once
#include <cstdint>

enum class Activation : int { linear, relu, rectifier, elu, selu, gelu, gelu_tanh, silu, mish, tanh, sigmoid, hard_sigmoid, softplus, softsign, exponential };

// What an activation needs besides its name. rectifier: negative slope, upper bound, threshold; elu: alpha.
struct ActivationOptions { float first = 0, second = 0, third = 0; };

// C = epilogue(A B + bias): see matrix.hpp. Strides are counted in floats.
struct Product {
    const float* a;
    int64_t a_row, a_column;
    const float* b;
    int64_t b_row, b_column;  // one of them is 1
    float* c;
    int64_t c_row;
    int64_t rows, columns, depth;
    const float* bias = nullptr;  // what an entry starts from
    int64_t bias_row = 0;
    Activation activation = Activation::linear;  // linear or relu
    const float* gate = nullptr;                 // laid out as C; an entry is kept where the gate is positive
    float* sums = nullptr;                       // of the columns of B, if wanted
};

enum class Rule : int { sgd, adam, rmsprop, adagrad, nadam, lion };

// One step of an optimizer over a run of parameters: see optimizers.hpp. `rate` is the learning rate, `decay` the share of the parameters taken off.
// sgd: first is the momentum, variant nesterov; adam: beta1, beta2, bias correction, amsgrad; rmsprop: rho, momentum, centered; lion: beta1, beta2.
struct Step {
    Rule rule;
    float rate, decay, epsilon;
    float first = 0, second = 0, third = 0, fourth = 0, fifth = 0;
    bool variant = false;
};

// A matrix of `rows` x `columns` floats and what normalising it needs; see normalization.hpp.
struct Normalization {
    const float* x;
    float* y;
    int64_t rows, columns;
    const float *scale, *shift;  // gamma and beta, or null
    float* mean;
    float* inverse;  // 1 / standard deviation
    float epsilon;
};

struct NormalizationGradient {
    float* deltas;        // in: of y, out: of x
    float *scale, *shift; // gradients of gamma and beta, or null
    bool wanted_below;    // are the deltas of x wanted?
};

// A leaf's histogram of a feature: `width` integers a bin, the last of them a hessian, the others gradients; `units` are what an integer stands for. See split_gains.hpp.
struct LeafHistogram {
    const int32_t* cells;
    int width, first_bin, n_bins;  // bins before the first are on no side below
    float gradient_unit, hessian_unit, l2;
};

struct RandomStream { uint64_t seed, stream; };  // numbered draws, the same on any thread
