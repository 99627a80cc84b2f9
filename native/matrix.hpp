// The dense products of a network: C = epilogue(A B + bias), A read with any strides, B by its rows or by its columns, C by rows.
//
// Forward: outputs = activation(inputs weights + bias). Weight gradient: inputs^T deltas (A read down its columns), with the sums of the deltas.
// Input gradient: deltas weights^T (B the weights by their columns), gated by the activation's derivative.
// A tile of up to 6 rows x 4 vectors stays in registers; each entry is one chain of fused multiply-adds over the
// depth, so its bits depend neither on the tile nor on the thread that computes it.
#pragma once
#include "dispatch.hpp"
#include "layout.hpp"
#include "vector.hpp"

namespace {

constexpr int tile_rows = 6;
constexpr int tile_vectors = vector_registers == 32 ? 4 : 2;
constexpr int64_t tile_columns = tile_vectors * lanes<float>;

int64_t row_tiles(const Product& p) { return (p.rows + tile_rows - 1) / tile_rows; }
int64_t product_tiles(const Product& p) { return row_tiles(p) * ((p.columns + tile_columns - 1) / tile_columns); }

INLINE Float load_some(const float* from, int count) { return count == lanes<float> ? load<float>(from) : load_first(from, count, 0.f); }
INLINE void store_some(float* to, Float v, int count) { count == lanes<float> ? store<float>(to, v) : store_first(to, v, count); }

INLINE Float finish(const Product& p, Float value, const float* gate, int count) {
    if (p.activation == Activation::relu) value = value <= 0 ? Float{} : value;  // a NaN stays
    if (gate) value = load_some(gate, count) > 0 ? value : Float{};
    return value;
}

// B as a tile reads it: lines `line` floats apart, in whole vectors where `whole`.
struct Panel { const float* b; int64_t line; bool whole; };

// `last` lanes of the last vector are in use.
template <int R, int V, bool whole> INLINE void compute_tile(const Product& p, const Panel& panel, int64_t row, int64_t column, int last) {
    constexpr int W = lanes<float>;
    const auto count = [last](int v) INLINE_LAMBDA { return v < V - 1 ? W : last; };
    Float sums[R][V];
    for (int r = 0; r < R; ++r)
        for (int v = 0; v < V; ++v) sums[r][v] = p.bias ? load_some(p.bias + (row + r) * p.bias_row + column + v * W, count(v)) : Float{};
    const float* a = p.a + row * p.a_row;
    const float* b = panel.b;
    for (int64_t k = 0; k < p.depth; ++k, a += p.a_column, b += panel.line) {
        Float line[V];
        for (int v = 0; v < V; ++v) line[v] = whole || v < V - 1 ? load<float>(b + v * W) : load_first(b + v * W, last, 0.f);
        for (int r = 0; r < R; ++r) {
            Float factor = broadcast(a[r * p.a_row]);
            for (int v = 0; v < V; ++v) sums[r][v] = fma(factor, line[v], sums[r][v]);
        }
    }
    for (int r = 0; r < R; ++r)
        for (int v = 0; v < V; ++v) {
            const int64_t at = (row + r) * p.c_row + column + v * W;
            store_some(p.c + at, finish(p, sums[r][v], p.gate ? p.gate + at : nullptr, count(v)), count(v));
        }
}

template <int R> void compute_row_tile(const Product& p, const Panel& panel, int64_t row, int64_t column) {
    constexpr int W = lanes<float>;
    const int64_t left = p.columns - column;
    const int vectors = left >= tile_columns ? tile_vectors : int((left + W - 1) / W);
    const int last = left >= tile_columns ? W : int(left - (vectors - 1) * W);
    switch (vectors) {
        case 1: return panel.whole ? compute_tile<R, 1, true>(p, panel, row, column, last) : compute_tile<R, 1, false>(p, panel, row, column, last);
        case 2: return panel.whole ? compute_tile<R, 2, true>(p, panel, row, column, last) : compute_tile<R, 2, false>(p, panel, row, column, last);
#if defined(__AVX512F__) || defined(__aarch64__)
        case 3: return panel.whole ? compute_tile<R, 3, true>(p, panel, row, column, last) : compute_tile<R, 3, false>(p, panel, row, column, last);
        case 4: return panel.whole ? compute_tile<R, 4, true>(p, panel, row, column, last) : compute_tile<R, 4, false>(p, panel, row, column, last);
#endif
    }
}

void compute_rows(const Product& p, const Panel& panel, int64_t row, int64_t column) {
    switch (p.rows - row < tile_rows ? p.rows - row : tile_rows) {
        case 1: return compute_row_tile<1>(p, panel, row, column);
        case 2: return compute_row_tile<2>(p, panel, row, column);
        case 3: return compute_row_tile<3>(p, panel, row, column);
        case 4: return compute_row_tile<4>(p, panel, row, column);
        case 5: return compute_row_tile<5>(p, panel, row, column);
        default: return compute_row_tile<6>(p, panel, row, column);
    }
}

constexpr int64_t packed_depth = 512;

// Columns of B that several row tiles read are copied side by side, filled up with zeros to whole vectors: lines a power of two apart would fall on
// the same few places of the cache, and lines of part of a vector are slow to read.
INLINE Panel panel_of(const Product& p, int64_t column, float* space) {
    constexpr int W = lanes<float>;
    constexpr int64_t worth_packing = 5;  // row tiles
    const int64_t left = p.columns - column, width = left < tile_columns ? left : tile_columns, line = (width + W - 1) / W * W;
    if (p.b_column == 1 && (row_tiles(p) < worth_packing || (p.b_row <= tile_columns && line == width))) return {p.b + column, p.b_row, line == width};
    if (p.b_column == 1) {
        for (int64_t k = 0; k < p.depth; ++k)
            for (int64_t j = 0; j < width; j += W) store<float>(space + k * line + j, load_some(p.b + k * p.b_row + column + j, width - j < W ? int(width - j) : W));
    } else {
        if (line > width) __builtin_memset(space, 0, size_t(p.depth * line) * sizeof(float));
        transpose_lines<float, true>(p.b + column * p.b_column, p.b_column, space, line, width, p.depth);
    }
    return {space, line, true};
}

// Each column of B summed from the first row to the last: the row of ones times B.
INLINE void sum_columns(const Product& p, const Panel& panel, int64_t column) {
    constexpr float one = 1;
    Product sum = p;
    sum.a = &one;
    sum.a_row = sum.a_column = 0;
    sum.c = p.sums;
    compute_row_tile<1>(sum, panel, 0, column);
}

// The products of some of the depth, which go on from what C holds after the first of them.
INLINE Product part_of(const Product& p, int64_t first, int64_t depth) {
    Product part = p;
    part.a += first * p.a_column;
    part.b += first * p.b_row;
    part.depth = depth;
    if (first > 0) {
        part.bias = p.c;
        part.bias_row = p.c_row;
    }
    if (first + depth < p.depth) {
        part.activation = Activation::linear;
        part.gate = nullptr;
    }
    return part;
}

// Tiles are numbered down the rows first, so that the same columns of B stay in cache.
void multiply(const Product& p, int64_t first, int64_t end) {
    const int64_t tall = row_tiles(p), deep = (p.depth + packed_depth - 1) / packed_depth;
    float space[packed_depth * tile_columns];
    while (first < end) {
        const int64_t panel_tile = first / tall * tall, stop = end < panel_tile + tall ? end : panel_tile + tall, column = first / tall * tile_columns;
        for (int64_t d = 0; d < deep; ++d) {
            const int64_t from = p.depth * d / deep;
            const Product part = part_of(p, from, p.depth * (d + 1) / deep - from);
            const Panel panel = panel_of(part, column, space);
            for (int64_t tile = first; tile < stop; ++tile) compute_rows(part, panel, (tile - panel_tile) * tile_rows, column);
            if (p.sums && first == panel_tile) sum_columns(part, panel, column);
        }
        first = stop;
    }
}

}  // namespace
