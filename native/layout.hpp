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

template <class T> void gather(const char* from, int64_t row, int64_t entry, int64_t rows, int64_t n, T* to) {
    constexpr int W = lanes<T>;
    int64_t whole = 0;  // rows done W at a time
    if (row == int64_t(sizeof(T)) && n > 1) {
        for (; whole + W <= rows; whole += W)
            for (int64_t k = 0; k < n; k += W) {
                const int count = n - k < W ? int(n - k) : W;
                Vector<T> v[W]{};
                for (int j = 0; j < count; ++j) v[j] = load<T>(reinterpret_cast<const T*>(from + (k + j) * entry) + whole);
                transpose_lanes_back(v);
                for (int i = 0; i < W; ++i) store_first(to + (whole + i) * n + k, v[i], count);
            }
    }
    for (int64_t i = whole; i < rows; ++i)
        if (entry == int64_t(sizeof(T))) __builtin_memcpy(to + i * n, from + i * row, size_t(n) * sizeof(T));
        else for (int64_t k = 0; k < n; ++k) to[i * n + k] = entry_at<T>(from + i * row + k * entry);
}

template <class T> void scatter(const T* from, char* to, int64_t row, int64_t entry, int64_t rows, int64_t n) {
    constexpr int W = lanes<T>;
    int64_t whole = 0;
    if (row == int64_t(sizeof(T)) && n > 1) {
        for (; whole + W <= rows; whole += W)
            for (int64_t k = 0; k < n; k += W) {
                const int count = n - k < W ? int(n - k) : W;
                Vector<T> v[W];
                for (int i = 0; i < W; ++i) v[i] = load_first(from + (whole + i) * n + k, count, T(0));
                transpose_lanes(v);
                for (int j = 0; j < count; ++j) store<T>(reinterpret_cast<T*>(to + (k + j) * entry) + whole, v[j]);
            }
    }
    for (int64_t i = whole; i < rows; ++i)
        if (entry == int64_t(sizeof(T))) __builtin_memcpy(to + i * row, from + i * n, size_t(n) * sizeof(T));
        else for (int64_t k = 0; k < n; ++k) __builtin_memcpy(to + i * row + k * entry, from + i * n + k, sizeof(T));
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

void gather_half(const char* from, int64_t row, int64_t entry, int64_t rows, int64_t n, float* to) {
    constexpr int64_t size = sizeof(Half);
    if (entry == size && row == n * size) return widen(reinterpret_cast<const Half*>(from), to, rows * n);
    for (int64_t i = 0; i < rows; ++i) {
        if (entry == size) { widen(reinterpret_cast<const Half*>(from + i * row), to + i * n, n); continue; }
        for (int64_t k = 0; k < n; ++k) {
            const Half one = entry_at<Half>(from + i * row + k * entry);
            widen(&one, to + i * n + k, 1);
        }
    }
}

void scatter_half(const float* from, char* to, int64_t row, int64_t entry, int64_t rows, int64_t n) {
    constexpr int64_t size = sizeof(Half);
    if (entry == size && row == n * size) return round_to_half(from, reinterpret_cast<Half*>(to), rows * n);
    for (int64_t i = 0; i < rows; ++i) {
        if (entry == size) { round_to_half(from + i * n, reinterpret_cast<Half*>(to + i * row), n); continue; }
        for (int64_t k = 0; k < n; ++k) {
            Half one;
            round_to_half(from + i * n + k, &one, 1);
            __builtin_memcpy(to + i * row + k * entry, &one, size);
        }
    }
}

}  // namespace
