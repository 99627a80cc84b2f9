// Across the lanes of vectors: trees that reduce one vector or W of them at once, exchanges and transposes.
#pragma once
#include "base/vector.hpp"

namespace {

// A tree over the lanes of one vector: after the steps every lane holds the result. `combine` gets the vector and its mirror.
template <int... I> struct Order {};
template <int count> struct OrderOf;
template <> struct OrderOf<2> { using type = Order<0, 1>; };
template <> struct OrderOf<4> { using type = Order<0, 1, 2, 3>; };
template <> struct OrderOf<8> { using type = Order<0, 1, 2, 3, 4, 5, 6, 7>; };
template <> struct OrderOf<16> { using type = Order<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>; };

template <int distance, class V, int... I> INLINE V mirrored(V v, Order<I...>) { return __builtin_shufflevector(v, v, (I ^ distance)...); }

template <int distance, class V> INLINE V mirrored(V v) {
    return mirrored<distance>(v, typename OrderOf<int(sizeof(V) / sizeof(v[0]))>::type{});
}

template <class V, class F> INLINE auto over_lanes(V v, F&& combine) {
    constexpr int count = int(sizeof(V) / sizeof(v[0]));
    if constexpr (count > 8) v = combine(v, mirrored<8>(v));
    if constexpr (count > 4) v = combine(v, mirrored<4>(v));
    if constexpr (count > 2) v = combine(v, mirrored<2>(v));
    v = combine(v, mirrored<1>(v));
    return v[0];
}

template <class T> INLINE bool any_lane(Integers<T> mask) { return over_lanes(mask, [](Integers<T> a, Integers<T> b) INLINE_LAMBDA { return a | b; }) != 0; }

template <class T> INLINE T greatest_lane(Vector<T> v) {
    return over_lanes(v, [](Vector<T> a, Vector<T> b) INLINE_LAMBDA { return greater_of(a, b); });
}

// Lanes whose number has the bit `distance` are exchanged between a (its lanes with the bit) and b (its lanes without).
template <int distance, class V, int... I> INLINE void exchange(V& a, V& b, Order<I...>) {
    constexpr int W = int(sizeof...(I));
    const V low = __builtin_shufflevector(a, b, ((I & distance) ? W + (I ^ distance) : I)...);
    b = __builtin_shufflevector(a, b, ((I & distance) ? W + I : (I ^ distance))...);
    a = low;
}

template <int distance, class V> INLINE void exchange_all(V* v) {
    constexpr int W = int(sizeof(V) / sizeof(v[0][0]));
    for (int i = 0; i < W; ++i)
        if (!(i & distance)) exchange<distance>(v[i], v[i + distance], typename OrderOf<W>::type{});
}

// Transposes W vectors of W lanes. Wide steps first: best if only the first of the results are used.
template <class V> INLINE void transpose_lanes(V* v) {
    constexpr int W = int(sizeof(V) / sizeof(v[0][0]));
    if constexpr (W > 8) exchange_all<8>(v);
    if constexpr (W > 4) exchange_all<4>(v);
    if constexpr (W > 2) exchange_all<2>(v);
    exchange_all<1>(v);
}

// The same with narrow steps first: best if only the first of the inputs are not zero.
template <class V> INLINE void transpose_lanes_back(V* v) {
    constexpr int W = int(sizeof(V) / sizeof(v[0][0]));
    exchange_all<1>(v);
    if constexpr (W > 2) exchange_all<2>(v);
    if constexpr (W > 4) exchange_all<4>(v);
    if constexpr (W > 8) exchange_all<8>(v);
}

// Reduces W vectors at once, each to the lane of its number, by the tree of over_lanes.
template <int distance, class V, class F> INLINE void reduce_step(V* v, const F& combine) {
    for (int i = 0; i < distance; ++i) {
        exchange<distance>(v[i], v[i + distance], typename OrderOf<int(sizeof(V) / sizeof(v[0][0]))>::type{});
        v[i] = combine(v[i], v[i + distance]);
    }
}

template <class V, class F> INLINE V reduced(V* v, const F& combine) {
    constexpr int W = int(sizeof(V) / sizeof(v[0][0]));
    if constexpr (W > 8) reduce_step<8>(v, combine);
    if constexpr (W > 4) reduce_step<4>(v, combine);
    if constexpr (W > 2) reduce_step<2>(v, combine);
    reduce_step<1>(v, combine);
    return v[0];
}

}  // namespace
