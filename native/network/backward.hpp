// Room: network - host side of the network engine: layers, losses, optimizer, trainer. May include: base, dispatch.
//
// Layers backward over a batch of rows: deltas of the outputs become deltas of the inputs and the gradient of the parameters.
#pragma once
#include "network/layers.hpp"

namespace normexp {

// Where the gradient goes and what it is needed for.
struct Backward {
    const float* parameters;
    float* gradient;     // of all parameters
    bool wanted_below;   // is there anything to train below?
    const float* gate;   // outputs of the layer below if that is gated by its own outputs, which is then done here
    int threads;
};

// deltas of the outputs become deltas of the inputs: in `below`, where the layer is dense, else in place.
inline void backward_dense(const Layer& layer, const float* in, int64_t rows, const float* deltas, float* below, const Backward& to) {
    if (layer.trained)
        multiply({.a = in, .a_row = 1, .a_column = layer.inputs, .b = deltas, .b_row = layer.outputs, .b_column = 1, .c = at(layer, to.gradient, 0), .c_row = layer.outputs,
                  .rows = layer.inputs, .columns = layer.outputs, .depth = rows, .sums = at(layer, to.gradient, 1)}, to.threads);
    if (to.wanted_below)
        multiply({.a = deltas, .a_row = layer.outputs, .a_column = 1, .b = at(layer, to.parameters, 0), .b_row = 1, .b_column = layer.outputs, .c = below,
                  .c_row = layer.inputs, .rows = rows, .columns = layer.inputs, .depth = layer.outputs, .gate = to.gate}, to.threads);
}

inline void backward_in_place(const Layer& layer, const float* in, int64_t rows, float* deltas, Trace& trace, const Backward& to) {
    const int64_t n = rows * layer.outputs;
    const float* const out = trace.out.data();
    switch (layer.kind) {
        case LayerKind::dense: return;
        case LayerKind::activation:
            return over_stretches(n, 20, to.threads, [&](int64_t i, int64_t count) { kernels().activation_backward(layer.activation, layer.options, in + i, out + i, deltas + i, count); });
        case LayerKind::softmax:  // p (delta - sum p delta)
            for (int64_t i = 0; i < n; i += layer.outputs) {
                double sum = 0;
                for (int64_t k = 0; k < layer.outputs; ++k) sum += double(out[i + k]) * double(deltas[i + k]);
                for (int64_t k = 0; k < layer.outputs; ++k) deltas[i + k] = float(double(out[i + k]) * (double(deltas[i + k]) - sum));
            }
            return;
        case LayerKind::dropout:
            for (int64_t i = 0; layer.options.first > 0 && i < n; ++i) deltas[i] *= trace.kept[size_t(i)];
            return;
        case LayerKind::noise: return;
        case LayerKind::batch_norm:
        case LayerKind::layer_norm: {
            const NormalizationGradient g{deltas, layer.trained ? at(layer, to.gradient, 0) : nullptr, layer.trained ? at(layer, to.gradient, 1) : nullptr, to.wanted_below};
            if (layer.kind == LayerKind::layer_norm) return kernels().row_gradients(row_normalization(layer, to.parameters, in, nullptr, rows, trace), g, trace.sums.data());
            float* const mean = trace.kept.data();
            return kernels().column_gradients({in, nullptr, rows, layer.outputs, at(layer, to.parameters, 0), nullptr, mean, mean + layer.outputs, 0}, g, trace.sums.data(), !layer.trained);
        }
        case LayerKind::scaling:
            for (int64_t i = 0; i < n; ++i) deltas[i] *= at(layer, to.parameters, 0)[i % layer.outputs];
            return;
        case LayerKind::prelu:
            for (int64_t k = 0; layer.trained && k < layer.outputs; ++k) {
                double sum = 0;
                for (int64_t i = 0; i < rows; ++i) sum += in[i * layer.outputs + k] > 0 ? 0 : double(deltas[i * layer.outputs + k]) * double(in[i * layer.outputs + k]);
                at(layer, to.gradient, 0)[k] = float(sum);
            }
            for (int64_t i = 0; i < n; ++i) deltas[i] *= in[i] > 0 ? 1 : at(layer, to.parameters, 0)[i % layer.outputs];
    }
}

}  // namespace normexp
