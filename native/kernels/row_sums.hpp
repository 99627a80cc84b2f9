// The sum of the exponentials of a whole row, block by block: relative to the row's maximum, or to the maximum of each block, which reads a row beyond the caches once.
#pragma once
#include "kernels/block_sums.hpp"

namespace {

template <bool careful, class T> INLINE RowSum sum_of_row(const T* x, int64_t n, T* kept) {
    const T maximum = row_maximum(x, n);
    RowSum row = empty_sum<careful>(maximum);
    if (!is_finite(row.maximum)) return row;
    for (int64_t i = 0; i < n; i += block_entries)
        append(row, block_sum<careful>(x + i, n - i < block_entries ? n - i : block_entries, maximum, kept ? kept + i : kept, n));
    return row;
}

// A block by itself, so that a row beyond the caches is read once for maximum and sum.
template <class T> INLINE RowSum own_block_sum(const T* x, int64_t n) {
    const T maximum = row_maximum(x, n);
    if (is_finite(double(maximum))) {
        RowSum row = empty_sum<always_careful>(maximum);
        append(row, block_sum<always_careful, T>(x, n, maximum, nullptr));
        return row;
    }
    RowSum row{double(maximum)};
    for (int64_t i = 0; i < n; ++i) row.others += x[i] != x[i] ? double(x[i]) : 0;
    return row;
}

// Adds a block with a maximum of its own: the lower of the two is scaled to the higher, most often by a power of two.
INLINE void merge(RowSum& sum, const RowSum& block) {
    if (block.maximum == sum.maximum) return append(sum, block);
    const RowSum low = block.maximum < sum.maximum ? block : sum;
    if (block.maximum > sum.maximum) sum = block;
    if (!is_finite(sum.maximum)) return;
    const double apart = low.shift == sum.shift ? 1 : exponential_of<double>(broadcast(low.shift - sum.shift))[0];
    const double factor = __builtin_ldexp(apart, int(low.exponent - sum.exponent));
    append(sum, {.maximum = sum.maximum, .others = (low.ties * low.top + low.others) * factor, .rest = low.rest * factor});
}

template <class T> INLINE RowSum merged_sum_of_row(const T* x, int64_t n) {
    RowSum row = own_block_sum(x, block_entries);
    for (int64_t i = block_entries; i < n; i += block_entries) merge(row, own_block_sum(x + i, n - i < block_entries ? n - i : block_entries));
    return row;
}

template <class T> INLINE RowSum exact_sum_of_row(const T* x, int64_t n) {
    const T maximum = row_maximum(x, n);
    RowSum row = empty_sum<true>(maximum);
    for (int64_t i = 0; is_finite(row.maximum) && i < n; i += block_entries) append(row, exact_block_sum(x + i, n - i < block_entries ? n - i : block_entries, maximum));
    return row;
}

}  // namespace
