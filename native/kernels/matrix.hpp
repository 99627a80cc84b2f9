// The dense products of a network: C = epilogue(A B + bias), A read with any strides, B by its rows or by its columns, C by rows.
//
// Forward: outputs = activation(inputs weights + bias). Weight gradient: inputs^T deltas (A read down its columns), with the sums of the deltas.
// Input gradient: deltas weights^T (B the weights by their columns), gated by the activation's derivative.
// A tile of up to 6 rows x 4 vectors stays in registers; each entry is one chain of fused multiply-adds over the
// depth, so its bits depend neither on the tile nor on the thread that computes it.
#pragma once
#include "base/operands.hpp"
#include "kernels/transpose.hpp"

namespace {

constexpr int tile_rows = 6;
constexpr int tile_vectors = vector_registers == 32 ? 4 : 2;
constexpr int64_t tile_columns = tile_vectors * lanes<float>;

int64_t row_tiles(const Product& p) { return (p.rows + tile_rows - 1) / tile_rows; }
int64_t product_tiles(const Product& p) { return row_tiles(p) * ((p.columns + tile_columns - 1) / tile_columns); }

INLINE Float load_some(const float* from, int count) { return count == lanes<float> ? load<float>(from) : load_first(from, count, 0.f); }
INLINE void store_some(float* to, Float v, int count) { count == lanes<float> ? store<float>(to, v) : store_first(to, v, count); }

// B as a tile reads it: lines `line` floats apart, in whole vectors where `whole`.
struct Panel { const float* b; int64_t line; bool whole; };

// Calls body(r, v, count) for the vectors of a tile; `last` lanes of the last vector of a row are in use.
template <int R, int V, class F> INLINE void over_tile(int last, const F& body) {
    for (int r = 0; r < R; ++r) {
        for (int v = 0; v < V - 1; ++v) body(r, v, lanes<float>);
        body(r, V - 1, last);
    }
}

template <int R, int V, bool whole> INLINE void compute_tile(const Product& p, const Panel& panel, int64_t row, int64_t column, int last) {
    constexpr int W = lanes<float>;
    const int64_t corner = row * p.c_row + column;
    Float sums[R][V]{};
    if (p.bias) over_tile<R, V>(last, [&](int r, int v, int count) INLINE_LAMBDA { sums[r][v] = load_some(p.bias + (row + r) * p.bias_row + column + v * W, count); });
    const float* a = p.a + row * p.a_row;
    const float* b = panel.b;
    for (int64_t k = 0; k < p.depth; ++k, a += p.a_column, b += panel.line) {
        Float line[V];
        for (int v = 0; v < V - 1; ++v) line[v] = load<float>(b + v * W);
        line[V - 1] = whole ? load<float>(b + (V - 1) * W) : load_first(b + (V - 1) * W, last, 0.f);
        for (int r = 0; r < R; ++r) {
            Float factor = broadcast(a[r * p.a_row]);
            for (int v = 0; v < V; ++v) sums[r][v] = fma(factor, line[v], sums[r][v]);
        }
    }
    if (p.activation == Activation::relu) over_tile<R, V>(last, [&](int r, int v, int) INLINE_LAMBDA { sums[r][v] = sums[r][v] <= 0 ? Float{} : sums[r][v]; });  // a NaN stays
    if (p.gate)
        over_tile<R, V>(last, [&](int r, int v, int count) INLINE_LAMBDA { sums[r][v] = load_some(p.gate + corner + r * p.c_row + v * W, count) > 0 ? sums[r][v] : Float{}; });
    over_tile<R, V>(last, [&](int r, int v, int count) INLINE_LAMBDA { store_some(p.c + corner + r * p.c_row + v * W, sums[r][v], count); });
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

// Is B read where it lies? Else a panel of it is copied, filled up with zeros to whole vectors: lines a power of two apart fall on the same few places
// of the cache, which costs more than the copy unless a panel is as wide as four cache lines; and part of a vector is slow to read.
INLINE bool in_place(const Product& p) {
    constexpr int64_t worth_packing = 5;  // row tiles
    constexpr int64_t near = vector_bytes == 64 ? 512 : tile_columns;
    return p.b_column == 1 && (row_tiles(p) < worth_packing || (p.b_row <= near && p.columns % lanes<float> == 0));
}

constexpr int64_t packed_depth = 512;

INLINE Panel panel_of(const Product& p, int64_t column, float* space) {
    constexpr int W = lanes<float>;
    const int64_t left = p.columns - column, width = left < tile_columns ? left : tile_columns, line = (width + W - 1) / W * W;
    if (in_place(p)) return {p.b + column, p.b_row, line == width};
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
    const Product sum{.a = &one, .a_row = 0, .a_column = 0, .b = nullptr, .b_row = 0, .b_column = 0, .c = p.sums, .c_row = 0, .rows = 1, .columns = p.columns, .depth = p.depth,
                      .bias = p.bias ? p.sums : nullptr};
    compute_row_tile<1>(sum, panel, 0, column);
}

// Tiles are numbered down the rows first, so that the same columns of B stay in cache.
void multiply_block(const Product& p, int64_t first, int64_t end) {
    alignas(64) float space[packed_depth * tile_columns];
    const int64_t tall = row_tiles(p);
    int64_t column = first / tall * tile_columns, tile = first % tall;
    for (int64_t left = end - first; left > 0; column += tile_columns) {
        const Panel panel = panel_of(p, column, space);
        if (p.sums && tile == 0) sum_columns(p, panel, column);
        for (; tile < tall && left > 0; ++tile, --left) compute_rows(p, panel, tile * tile_rows, column);
        tile = 0;
    }
}

// A deep product in blocks of the depth, as many as are copied at once, each going on from what C holds after the one before.
void multiply(const Product& p, int64_t first, int64_t end) {
    if (p.depth <= packed_depth || in_place(p)) return multiply_block(p, first, end);
    Product block = p;
    for (int64_t done = 0; done < p.depth; done += block.depth) {
        block.a = p.a + done * p.a_column;
        block.b = p.b + done * p.b_row;
        block.depth = p.depth - done < packed_depth ? p.depth - done : packed_depth;
        if (done > 0) {
            block.bias = p.c;
            block.bias_row = p.c_row;
        }
        const bool last = done + block.depth == p.depth;
        block.activation = last ? p.activation : Activation::linear;
        block.gate = last ? p.gate : nullptr;
        multiply_block(block, first, end);
    }
}

}  // namespace
