// A whole fit of a forest in one call: a tree a round, stopped where the loss of held-out rows gets no better. All trees are kept, with the number of the best round.
//
// Memory: the bins of both parts, 8 bytes a row and class for scores and probabilities, 9 to 33 a row; histograms of all features where rows are many. The same seed gives
// the same bits on any number of threads, unless a time limit or the monitor ends the fit.
#pragma once
#include <cstdint>
#include <vector>

#include "trees/forest.hpp"

namespace normexp {

struct Part {
    Bins bins;
    const int32_t* targets;
    const float* weights;  // null: all 1
};

struct BoostOptions {
    int rounds, patience;  // patience: rounds without a better loss of the held-out rows; 0 never stops early
    int depth, directions;  // of gradients that splits are judged by: 3 or 7
    float learning_rate, l2, most_step;
    float row_share, feature_share;  // that a tree is grown on
    uint64_t seed;
    double time_limit;  // seconds; 0 is none
    int threads;
};

struct Boosted {
    Forest forest;
    std::vector<float> base;            // logits before the first tree
    std::vector<double> losses, held_losses;  // mean log loss after each round
    std::vector<float> gains;           // of each split, in halved squares of gradients over hessians
    int best_round = -1;                // after which the held rows' loss, or without them the training rows', was least
    bool timed_out = false, stopped_early = false, stopped = false;
};

struct Watcher {
    virtual bool stop(int round) = 0;  // asked every 50 ms or so; true ends the fit
    virtual ~Watcher() = default;
};

// `n_classes` of at least 2; two classes have one number a leaf, the logit of the second class above the first.
Boosted boost(const Part& training, const Part& held, int n_classes, const BoostOptions&, Watcher&);

}  // namespace normexp
