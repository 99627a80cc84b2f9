// The table of kernels: one is compiled per instruction set, the processor's best is chosen at import.
// NORMEXP_ISA (baseline, v3, v4) overrides the choice.
#pragma once
#include <cstdint>

enum class Activation : int { linear, relu };

// C = epilogue(A B + bias): see matrix.hpp. Strides are counted in floats.
struct Product {
    const float* a;
    int64_t a_row, a_column;
    const float* b;
    int64_t b_row;
    float* c;
    int64_t c_row;
    int64_t rows, columns, depth;
    const float* bias = nullptr;
    Activation activation = Activation::linear;
    const float* gate = nullptr;  // laid out as C; an entry is kept where the gate is positive
};

struct AdamStep {
    float rate, beta1, beta2, epsilon, decay;  // rate holds both bias corrections; decay is the share taken off
};

// Softmax cross-entropy of a batch. The delta of a row is its weight x scale x gradient.
struct BatchLoss {
    const float* logits;
    const int32_t* targets;
    const float* weights;  // or null: all 1
    int64_t rows, classes;
    float scale;
    float* deltas;  // or null: losses alone
    double loss = 0, correct = 0, weight = 0;  // weighted sums
};

template <class T> struct RowKernels {
    // x and out: rows of n contiguous entries, `*_row` apart
    void (*softmax)(const T* x, int64_t x_row, T* out, int64_t out_row, int64_t rows, int64_t n);
    void (*log_softmax)(const T* x, int64_t x_row, T* out, int64_t out_row, int64_t rows, int64_t n);
    void (*logsumexp)(const T* x, int64_t x_row, T* out, int64_t rows, int64_t n);
    T (*cross_entropy)(const T* x, int64_t target, int64_t n);
    T (*cross_entropy_gradient)(const T* x, int64_t target, T* gradient, int64_t n);
    void (*exponential)(const T* x, T* out, int64_t n);
};

struct Kernels {
    const char* isa;
    RowKernels<float> f32;
    RowKernels<double> f64;
    int64_t (*product_tiles)(const Product&);
    void (*multiply)(const Product&, int64_t first, int64_t end);
    void (*sum_columns)(const float* from, int64_t rows, int64_t columns, float* sums);
    void (*transpose)(const float* from, int64_t rows, int64_t columns, float* to, int64_t first, int64_t end);
    void (*adam)(const AdamStep&, float* parameters, const float* gradient, float* mean, float* square, int64_t size);
    void (*batch_loss)(BatchLoss&);
};

template <class T> const RowKernels<T>& row_kernels();
const Kernels& kernels();

// Chooses the table; false and the list of what this machine has if NORMEXP_ISA names another.
bool choose_kernels(const char* wanted);
const char* available_isas();
