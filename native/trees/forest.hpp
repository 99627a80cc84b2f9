// A symmetric tree asks the same question of every row on a level: is the feature's bin above a bin? The answers are the digits of a leaf's number, the first question's the lowest.
#pragma once
#include <cstdint>
#include <vector>

namespace normexp {

constexpr int most_depth = 8, most_bins = 256;  // with the bin of missing values

struct Split {
    int32_t feature = -1;  // none: every row says no
    uint8_t bin = 0;       // a row of a greater bin says yes
    bool missing = false;  // what a row without a value says; its bin is 0
};

inline bool answer(const Split& split, uint8_t bin) { return bin ? bin > split.bin : split.missing; }

// Trees of `depth` splits and 2^depth leaves of `n_outputs` numbers, one after the other.
struct Forest {
    int depth, n_outputs;
    std::vector<Split> splits;
    std::vector<float> leaves;
};

// Rows by features: the bins of a feature lie side by side, `n_rows` of them; bin 0 is a missing value.
struct Bins {
    const uint8_t* first;
    int64_t n_rows;
    int n_features;
    const int32_t* n_bins;  // of each feature, with that of missing values

    const uint8_t* of(int64_t feature) const { return first + feature * n_rows; }
};

}  // namespace normexp
