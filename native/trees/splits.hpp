// The split of a level: histograms of quantised gradients, and the question that lowers the loss most.
#pragma once
#include <cstdint>
#include <vector>

#include "trees/forest.hpp"

namespace normexp {

// What a split is judged by, a row: numbers of a few directions of its gradient, then its hessian, as integers whose sums over all rows fit into 32 bits: they are exact, and do
// not depend on an order.
struct Quantised {
    int width;  // 2, 4 or 8, the last of them the hessian
    std::vector<int32_t> values;
    float gradient_unit = 0, hessian_unit = 0;  // what an integer stands for
};

struct Search {
    const Bins& bins;
    const Quantised& rows;
    const std::vector<uint8_t>& leaves;  // of each row
    int n_leaves;
    const std::vector<int32_t>& features;  // to be looked at
    float l2;
    int threads;
};

struct Found {
    Split split;
    float gain = 0;  // above no split
};

// The best split of all leaves alike; the first of equal ones.
Found best_split(const Search&);

}  // namespace normexp
