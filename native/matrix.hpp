// The dense products of a network: C = epilogue(A B + bias), A read with any strides, B and C by rows.
//
// Forward: outputs = activation(inputs weights + bias). Weight gradient: inputs^T deltas (A read down its columns).
// Input gradient: deltas weights^T (B the transposed weights), gated by the activation's derivative.
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

INLINE Float finish(const Product& p, Float value, const float* gate, int count) {
    if (p.activation == Activation::relu) value = value > 0 ? value : (value != value ? value : Float{});
    if (gate) value = load_first(gate, count, 0.f) > 0 ? value : Float{};
    return value;
}

// B as a tile reads it: from `columns` of B on, lines `line` floats apart.
struct Panel { const float* b; int64_t line; };

// `last` lanes of the last vector are in use.
template <int R, int V, bool full> INLINE void compute_tile(const Product& p, const Panel& panel, int64_t row, int64_t column, int last) {
    constexpr int W = lanes<float>;
    Float sums[R][V];
    for (int v = 0; v < V; ++v) {
        Float start{};
        if (p.bias) start = full || v < V - 1 ? load<float>(p.bias + column + v * W) : load_first(p.bias + column + v * W, last, 0.f);
        for (int r = 0; r < R; ++r) sums[r][v] = start;
    }
    const float* a = p.a + row * p.a_row;
    const float* b = panel.b;
    for (int64_t k = 0; k < p.depth; ++k, a += p.a_column, b += panel.line) {
        Float line[V];
        for (int v = 0; v < V; ++v) line[v] = full || v < V - 1 ? load<float>(b + v * W) : load_first(b + v * W, last, 0.f);
        for (int r = 0; r < R; ++r) {
            Float factor = broadcast(a[r * p.a_row]);
            for (int v = 0; v < V; ++v) sums[r][v] = fma(factor, line[v], sums[r][v]);
        }
    }
    for (int r = 0; r < R; ++r)
        for (int v = 0; v < V; ++v) {
            const int64_t at = (row + r) * p.c_row + column + v * W;
            const int count = full || v < V - 1 ? W : last;
            Float value = finish(p, sums[r][v], p.gate ? p.gate + at : nullptr, count);
            if (count == W) store<float>(p.c + at, value);
            else store_first(p.c + at, value, count);
        }
}

template <int R> void compute_row_tile(const Product& p, const Panel& panel, int64_t row, int64_t column) {
    constexpr int W = lanes<float>;
    const int64_t left = p.columns - column;
    const int vectors = left >= tile_columns ? tile_vectors : int((left + W - 1) / W);
    const int last = left >= tile_columns ? W : int(left - (vectors - 1) * W);
    const bool full = last == W;
    switch (vectors) {
        case 1: return full ? compute_tile<R, 1, true>(p, panel, row, column, W) : compute_tile<R, 1, false>(p, panel, row, column, last);
        case 2: return full ? compute_tile<R, 2, true>(p, panel, row, column, W) : compute_tile<R, 2, false>(p, panel, row, column, last);
#if defined(__AVX512F__) || defined(__aarch64__)
        case 3: return full ? compute_tile<R, 3, true>(p, panel, row, column, W) : compute_tile<R, 3, false>(p, panel, row, column, last);
        case 4: return full ? compute_tile<R, 4, true>(p, panel, row, column, W) : compute_tile<R, 4, false>(p, panel, row, column, last);
#endif
    }
}

constexpr int64_t packed_floats = 1 << 15;

// Columns that several row tiles read are copied side by side: lines a power of two apart would fall on the same few places of the cache.
INLINE Panel packed(const Product& p, int64_t column, float* space) {
    const int64_t width = p.columns - column < tile_columns ? p.columns - column : tile_columns;
    for (int64_t k = 0; k < p.depth; ++k) __builtin_memcpy(space + k * width, p.b + k * p.b_row + column, size_t(width) * sizeof(float));
    return {space, width};
}

// Tiles are numbered down the rows first, so that the same columns of B stay in cache.
void multiply(const Product& p, int64_t first, int64_t end) {
    constexpr int64_t worth_packing = 5;  // row tiles
    const int64_t tall = row_tiles(p);
    const bool packs = tall >= worth_packing && p.b_row > tile_columns && p.depth * tile_columns <= packed_floats;
    float space[packed_floats];
    Panel panel{};
    for (int64_t tile = first; tile < end; ++tile) {
        const int64_t row = tile % tall * tile_rows, column = tile / tall * tile_columns;
        if (tile == first || row == 0) panel = packs ? packed(p, column, space) : Panel{p.b + column, p.b_row};
        switch (p.rows - row < tile_rows ? p.rows - row : tile_rows) {
            case 1: compute_row_tile<1>(p, panel, row, column); break;
            case 2: compute_row_tile<2>(p, panel, row, column); break;
            case 3: compute_row_tile<3>(p, panel, row, column); break;
            case 4: compute_row_tile<4>(p, panel, row, column); break;
            case 5: compute_row_tile<5>(p, panel, row, column); break;
            default: compute_row_tile<6>(p, panel, row, column); break;
        }
    }
}

// Each column summed from the first row to the last.
void sum_columns(const float* from, int64_t rows, int64_t columns, float* sums) {
    constexpr int W = lanes<float>;
    for (int64_t j = 0; j < columns; j += W) {
        const int count = columns - j < W ? int(columns - j) : W;
        Float sum{};
        for (int64_t i = 0; i < rows; ++i)
            sum += count == W ? load<float>(from + i * columns + j) : load_first(from + i * columns + j, count, 0.f);
        if (count == W) store<float>(sums + j, sum);
        else store_first(sums + j, sum, count);
    }
}

void transpose(const float* from, int64_t rows, int64_t columns, float* to, int64_t first, int64_t end) {
    transpose_lines<float, true>(from + first * columns, columns, to + first, rows, end - first, columns);
}

}  // namespace
