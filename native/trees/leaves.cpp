#include "trees/leaves.hpp"

#include <algorithm>

#include "base/threads.hpp"

namespace normexp {

void leaf_values(const std::vector<uint8_t>& leaf_of_row, int n_leaves, const float* gradients, const float* hessians, int n_outputs, const LeafOptions& options, int threads, float* out) {
    constexpr int64_t rows_of_block = 16'384;
    const int64_t n_rows = int64_t(leaf_of_row.size()), n_blocks = (n_rows + rows_of_block - 1) / rows_of_block;
    const size_t n = size_t(n_leaves) * size_t(n_outputs);
    std::vector<double> sums(size_t(std::max<int64_t>(n_blocks, 1)) * 2 * n);
    parallel(threads, n_blocks, [&](int64_t first, int64_t end) {
        for (int64_t block = first; block < end; ++block) {
            double *g = sums.data() + size_t(block) * 2 * n, *h = g + n;
            for (int64_t row = block * rows_of_block; row < std::min(n_rows, (block + 1) * rows_of_block); ++row) {
                const size_t at = size_t(leaf_of_row[size_t(row)]) * size_t(n_outputs);
                for (int k = 0; k < n_outputs; ++k) {
                    g[at + size_t(k)] += gradients[row * n_outputs + k];
                    h[at + size_t(k)] += hessians[row * n_outputs + k];
                }
            }
        }
    });
    for (int64_t block = 1; block < n_blocks; ++block)
        for (size_t i = 0; i < 2 * n; ++i) sums[i] += sums[size_t(block) * 2 * n + i];
    for (size_t i = 0; i < n; ++i) {
        const double step = -sums[i] / (sums[n + i] + double(options.l2));
        out[i] = float(std::clamp(step, -double(options.most), double(options.most))) * options.learning_rate;
    }
}

}  // namespace normexp
