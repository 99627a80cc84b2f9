// Logits of rows by a forest.
#pragma once
#include <cstdint>

namespace normexp {

// A forest as a model holds it: `n_trees` times `depth` questions: is the feature's value above the threshold (of minus infinity: is there one)? `missing` is what a row without a value says; a feature of -1
// is no question, and every row says no.
struct Questions {
    int n_trees, depth, n_outputs;
    const int32_t* features;
    const double* thresholds;
    const bool* missing;
    const float* leaves;
    const float* base;
    const int32_t* chosen;  // the trees that are asked, n_chosen of them; null: all
    int n_chosen;
};

// A matrix in any layout; distances in entries.
template <class T> struct Values {
    const T* first;
    int64_t row, column;
};

// Writes base + the leaves' sum, in float64 by the order of the trees, as float32 of shape (n_rows, n_outputs).
template <class T> void forest_logits(const Questions&, Values<T> matrix, int64_t n_rows, float* out, int threads);

}  // namespace normexp
