// The sum of the exponentials of at most a block of a row, in a fixed order that depends on n alone: four vectors by a tree, then lanes that carry more precision.
//
// For logarithms the entries equal to the maximum contribute exactly 1 each and are counted apart, so that log S = log1p((count - 1) + rest) keeps
// the tail that log(S) loses (Blanchard, Higham and Higham 2021, "Accurately computing the log-sum-exp and softmax functions").
// For probabilities only quotients count: all exponentials share a power of two, which saves the subtraction of the maximum (exp_relative); the largest
// of them, whose error would be that of the whole sum, is known in double.
#pragma once
#include "base/first_lanes.hpp"
#include "base/relative_exponential.hpp"
#include "base/row_sum.hpp"
#include "kernels/greatest.hpp"
#include "kernels/sum.hpp"

namespace {

// What the exponentials of a row are relative to. Careful: the maximum itself, whose ties are counted apart; else a power of two near it.
template <bool careful, class T> struct Top;

template <class T> struct Top<true, T> {
    Vector<T> maximum;
    INLINE Pair<T> exponential(Vector<T> x) const { return exp_of_difference<T>(x, maximum); }
};

template <class T> struct Top<false, T> {
    Vector<T> maximum;
    Reference<T> reference;
    INLINE Pair<T> exponential(Vector<T> x) const { return exp_relative<T>(x, reference); }
};

// Without fused multiply-add, exponentials that are reduced from x itself are not good enough for the bound.
constexpr bool always_careful = !fma_is_fused;

template <bool careful, class T> INLINE Top<careful, T> top_of(Vector<T> maximum) {
    if constexpr (careful) return {maximum};
    else return {maximum, reference_for<T>(maximum)};
}

// Are the entries at the maximum kept out of the sum? Next to them the others would be rounded, and for logarithms the sum less 1 is needed.
template <bool careful> constexpr bool tops_apart = careful || !sums_need_losses;

// Adds one(i, count), the terms of a stretch: four vectors by a tree, then two, then what is left.
template <class T, class F> INLINE void add_by_fours(int64_t n, Sum<T>& sum, const F& one) {
    constexpr int W = lanes<T>;
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
        const Vector<T> a = one(i, W), b = one(i + W, W), c = one(i + 2 * W, W), d = one(i + 3 * W, W);
        sum.add((a + b) + (c + d));
    }
    if (i + 2 * W <= n) {
        sum.add(one(i, W) + one(i + W, W));
        i += 2 * W;
    }
    if (i + W < n) sum.add(one(i, W) + one(i + W, int(n - i - W)));
    else if (i < n) sum.add(one(i, int(n - i)));
}

// The sum over at most a block, where tops_apart less the entries at the maximum, which are counted in `ties`. The exponentials
// are kept unless `kept` is null; what lies `ahead` is then brought into the second-level cache: the next rows, most often.
template <bool careful, class T> INLINE Sum<T> sum_of_block(const T* x, int64_t n, const Top<careful, T>& top, T* kept, Vector<T>& ties, int64_t ahead = 0) {
    constexpr int W = lanes<T>;
    Sum<T> sum{};
    Vector<T> lost{};
    auto one = [&](int64_t i, int count) INLINE_LAMBDA {
        const Vector<T> v = count == W ? load<T>(x + i) : load_first(x + i, count, T(-infinity));
        Pair<T> e = top.exponential(v);
        if (kept) {
            count == W ? store<T>(kept + i, e.big) : store_first(kept + i, e.big, count);
            __builtin_prefetch(x + i + ahead, 0, 2);
        }
        if constexpr (tops_apart<careful>) {
            const Integers<T> apart = v != top.maximum;  // a NaN is, so that it gets into the sum
            ties += apart ? Vector<T>{} : broadcast(T(1));
            e = {apart ? e.big : Vector<T>{}, apart ? e.small : Vector<T>{}};
        }
        if constexpr (sums_need_losses) {
            lost += e.small;
            sum.add(e.big);
        }
        return e.big;
    };
    if constexpr (sums_need_losses) {
        int64_t i = 0;
        for (; i + 4 * W <= n; i += 4 * W)
            for (int u = 0; u < 4; ++u) one(i + u * W, W);
        for (; i + W <= n; i += W) one(i, W);
        if (i < n) one(i, int(n - i));
        sum.add(lost);
    } else {
        add_by_fours<T>(n, sum, one);
    }
    return sum;
}

// The sum of no block yet.
template <bool careful, class T> INLINE RowSum empty_sum(T maximum) {
    RowSum row{double(maximum)};
    if constexpr (careful) row.shift = row.maximum, row.top = unit<T>;
    if constexpr (!careful) {
        const Vector<T> m = broadcast(maximum);
        const Reference<T> reference = reference_for<T>(m);
        row.shift = double(reference.shift[0]);
        row.exponent = double(reference.exponent[0]);
        if constexpr (!tops_apart<careful>) return row;
        if constexpr (sizeof(T) == sizeof(float)) row.top = top_exponential(m, reference).low[0];
        else row.top = exp_relative<T>(m, reference).big[0];
    }
    return row;
}

// As sum_of_block, relative to the maximum itself, with the terms in two parts.
template <class T> INLINE Sum<T> exact_sum_of_block(const T* x, int64_t n, Vector<T> maximum, Vector<T>& ties) {
    constexpr int W = lanes<T>;
    Sum<T> sum{};
    auto one = [&](int64_t i, int count) INLINE_LAMBDA {
        const Vector<T> v = count == W ? load<T>(x + i) : load_first(x + i, count, T(-infinity));
        const Pair<T> e = exp_pair_of_difference<T>(v, maximum);
        const Integers<T> apart = v != maximum;
        ties += apart ? Vector<T>{} : broadcast(T(1));
        sum.add(apart ? e.big : Vector<T>{});
        return apart ? e.small : Vector<T>{};
    };
    int64_t i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
        const Vector<T> a = one(i, W), b = one(i + W, W), c = one(i + 2 * W, W), d = one(i + 3 * W, W);
        sum.add((a + b) + (c + d));
    }
    for (; i + W <= n; i += W) sum.add(one(i, W));
    if (i < n) sum.add(one(i, int(n - i)));
    return sum;
}

template <class T> INLINE RowSum exact_block_sum(const T* x, int64_t n, T maximum) {
    RowSum block{double(maximum)};
    Vector<T> ties{};
    block.others = exact_sum_of_block<T>(x, n, broadcast(maximum), ties).total(block.rest);
    block.ties = double(over_lanes(ties, [](Vector<T> a, Vector<T> b) INLINE_LAMBDA { return a + b; }));
    return block;
}

template <bool careful, class T> INLINE RowSum block_sum(const T* x, int64_t n, T maximum, T* kept, int64_t ahead = 0) {
    RowSum block{double(maximum)};
    Vector<T> ties{};
    block.others = sum_of_block<careful, T>(x, n, top_of<careful, T>(broadcast(maximum)), kept, ties, ahead).total(block.rest);
    block.ties = double(over_lanes(ties, [](Vector<T> a, Vector<T> b) INLINE_LAMBDA { return a + b; }));
    return block;
}

}  // namespace
