#include "trees/prediction.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/threads.hpp"

namespace normexp {

namespace {

constexpr int64_t rows_at_a_time = 64;

template <class T> void logits_of(const Questions& forest, Values<T> matrix, int64_t first, int64_t n, float* out, std::vector<double>& sums) {
    const int n_outputs = forest.n_outputs;
    for (int64_t i = 0; i < n; ++i) std::copy_n(forest.base, n_outputs, sums.begin() + i * n_outputs);
    uint32_t leaves[rows_at_a_time];
    for (int i_tree = 0; i_tree < forest.n_chosen; ++i_tree) {
        const int tree = forest.chosen ? forest.chosen[i_tree] : i_tree;
        std::fill_n(leaves, n, 0u);
        for (int level = 0; level < forest.depth; ++level) {
            const int64_t at = int64_t(tree) * forest.depth + level;
            if (forest.features[at] < 0) continue;
            const T* values = matrix.first + first * matrix.row + forest.features[at] * matrix.column;
            const double threshold = forest.thresholds[at];
            const bool missing = forest.missing[at], any = threshold < -std::numeric_limits<double>::max();  // is there a value?
            for (int64_t i = 0; i < n; ++i) {
                const double value = double(values[i * matrix.row]);
                leaves[i] |= uint32_t(value != value ? missing : any || value > threshold) << level;
            }
        }
        const float* of_tree = forest.leaves + (int64_t(tree) << forest.depth) * n_outputs;
        for (int64_t i = 0; i < n; ++i)
            for (int k = 0; k < n_outputs; ++k) sums[size_t(i * n_outputs + k)] += double(of_tree[int64_t(leaves[i]) * n_outputs + k]);
    }
    for (int64_t i = 0; i < n * n_outputs; ++i) out[i] = float(sums[size_t(i)]);
}

}  // namespace

template <class T> void forest_logits(const Questions& forest, Values<T> matrix, int64_t n_rows, float* out, int threads) {
    const int64_t n_pieces = (n_rows + rows_at_a_time - 1) / rows_at_a_time;
    const int64_t work = n_rows * forest.n_chosen * (forest.depth + forest.n_outputs);
    parallel(std::max(1, threads_worth(work, threads)), n_pieces, [&](int64_t begin, int64_t end) {
        std::vector<double> sums(size_t(rows_at_a_time * forest.n_outputs));
        for (int64_t piece = begin; piece < end; ++piece) {
            const int64_t first = piece * rows_at_a_time;
            logits_of(forest, matrix, first, std::min(rows_at_a_time, n_rows - first), out + first * forest.n_outputs, sums);
        }
    });
}

template void forest_logits<float>(const Questions&, Values<float>, int64_t, float*, int);
template void forest_logits<double>(const Questions&, Values<double>, int64_t, float*, int);

}  // namespace normexp
