// Softmax of rows that lie side by side (axis=0), W of them at a time: a lane a row, line by line of memory, without transposing.
// The bits are those of the row kernels: slot l of the sums takes what lane l takes there, and the slots are added as the lanes are.
#pragma once
#include "kernels/few_classes.hpp"
#include "kernels/row_group.hpp"

namespace {

constexpr int most_vectors = vector_registers == 32 ? 32 : 16;  // of columns at once: their sums stay in the first-level cache, or near it

// The slots of one vector of columns, `apart` apart, added as the lanes of a row are.
INLINE LaneSum<float> slot_total(Sum<float>* slots, int apart) {
    for (int distance = lanes<float> / 2; distance > 0; distance /= 2)
        for (int i = 0; i < distance; ++i) {
            slots[i * apart].low += slots[(i + distance) * apart].low;
            slots[i * apart].high += slots[(i + distance) * apart].high;
        }
    return {slots[0].low, slots[0].high};
}

INLINE LaneSum<double> slot_total(Sum<double>* slots, int apart) {
    for (int distance = lanes<double> / 2; distance > 0; distance /= 2)
        for (int i = 0; i < distance; ++i) {
            slots[i * apart].add(slots[(i + distance) * apart].sum);
            slots[i * apart].lost += slots[(i + distance) * apart].lost;
        }
    return {slots[0].sum, slots[0].lost};
}

INLINE RowSum row_of(const LaneSum<float>& sums, int i) { return {.maximum = 0, .others = i < lanes<double> ? sums.low[i] : sums.high[i - lanes<double>]}; }
INLINE RowSum row_of(const LaneSum<double>& sums, int i) { return {.maximum = 0, .others = sums.sum[i], .rest = sums.lost[i]}; }

template <class T> struct ColumnInverse {
    Vector<T> high, low;
    INLINE Vector<T> times(Vector<T> e) const { return fma(e, high, e * low); }
};

// As the row kernels of this length: for the group at once, or each row by itself.
template <class T> INLINE ColumnInverse<T> column_inverse(LaneSum<T> sums, const Tops<false, T>& tops, Vector<T> ties, int64_t n) {
    if (n <= short_row) {
        tops.add_to(sums, ties);
        const LaneInverse<T> inverse(sums);
        return {inverse.high, inverse.low};
    }
    ColumnInverse<T> inverse{};
    for (int i = 0; i < lanes<T>; ++i) {
        RowSum row = row_of(sums, i);
        row.top = empty_sum<false>(T(tops.maxima[i])).top;
        row.ties = double(ties[i]);
        const Inverse<T> one = inverse_of<T>(row);
        inverse.high[i] = one.high[0];
        inverse.low[i] = one.low[0];
    }
    return inverse;
}

// Some vectors of columns, all their lines from the first to the last in each of three passes: maximum, exponential and sum, quotient.
template <class T> struct Columns {
    static constexpr int W = lanes<T>;
    const T* x;
    int64_t x_line;
    T* out;
    int64_t out_line, n;
    int vectors;
    Vector<T> maxima[most_vectors], ties[most_vectors];
    Reference<T> references[most_vectors];
    ColumnInverse<T> inverses[most_vectors];
    Sum<T> slots[lanes<T> * most_vectors];
    Vector<T> lost[lanes<T> * most_vectors];

    INLINE bool find_maxima() {
        for (int j = 0; j < vectors; ++j) maxima[j] = broadcast(T(-infinity));
        for (int64_t i = 0; i < n; ++i)
            for (int j = 0; j < vectors; ++j) maxima[j] = greater_of(maxima[j], load<T>(x + i * x_line + j * W));
        for (int j = 0; j < vectors; ++j) {
            if (any_lane<T>((maxima[j] - maxima[j]) != Vector<T>{})) return false;
            references[j] = reference_for<T>(maxima[j]);
            ties[j] = Vector<T>{};
        }
        for (int s = 0; s < W * vectors; ++s) slots[s] = Sum<T>{}, lost[s] = Vector<T>{};
        return true;
    }

    INLINE Vector<T> exponential(int64_t i, int j) {
        const Vector<T> v = load<T>(x + i * x_line + j * W);
        const Pair<T> e = exp_relative<T>(v, references[j]);
        store<T>(out + i * out_line + j * W, e.big);
        if constexpr (sums_need_losses) {
            const int slot = int(i % W) * vectors + j;
            lost[slot] += e.small;
            slots[slot].add(e.big);
            return e.big;
        }
        const Integers<T> apart = v != maxima[j];
        ties[j] += apart ? Vector<T>{} : broadcast(T(1));
        return apart ? e.big : Vector<T>{};
    }

    INLINE void add_exponentials() {
        if constexpr (sums_need_losses) {
            for (int64_t i = 0; i < n; ++i)
                for (int j = 0; j < vectors; ++j) exponential(i, j);
            for (int s = 0; s < W * vectors; ++s) slots[s].add(lost[s]);
        } else {
            add_by_fours();
        }
        for (int j = 0; j < vectors; ++j) inverses[j] = column_inverse<T>(slot_total(slots + j, vectors), Tops<false, T>(maxima[j]), ties[j], n);
    }

    INLINE void add_by_fours() {
        int64_t i = 0;
        for (; i + 4 * W <= n; i += 4 * W)
            for (int l = 0; l < W; ++l)
                for (int j = 0; j < vectors; ++j) {
                    const Vector<T> a = exponential(i + l, j), b = exponential(i + W + l, j), c = exponential(i + 2 * W + l, j), d = exponential(i + 3 * W + l, j);
                    slots[l * vectors + j].add((a + b) + (c + d));
                }
        for (bool pairs = i + 2 * W <= n; pairs; pairs = false, i += 2 * W)
            for (int l = 0; l < W; ++l)
                for (int j = 0; j < vectors; ++j) slots[l * vectors + j].add(exponential(i + l, j) + exponential(i + W + l, j));
        for (int l = 0; l < W && i + l < n; ++l)
            for (int j = 0; j < vectors; ++j) {
                const Vector<T> e = exponential(i + l, j);
                slots[l * vectors + j].add(i + W + l < n ? e + exponential(i + W + l, j) : e);
            }
    }

    INLINE void divide() {
        for (int64_t i = 0; i < n; ++i)
            for (int j = 0; j < vectors; ++j) {
                T* const at = out + i * out_line + j * W;
                store<T>(at, inverses[j].times(load<T>(at)));
            }
    }
};

// Few lines: W columns are what the kernel of few classes makes of W rows.
template <class T, int n> void softmax_of_few_lines(const T* x, int64_t x_line, T* out, int64_t out_line, int vectors) {
    for (int j = 0; j < vectors * lanes<T>; j += lanes<T>) {
        Vector<T> e[n];
        for (int k = 0; k < n; ++k) e[k] = load<T>(x + k * x_line + j);
        softmax_in_lanes<T, n>(e);
        for (int k = 0; k < n; ++k) store<T>(out + k * out_line + j, e[k]);
    }
}

// `vectors` times W columns of n lines each. False, and nothing written, where the row kernels must do it: maxima that are not finite, other sums.
template <class T> bool softmax_of_columns(const T* x, int64_t x_line, T* out, int64_t out_line, int64_t n, int vectors) {
    if (n <= few_classes) {
        with_classes<few_classes>(n, [&]<int few>() INLINE_LAMBDA { softmax_of_few_lines<T, few>(x, x_line, out, out_line, vectors); });
        return true;
    }
    if (always_careful || n > block_entries || vectors > most_vectors) return false;
    Columns<T> columns;
    columns.x = x, columns.x_line = x_line, columns.out = out, columns.out_line = out_line, columns.n = n, columns.vectors = vectors;
    if (!columns.find_maxima()) return false;
    columns.add_exponentials();
    columns.divide();
    return true;
}

}  // namespace
