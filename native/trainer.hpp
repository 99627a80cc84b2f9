// A whole fit of a network in one call: shuffled mini-batches, optimizer, validation, best epoch, early stopping.
//
// Memory: the data, one batch of activations, and five vectors of the parameters' size (gradient, mean, square, best,
// transposed weights) beside the parameters. Nothing is allocated in a step. The same seed gives the same bits on any
// number of threads, unless a time limit or the monitor ends the fit.
#pragma once
#include <chrono>
#include <vector>

#include "layers.hpp"

namespace normexp {

// Rows of one float matrix, chosen by index.
struct Rows {
    const float* features;  // row-major
    const int32_t* targets;
    const float* weights;  // by matrix row, or null
    std::vector<int64_t> index;
};

struct Segment {  // a run of parameters that are updated alike
    int64_t first, size;
    float learning_rate_factor, weight_decay;
};

struct FitOptions {
    int64_t epochs, batch_size, patience;  // patience: epochs without a better validation loss; 0 never stops early
    float learning_rate, beta1, beta2, epsilon;
    uint64_t seed;
    int64_t first_epoch;  // numbers the shuffles, so that a continued fit goes on and does not repeat
    double time_limit;    // seconds; 0 is none
    bool shuffle, restore_best;
    int threads;
};

struct OptimizerState {  // kept by the caller, so that a fit can be continued
    float* mean;
    float* square;
    int64_t steps;
};

struct Epoch { double loss, accuracy, validation_loss, validation_accuracy; };  // validation: NaN without validation rows

enum class Stop : int { epochs, patience, time_limit, monitor };

struct Result {
    std::vector<Epoch> epochs;
    int64_t best_epoch = -1;
    Stop stop = Stop::epochs;
};

struct Monitor {  // both return true to stop the fit
    virtual bool poll(int64_t epoch, int64_t rows_done) = 0;  // at least every 100 ms
    virtual bool epoch_end(int64_t epoch, const Epoch&) = 0;
    virtual ~Monitor() = default;
};

Result fit(const std::vector<DenseLayer>&, float* parameters, int64_t n_parameters, const std::vector<Segment>&, const Rows& training,
           const Rows& validation, const FitOptions&, OptimizerState&, Monitor&);

// Logits of all rows; the bits of a row do not depend on its neighbours or on the threads.
void predict(const std::vector<DenseLayer>&, const float* parameters, const float* features, int64_t rows, float* logits, int threads);

}  // namespace normexp
