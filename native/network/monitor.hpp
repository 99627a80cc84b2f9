// What a fit reports while it runs, and what may stop it.
#pragma once
#include <cstdint>

namespace normexp {

// Sums over the rows of a part: weight x loss, weights, weight x correct, correct, rows; penalty: of the regularizers, times rows.
struct Sums { double loss = 0, weight = 0, correct = 0, hits = 0, rows = 0, penalty = 0; };

struct Epoch { Sums training, validation; };

enum class Stop : int { epochs, patience, time_limit, monitor };

struct Monitor {  // both return true to stop the fit
    virtual bool poll(int64_t epoch, int64_t rows_done, const Sums&) = 0;  // at least every 100 ms
    virtual bool epoch_end(int64_t epoch, const Epoch&) = 0;
    virtual ~Monitor() = default;
};

}  // namespace normexp
