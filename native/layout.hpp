// Rows laid out in any way, to contiguous ones and back: the row kernels see contiguous rows alone, so the bits do not depend on the layout.
// Distances are in bytes. Where neighbouring rows lie side by side (axis=0), squares of W x W entries are transposed in registers.
#pragma once
#include "vector.hpp"

namespace {

template <class T> INLINE T entry_at(const char* from) {
    T value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

// Rows that lie side by side are read W x W entries at a time, along the rows of memory: a page after the other.
template <class T> void gather(const char* from, int64_t row, int64_t entry, int64_t rows, int64_t n, T* to, int64_t to_row) {
    constexpr int W = lanes<T>;
    if (row == int64_t(sizeof(T)) && n > 1) {
        for (int64_t k = 0; k < n; k += W)
            for (int64_t i = 0; i < rows; i += W) {
                const int height = n - k < W ? int(n - k) : W, width = rows - i < W ? int(rows - i) : W;
                Vector<T> v[W]{};
                for (int j = 0; j < height; ++j) {
                    const T* line = reinterpret_cast<const T*>(from + (k + j) * entry) + i;
                    v[j] = width == W ? load<T>(line) : load_first(line, width, T(0));
                }
                transpose_lanes_back(v);
                for (int j = 0; j < width; ++j) {
                    T* line = to + (i + j) * to_row + k;
                    height == W ? store<T>(line, v[j]) : store_first(line, v[j], height);
                }
            }
        return;
    }
    for (int64_t i = 0; i < rows; ++i)
        if (entry == int64_t(sizeof(T))) __builtin_memcpy(to + i * to_row, from + i * row, size_t(n) * sizeof(T));
        else for (int64_t k = 0; k < n; ++k) to[i * to_row + k] = entry_at<T>(from + i * row + k * entry);
}

template <class T> void scatter(const T* from, int64_t from_row, char* to, int64_t row, int64_t entry, int64_t rows, int64_t n) {
    constexpr int W = lanes<T>;
    if (row == int64_t(sizeof(T)) && n > 1) {
        for (int64_t k = 0; k < n; k += W)
            for (int64_t i = 0; i < rows; i += W) {
                const int height = n - k < W ? int(n - k) : W, width = rows - i < W ? int(rows - i) : W;
                Vector<T> v[W]{};
                for (int j = 0; j < width; ++j) {
                    const T* line = from + (i + j) * from_row + k;
                    v[j] = height == W ? load<T>(line) : load_first(line, height, T(0));
                }
                transpose_lanes(v);
                for (int j = 0; j < height; ++j) {
                    T* line = reinterpret_cast<T*>(to + (k + j) * entry) + i;
                    width == W ? store<T>(line, v[j]) : store_first(line, v[j], width);
                }
            }
        return;
    }
    for (int64_t i = 0; i < rows; ++i)
        if (entry == int64_t(sizeof(T))) __builtin_memcpy(to + i * row, from + i * from_row, size_t(n) * sizeof(T));
        else for (int64_t k = 0; k < n; ++k) __builtin_memcpy(to + i * row + k * entry, from + i * from_row + k, sizeof(T));
}

INLINE void widen(const Half* from, float* to, int64_t n) {
    constexpr int W = lanes<float>;
    int64_t i = 0;
    for (; i + W <= n; i += W) store<float>(to + i, widened(from + i));
    if (i < n) {
        Half padded[W] = {};
        __builtin_memcpy(padded, from + i, size_t(n - i) * sizeof(Half));
        store_first(to + i, widened(padded), int(n - i));
    }
}

INLINE void round_to_half(const float* from, Half* to, int64_t n) {
    constexpr int W = lanes<float>;
    int64_t i = 0;
    for (; i + W <= n; i += W) store_rounded(to + i, load<float>(from + i));
    if (i < n) {
        Half padded[W];
        store_rounded(padded, load_first(from + i, int(n - i), 0.0f));
        __builtin_memcpy(to + i, padded, size_t(n - i) * sizeof(Half));
    }
}

void gather_half(const char* from, int64_t row, int64_t entry, int64_t rows, int64_t n, float* to, int64_t to_row) {
    for (int64_t i = 0; i < rows; ++i) {
        if (entry == sizeof(Half)) { widen(reinterpret_cast<const Half*>(from + i * row), to + i * to_row, n); continue; }
        for (int64_t k = 0; k < n; ++k) {
            const Half one = entry_at<Half>(from + i * row + k * entry);
            widen(&one, to + i * to_row + k, 1);
        }
    }
}

void scatter_half(const float* from, int64_t from_row, char* to, int64_t row, int64_t entry, int64_t rows, int64_t n) {
    for (int64_t i = 0; i < rows; ++i) {
        if (entry == sizeof(Half)) { round_to_half(from + i * from_row, reinterpret_cast<Half*>(to + i * row), n); continue; }
        for (int64_t k = 0; k < n; ++k) {
            Half one;
            round_to_half(from + i * from_row + k, &one, 1);
            __builtin_memcpy(to + i * row + k * entry, &one, sizeof one);
        }
    }
}

}  // namespace
