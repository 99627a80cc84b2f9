// One long row on all threads: its sum has the same order, and the same bits, on any number of them.
#pragma once
#include <algorithm>
#include <vector>

#include "base/threads.hpp"
#include "dispatch/dispatch.hpp"

namespace normexp {

// A number of blocks for each thread: maximum, sum, result. The order of the sum is that of the row kernels.
template <class T> RowSum shared_sum(const T* x, int64_t n, bool careful) {
    const RowKernels<T>& call = row_kernels<T>();
    const int64_t blocks = (n + block_entries - 1) / block_entries;
    const auto size_of = [&](int64_t block) { return std::min(block_entries, n - block * block_entries); };
    std::vector<RowSum> sums(size_t(blocks), RowSum{0});
    if (!careful && n * int64_t(sizeof(T)) > cached_row_bytes) {
        parallel(default_threads(), blocks, [&](int64_t first, int64_t end) {
            for (int64_t b = first; b < end; ++b) sums[size_t(b)] = call.own_block_sum(x + b * block_entries, size_of(b));
        });
        for (int64_t b = 1; b < blocks; ++b) call.merge(sums[0], sums[size_t(b)]);
        return sums[0];
    }
    parallel(default_threads(), blocks, [&](int64_t first, int64_t end) {
        for (int64_t b = first; b < end; ++b) sums[size_t(b)].maximum = double(call.maximum(x + b * block_entries, size_of(b)));
    });
    double maximum = sums[0].maximum;
    for (const RowSum& block : sums) maximum = std::max(maximum, block.maximum);
    if (maximum - maximum != 0) return {maximum};
    RowSum all = call.empty_sum(T(maximum), careful);
    parallel(default_threads(), blocks, [&](int64_t first, int64_t end) {
        for (int64_t b = first; b < end; ++b) sums[size_t(b)] = call.block_sum(x + b * block_entries, size_of(b), T(maximum), careful);
    });
    for (const RowSum& block : sums) append(all, block);
    return all;
}

inline bool worth_splitting(int64_t rows, int64_t n) { return default_threads() > 1 && rows < 2 * default_threads() && n >= 4 * block_entries; }

}  // namespace normexp
