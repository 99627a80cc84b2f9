// Rows laid out in any way, to contiguous ones and back: the row kernels see contiguous rows alone, so the bits do not depend on the layout.
// Distances are in bytes. Where neighbouring rows lie side by side (axis=0), squares of W x W entries are transposed in registers.
#pragma once
#include "base/half.hpp"
#include "kernels/transpose.hpp"

namespace {

template <class T> INLINE T entry_at(const char* from) {
    T value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

template <class T> void gather(const char* from, int64_t row, int64_t entry, int64_t rows, int64_t n, T* to, int64_t to_row) {
    constexpr int64_t size = sizeof(T);
    if (row == size && n > 1 && entry % size == 0) return transpose_lines<T, true>(reinterpret_cast<const T*>(from), entry / size, to, to_row, n, rows);
    for (int64_t i = 0; i < rows; ++i)
        if (entry == size) __builtin_memcpy(to + i * to_row, from + i * row, size_t(n) * sizeof(T));
        else for (int64_t k = 0; k < n; ++k) to[i * to_row + k] = entry_at<T>(from + i * row + k * entry);
}

template <class T> void scatter(const T* from, int64_t from_row, char* to, int64_t row, int64_t entry, int64_t rows, int64_t n) {
    constexpr int64_t size = sizeof(T);
    if (row == size && n > 1 && entry % size == 0) return transpose_lines<T, false>(from, from_row, reinterpret_cast<T*>(to), entry / size, rows, n);
    for (int64_t i = 0; i < rows; ++i)
        if (entry == size) __builtin_memcpy(to + i * row, from + i * from_row, size_t(n) * sizeof(T));
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
    if (entry == sizeof(Half) && row == n * entry && to_row == n) return widen(reinterpret_cast<const Half*>(from), to, rows * n);
    for (int64_t i = 0; i < rows; ++i) {
        if (entry == sizeof(Half)) { widen(reinterpret_cast<const Half*>(from + i * row), to + i * to_row, n); continue; }
        for (int64_t k = 0; k < n; ++k) {
            const Half one = entry_at<Half>(from + i * row + k * entry);
            widen(&one, to + i * to_row + k, 1);
        }
    }
}

void scatter_half(const float* from, int64_t from_row, char* to, int64_t row, int64_t entry, int64_t rows, int64_t n) {
    if (entry == sizeof(Half) && row == n * entry && from_row == n) return round_to_half(from, reinterpret_cast<Half*>(to), rows * n);
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
