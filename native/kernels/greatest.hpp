// The greatest entries of rows: the maximum, whether a target is the first of them, all that reach a threshold.
#pragma once
#include "base/first_lanes.hpp"
#include "base/lanes.hpp"

namespace {

constexpr double infinity = __builtin_huge_val();

template <class T> INLINE T row_maximum(const T* x, int64_t n) {
    constexpr int W = lanes<T>;
    const T lowest = T(-infinity);
    if (n < W) return greatest_lane<T>(load_first(x, int(n), lowest));
    Vector<T> m[4] = {broadcast(lowest), broadcast(lowest), broadcast(lowest), broadcast(lowest)};
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W)
        for (int u = 0; u < 4; ++u) m[u] = greater_of(m[u], load<T>(x + i + u * W));
    for (; i + W <= n; i += W) m[0] = greater_of(m[0], load<T>(x + i));
    m[1] = greater_of(m[1], load<T>(x + n - W));
    return greatest_lane<T>(greater_of(greater_of(m[0], m[1]), greater_of(m[2], m[3])));
}

INLINE bool is_finite(double x) { return x - x == 0; }

// Is a row's target the first of its greatest entries? A row with a NaN has none.
void find_hits(const float* x, const int64_t* targets, char* hits, int64_t rows, int64_t n) {
    constexpr int W = lanes<float>;
    Int lane{};
    for (int j = 0; j < W; ++j) lane[j] = j;
    for (int64_t i = 0; i < rows; ++i, x += n) {
        const int target = int(targets[i]);
        const Float top = broadcast(x[target]);
        Int missed{};
        for (int k = 0; k < n; k += W) {
            const Float v = n - k >= W ? load<float>(x + k) : load_first(x + k, int(n - k), float(-infinity));
            missed |= ~((v < top) | ((v <= top) & (lane + k >= target)));
        }
        hits[i] = !any_lane<float>(missed);
    }
}

template <class T> int64_t collect(const T* x, int64_t n, T least, int64_t* places, int64_t room) {
    int64_t found = 0;
    over_row<T>(n, [&](int64_t i, int count) INLINE_LAMBDA {
        const Vector<T> v = count == lanes<T> ? load<T>(x + i) : load_first(x + i, count, T(-infinity));
        if (!any_lane<T>(~(v < broadcast(least)))) return;
        for (int j = 0; j < count; ++j)
            if (!(x[i + j] < least)) {
                if (found < room) places[found] = i + j;
                ++found;
            }
    });
    return found;
}

}  // namespace
