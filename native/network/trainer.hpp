// A whole fit of a network in one call: shuffled mini-batches, optimizer, validation, best epoch, early stopping.
//
// Memory: the data, one batch of activations, and vectors of the parameters' size: gradient, the optimizer's state (up to three), best
// epoch. Nothing is allocated in a step. The same seed gives the same bits on any number of threads, unless a time limit or the monitor ends the fit.
#pragma once
#include <vector>

#include "network/layer.hpp"
#include "network/loss.hpp"
#include "network/monitor.hpp"
#include "network/optimizer.hpp"
#include "network/rows.hpp"

namespace normexp {

struct FitOptions {
    int64_t epochs, batch_size, patience;  // patience: epochs without a better validation loss; 0 never stops early
    uint64_t seed;
    int64_t first_epoch;  // numbers the shuffles, so that a continued fit goes on and does not repeat
    double time_limit;    // seconds; 0 is none
    bool shuffle, restore_best;
    int threads;
};

struct Result {
    std::vector<Epoch> epochs;
    int64_t best_epoch = -1;
    Stop stop = Stop::epochs;
};

Result fit(const std::vector<Layer>&, const Loss&, Optimizer&, const Rows& training, const Rows& validation, const FitOptions&, Monitor&);

// Losses of all rows, nothing learnt.
Sums evaluate(const std::vector<Layer>&, const Loss&, float* parameters, const Rows&, int threads, Monitor&);

}  // namespace normexp
