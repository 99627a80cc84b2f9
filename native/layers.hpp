// A network is a list of layers over one flat parameter vector; a layer holds offsets into it, never weights.
//
// Products are shared among threads tile by tile. The sums do not depend on the split, so neither do the bits.
#pragma once
#include <vector>

#include "dispatch.hpp"
#include "threads.hpp"

namespace normexp {

struct DenseLayer {
    Activation activation;
    int64_t inputs, outputs;
    int64_t weights;  // offset of the (inputs, outputs) matrix
    int64_t bias;     // offset, or -1 without bias
};

// Waking a thread costs about 2 microseconds: a share must be worth more multiply-adds than that.
inline int threads_for(const Product& p, int threads) {
    constexpr int64_t worth_a_thread = 100'000;
    const int64_t shares = p.rows * p.columns * p.depth / worth_a_thread;
    return shares < threads ? int(shares) : threads;
}

inline void multiply(const Product& product, int threads) {
    parallel(threads_for(product, threads), kernels().product_tiles(product),
             [&](int64_t first, int64_t end) { kernels().multiply(product, first, end); });
}

inline void forward(const DenseLayer& layer, const float* parameters, const float* inputs, int64_t rows, float* outputs, int threads) {
    multiply({.a = inputs, .a_row = layer.inputs, .a_column = 1, .b = parameters + layer.weights, .b_row = layer.outputs,
              .c = outputs, .c_row = layer.outputs, .rows = rows, .columns = layer.outputs, .depth = layer.inputs,
              .bias = layer.bias < 0 ? nullptr : parameters + layer.bias, .activation = layer.activation}, threads);
}

// Gradient of the layer's own parameters, from the deltas of its pre-activations.
inline void backward_parameters(const DenseLayer& layer, const float* inputs, const float* deltas, int64_t rows, float* gradient, int threads) {
    multiply({.a = inputs, .a_row = 1, .a_column = layer.inputs, .b = deltas, .b_row = layer.outputs,
              .c = gradient + layer.weights, .c_row = layer.outputs, .rows = layer.inputs, .columns = layer.outputs, .depth = rows}, threads);
    if (layer.bias >= 0) kernels().sum_columns(deltas, rows, layer.outputs, gradient + layer.bias);
}

// Deltas of the layer below, whose outputs (this layer's inputs) decide where its activation passes a gradient on.
inline void backward_inputs(const DenseLayer& layer, const float* parameters, const float* deltas, int64_t rows, Activation below,
                            const float* inputs, float* input_deltas, float* transposed, int threads) {
    parallel(layer.inputs * layer.outputs > 65'536 ? threads : 1, layer.inputs, [&](int64_t first, int64_t end) {
        kernels().transpose(parameters + layer.weights, layer.inputs, layer.outputs, transposed, first, end);
    });
    multiply({.a = deltas, .a_row = layer.outputs, .a_column = 1, .b = transposed, .b_row = layer.inputs,
              .c = input_deltas, .c_row = layer.inputs, .rows = rows, .columns = layer.inputs, .depth = layer.outputs,
              .gate = below == Activation::relu ? inputs : nullptr}, threads);
}

}  // namespace normexp
