// What the forward and the backward form of a layer share: its trace of a batch, its segments, its products on the threads.
//
// Products are shared among threads tile by tile, entries a stretch each: the bits do not depend on the split.
#pragma once
#include <vector>

#include "base/floats.hpp"
#include "base/threads.hpp"
#include "dispatch/dispatch.hpp"
#include "network/layer.hpp"

namespace normexp {

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

inline Normalization row_normalization(const Layer& layer, const float* parameters, const float* in, float* out, int64_t rows, Trace& trace) {
    return {in, out, rows, layer.outputs, at(layer, parameters, 0), at(layer, parameters, 1), trace.kept.data(), trace.kept.data() + rows, layer.options.second};
}

}  // namespace normexp
