// The layers of a network, forward and backward over a batch of rows, on the kernels.
//
// segments (`places`) of a layer: dense weights (inputs, outputs), bias; batch_norm gamma, beta, moving mean, moving variance; layer_norm gamma, beta;
// scaling factors, shifts; prelu slopes. Products are shared among threads tile by tile, entries a stretch each: the bits do not depend on the split.
#pragma once
#include <algorithm>
#include <vector>

#include "base/floats.hpp"
#include "base/threads.hpp"
#include "dispatch/dispatch.hpp"
#include "network/layer.hpp"

namespace normexp {

struct Pass {
    bool training;
    uint64_t seed, step;  // of the random numbers
    int threads;
};

// What a layer made of a batch. `kept`: what its backward form needs besides input and output.
struct Trace {
    Floats out, kept;
    std::vector<double> sums;
};

inline int64_t kept_size(const Layer& layer, int64_t rows) {
    switch (layer.kind) {
        case LayerKind::dropout: return rows * layer.outputs;
        case LayerKind::batch_norm: return 2 * layer.outputs;
        case LayerKind::layer_norm: return 2 * rows;
        default: return 0;
    }
}

inline Trace trace_for(const Layer& layer, int64_t rows) {
    const bool normalises = layer.kind == LayerKind::batch_norm || layer.kind == LayerKind::layer_norm;
    return {Floats(size_t(rows * layer.outputs)), Floats(size_t(kept_size(layer, rows))), std::vector<double>(size_t(normalises ? 2 * layer.outputs : 0))};
}

inline void multiply(const Product& product, int threads) {
    parallel(threads_worth(product.rows * product.columns * product.depth, threads), kernels().product_tiles(product),
             [&](int64_t first, int64_t end) { kernels().multiply(product, first, end); });
}

inline const float* at(const Layer& layer, const float* parameters, int segment) { return layer.places[segment] < 0 ? nullptr : parameters + layer.places[segment]; }
inline float* at(const Layer& layer, float* parameters, int segment) { return layer.places[segment] < 0 ? nullptr : parameters + layer.places[segment]; }

inline bool is_gated(const Layer& layer) { return layer.kind == LayerKind::dense && layer.activation == Activation::relu; }

// gamma (x - mean) / root + beta, by the batch's moments in training, which then move the running ones.
inline void forward_batch_norm(const Layer& layer, float* parameters, const float* in, int64_t rows, float* out, Trace& trace, bool training) {
    float* const mean = trace.kept.data();
    const Normalization m{in, out, rows, layer.outputs, at(layer, parameters, 0), at(layer, parameters, 1), mean, mean + layer.outputs, layer.options.second};
    float *const moving_mean = at(layer, parameters, 2), *const moving_variance = at(layer, parameters, 3);
    if (training && layer.trained) {
        kernels().column_moments(m, trace.sums.data());
        const double keep = double(layer.options.first), take = 1 - keep;
        for (int64_t j = 0; j < layer.outputs; ++j) {
            const double variance = trace.sums[size_t(layer.outputs + j)] / double(rows);
            moving_mean[j] = float(double(moving_mean[j]) * keep + double(mean[j]) * take);
            moving_variance[j] = float(double(moving_variance[j]) * keep + variance * take);
        }
    } else {
        for (int64_t j = 0; j < layer.outputs; ++j) {
            m.mean[j] = moving_mean[j];
            m.inverse[j] = float(1 / __builtin_sqrt(double(moving_variance[j]) + double(layer.options.second)));
        }
    }
    kernels().normalize_columns(m);
}

inline Normalization row_normalization(const Layer& layer, const float* parameters, const float* in, float* out, int64_t rows, Trace& trace) {
    return {in, out, rows, layer.outputs, at(layer, parameters, 0), at(layer, parameters, 1), trace.kept.data(), trace.kept.data() + rows, layer.options.second};
}

inline void forward(const Layer& layer, int64_t number, float* parameters, const float* in, int64_t rows, float* out, Trace& trace, const Pass& pass) {
    const int64_t n = rows * layer.outputs;
    const RandomStream random{pass.seed + uint64_t(number + 1) * 0x9E3779B97F4A7C15u, pass.step};  // the seed itself numbers the shuffles
    switch (layer.kind) {
        case LayerKind::dense:
            return multiply({.a = in, .a_row = layer.inputs, .a_column = 1, .b = at(layer, parameters, 0), .b_row = layer.outputs, .b_column = 1, .c = out, .c_row = layer.outputs,
                             .rows = rows, .columns = layer.outputs, .depth = layer.inputs, .bias = at(layer, parameters, 1), .activation = layer.activation}, pass.threads);
        case LayerKind::activation:
            return over_stretches(n, 20, pass.threads, [&](int64_t i, int64_t count) { kernels().activate(layer.activation, layer.options, in + i, out + i, count); });
        case LayerKind::softmax: return kernels().f32.softmax(in, layer.inputs, out, layer.outputs, rows, layer.outputs);
        case LayerKind::dropout:
            if (pass.training && layer.options.first > 0) return kernels().drop(random, layer.options.first, in, out, trace.kept.data(), n);
            std::copy_n(in, n, out);
            return;
        case LayerKind::noise:
            if (pass.training && layer.options.first > 0) return kernels().add_noise(random, layer.options.first, in, out, n);
            std::copy_n(in, n, out);
            return;
        case LayerKind::batch_norm: return forward_batch_norm(layer, parameters, in, rows, out, trace, pass.training);
        case LayerKind::layer_norm: {
            const Normalization m = row_normalization(layer, parameters, in, out, rows, trace);
            kernels().row_moments(m);
            return kernels().normalize_rows(m);
        }
        case LayerKind::scaling:
            for (int64_t i = 0; i < n; ++i) out[i] = in[i] * at(layer, parameters, 0)[i % layer.outputs] + at(layer, parameters, 1)[i % layer.outputs];
            return;
        case LayerKind::prelu:
            for (int64_t i = 0; i < n; ++i) out[i] = in[i] > 0 ? in[i] : in[i] * at(layer, parameters, 0)[i % layer.outputs];
    }
}

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
