// What the leaves of a tree say: a Newton step a leaf and class.
#pragma once
#include <cstdint>
#include <vector>

namespace normexp {

struct LeafOptions {
    float learning_rate, l2, most;  // most: of a step, before the learning rate
};

// Of rows' gradients and hessians, (n_rows, n_outputs) each: -learning_rate x sum of gradients / (sum of hessians + l2), bounded; shape (n_leaves, n_outputs). Sums in float64, by blocks
// of rows whose bounds do not depend on the threads.
void leaf_values(const std::vector<uint8_t>& leaf_of_row, int n_leaves, const float* gradients, const float* hessians, int n_outputs, const LeafOptions&, int threads, float* out);

}  // namespace normexp
