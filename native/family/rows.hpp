// The family on runs of rows in any layout and storage type, and on single values: shared among the threads, handed to the kernels as contiguous rows.
#pragma once
#include <cstdint>

namespace normexp {

// Where rows lie: distances in bytes, from row to row and from entry to entry.
struct RowLayout {
    char* data;
    int64_t row, entry;
};

// One value a row, `step` bytes apart.
struct Column {
    char* data;
    int64_t step;
};

// `Stored` is float, double or uint16_t (IEEE half precision, computed in float). Outputs may lie exactly on their input.
template <class Stored> void softmax(RowLayout x, RowLayout out, int64_t rows, int64_t n);
template <class Stored> void log_softmax(RowLayout x, RowLayout out, int64_t rows, int64_t n);
template <class Stored> void logsumexp(RowLayout x, Column out, int64_t rows, int64_t n);

// T is float or double; the gradient's data may be null. Targets (int64) are trusted to be in [-1, n), -1 is ignored.
template <class T> void cross_entropy(RowLayout x, Column targets, Column scales, Column losses, RowLayout gradient, int64_t rows, int64_t n);
template <class T>
void weighted_cross_entropy(RowLayout x, RowLayout base, Column targets, Column hots, Column zs, Column scales, Column losses, RowLayout gradient, int64_t rows, int64_t n);

enum class Elementwise { exponential, sigmoid, log_sigmoid, softplus, logit };
template <class Stored> void elementwise(Elementwise function, Column x, Column out, int64_t n);

// The k largest entries of each of the contiguous rows, the largest first (a NaN counts as larger than all, of equals the first is first), and their softmax.
template <class T> void top_k(const T* x, int64_t rows, int64_t n, int64_t k, int64_t* places, T* probabilities);

}  // namespace normexp
