// A whole fit of a network in one call: shuffled mini-batches, optimizer, validation, best epoch, early stopping.
//
// Memory: the data, one batch of activations, and vectors of the parameters' size: gradient, the optimizer's state (up to three), best
// epoch. Nothing is allocated in a step. The same seed gives the same bits on any number of threads, unless a time limit or the monitor ends the fit.
#pragma once
#include <chrono>
#include <vector>

#include "network/layers.hpp"
#include "network/losses.hpp"
#include "network/optimizer.hpp"

namespace normexp {

// Rows of one float matrix, chosen by index.
struct Rows {
    const float* features;   // row-major
    const int32_t* classes;  // by matrix row; or null
    const float* dense;      // by matrix row, a number for each output; or null
    const float* weights;    // by matrix row, or null
    std::vector<int64_t> index;
    float* outputs;          // by matrix row: where to keep the outputs that the last epoch saw, or null
};

struct FitOptions {
    int64_t epochs, batch_size, patience;  // patience: epochs without a better validation loss; 0 never stops early
    uint64_t seed;
    int64_t first_epoch;  // numbers the shuffles, so that a continued fit goes on and does not repeat
    double time_limit;    // seconds; 0 is none
    bool shuffle, restore_best;
    int threads;
};

// Sums over the rows of a part: weight x loss, weights, weight x correct, correct, rows; penalty: of the regularizers, times rows.
struct Sums { double loss = 0, weight = 0, correct = 0, hits = 0, rows = 0, penalty = 0; };

struct Epoch { Sums training, validation; };

enum class Stop : int { epochs, patience, time_limit, monitor };

struct Result {
    std::vector<Epoch> epochs;
    int64_t best_epoch = -1;
    Stop stop = Stop::epochs;
};

struct Monitor {  // both return true to stop the fit
    virtual bool poll(int64_t epoch, int64_t rows_done, const Sums&) = 0;  // at least every 100 ms
    virtual bool epoch_end(int64_t epoch, const Epoch&) = 0;
    virtual ~Monitor() = default;
};

Result fit(const std::vector<Layer>&, const Loss&, Optimizer&, const Rows& training, const Rows& validation, const FitOptions&, Monitor&);

// Losses of all rows, nothing learnt.
Sums evaluate(const std::vector<Layer>&, const Loss&, float* parameters, const Rows&, int threads, Monitor&);

// Outputs of all rows; the bits of a row do not depend on its neighbours or on the threads.
void predict(const std::vector<Layer>&, const float* parameters, const float* features, int64_t rows, float* outputs, int threads);

}  // namespace normexp
