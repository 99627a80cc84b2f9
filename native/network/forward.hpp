// Layers forward over a batch of rows.
#pragma once
#include <algorithm>

#include "network/layers.hpp"

namespace normexp {

constexpr int64_t evaluation_rows = 256;  // rows that go through the network at once when nothing is learnt

struct Pass {
    bool training;
    uint64_t seed, step;  // of the random numbers
    int threads;
};

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

}  // namespace normexp
