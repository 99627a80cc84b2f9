// Room: dispatch - the table of kernels: kernels fill it, hosts call it, neither knows the other. May include: base.
//
// The table of kernels: one is compiled per instruction set, the processor's best is chosen at import.
// NORMEXP_ISA (baseline, v3, v4) overrides the choice.
#pragma once
#include <cstdint>

#include "base/operands.hpp"
#include "base/row_sum.hpp"

// Rows of n >= 1 contiguous entries, `*_row` entries apart; `out` and `gradient` may be `x`.
template <class T> struct RowKernels {
    using Map = void(const T* x, int64_t x_row, T* out, int64_t out_row, int64_t rows, int64_t n);
    Map *softmax, *log_softmax;
    void (*logsumexp)(const T* x, int64_t x_row, T* out, int64_t rows, int64_t n);
    // targets, scales, losses: one a row; see cross_entropy.hpp
    void (*cross_entropy)(const T* x, int64_t x_row, const int64_t* targets, const T* scales, T* losses, T* gradient, int64_t gradient_row, int64_t rows, int64_t n);
    void (*weighted_cross_entropy)(const T* x, int64_t x_row, const T* base, int64_t base_row, const int64_t* targets, const T* hots, const T* zs, const T* scales,
                                   T* losses, T* gradient, int64_t gradient_row, int64_t rows, int64_t n);
    int64_t long_row;  // rows of more entries are summed in blocks
    // One long row in blocks: the maximum of any part, the sums of blocks, the result of any part.
    T (*maximum)(const T* x, int64_t n);
    RowSum (*empty_sum)(T maximum, bool careful);
    RowSum (*block_sum)(const T* x, int64_t n, T maximum, bool careful);
    RowSum (*own_block_sum)(const T* x, int64_t n);  // relative to the block's own maximum, for `merge`
    void (*merge)(RowSum& sum, const RowSum& block);
    void (*write_softmax)(const T* x, T* out, int64_t n, const RowSum& sum);
    void (*write_log_softmax)(const T* x, T* out, int64_t n, const RowSum& sum);
    T (*logsumexp_of)(const RowSum& sum, const T* x, int64_t n);
    // Writes the places of the entries that are not below `least` (a NaN is not) until `room` is full; returns how many there are in all.
    int64_t (*collect)(const T* x, int64_t n, T least, int64_t* places, int64_t room);
    // Rows that lie side by side, a multiple of `columns` of them; see softmax_columns.hpp.
    bool (*softmax_columns)(const T* x, int64_t x_line, T* out, int64_t out_line, int64_t n, int vectors);
    int columns, most_vectors;
    // Rows laid out in any way (distances in bytes) to contiguous ones and back.
    void (*gather)(const char* from, int64_t row, int64_t entry, int64_t rows, int64_t n, T* to, int64_t to_row);
    void (*scatter)(const T* from, int64_t from_row, char* to, int64_t row, int64_t entry, int64_t rows, int64_t n);
    using Elementwise = void(const T* x, T* out, int64_t n);
    Elementwise *exponential, *sigmoid, *log_sigmoid, *softplus, *logit;
};

struct Kernels {
    const char* isa;
    RowKernels<float> f32;
    RowKernels<double> f64;
    // as gather and scatter, between float and IEEE half precision
    void (*gather_half)(const char* from, int64_t row, int64_t entry, int64_t rows, int64_t n, float* to, int64_t to_row);
    void (*scatter_half)(const float* from, int64_t from_row, char* to, int64_t row, int64_t entry, int64_t rows, int64_t n);
    // Networks: see matrix.hpp, activations.hpp, normalization.hpp, noise.hpp, optimizers.hpp.
    int64_t (*product_tiles)(const Product&);
    void (*multiply)(const Product&, int64_t first, int64_t end);
    void (*find_hits)(const float* x, const int64_t* targets, char* hits, int64_t rows, int64_t n);
    void (*activate)(Activation, const ActivationOptions&, const float* x, float* y, int64_t n);
    void (*activation_backward)(Activation, const ActivationOptions&, const float* x, const float* y, float* deltas, int64_t n);
    void (*column_moments)(const Normalization&, double* sums);
    void (*normalize_columns)(const Normalization&);
    void (*row_moments)(const Normalization&);
    void (*normalize_rows)(const Normalization&);
    void (*column_gradients)(const Normalization&, const NormalizationGradient&, double* sums, bool fixed);
    void (*row_gradients)(const Normalization&, const NormalizationGradient&, double* sums);
    void (*drop)(const RandomStream&, float rate, const float* x, float* y, float* factors, int64_t n);
    void (*add_noise)(const RandomStream&, float deviation, const float* x, float* y, int64_t n);
    void (*update)(const Step&, float* parameters, const float* gradient, float* a, float* b, float* c, int64_t size);
    void (*moving_average)(float momentum, const float* values, float* average, int64_t size);
    // Trees: adds to the gain of each bin, 0 .. n_bins - 1, what a split above it is worth in this leaf; there is room for a vector more. See split_gains.hpp.
    void (*split_gains)(const LeafHistogram&, float* gains);
};

template <class T> const RowKernels<T>& row_kernels();
const Kernels& kernels();

// Chooses the table; false and the list of what this machine has if NORMEXP_ISA names another.
bool choose_kernels(const char* wanted);
const char* available_isas();
