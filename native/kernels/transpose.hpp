// Transposes of matrices in memory, by squares of W x W entries in registers.
#pragma once
#include "base/first_lanes.hpp"
#include "base/lanes.hpp"

namespace {

// W x W entries, `height` x `width` of them wanted: line j of `from` becomes column j of `to`. Distances in entries.
template <class T> INLINE void transpose_square(const T* from, int64_t from_row, T* to, int64_t to_row, int height, int width) {
    constexpr int W = lanes<T>;
    Vector<T> v[W]{};
    if (height == W && width == W) {
        for (int j = 0; j < W; ++j) v[j] = load<T>(from + j * from_row);
        transpose_lanes(v);
        for (int i = 0; i < W; ++i) store<T>(to + i * to_row, v[i]);
    } else {
        for (int j = 0; j < height; ++j) v[j] = load_first(from + j * from_row, width, T(0));
        transpose_lanes(v);
        for (int i = 0; i < width; ++i) store_first(to + i * to_row, v[i], height);
    }
}

// Every line of `lines` entries becomes a column: by squares, along the lines of the memory that is not the scratch, a page after the other.
template <class T, bool to_scratch> void transpose_lines(const T* from, int64_t from_row, T* to, int64_t to_row, int64_t height, int64_t width) {
    constexpr int W = lanes<T>;
    const auto part = [](int64_t all, int64_t done) { return all - done < W ? int(all - done) : W; };
    if constexpr (to_scratch) {
        for (int64_t j = 0; j < height; j += W)
            for (int64_t i = 0; i < width; i += W) transpose_square(from + j * from_row + i, from_row, to + i * to_row + j, to_row, part(height, j), part(width, i));
    } else {
        for (int64_t i = 0; i < width; i += W)
            for (int64_t j = 0; j < height; j += W) transpose_square(from + j * from_row + i, from_row, to + i * to_row + j, to_row, part(height, j), part(width, i));
    }
}

}  // namespace
