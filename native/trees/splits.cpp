#include "trees/splits.hpp"

#include <algorithm>
#include <numeric>

#include "base/threads.hpp"
#include "dispatch/dispatch.hpp"

namespace normexp {

namespace {

constexpr size_t vector_at_most = 16;         // floats that a kernel writes at once
constexpr int64_t most_kept = int64_t(1) << 25;  // integers of all features' histograms that are kept

template <int width> void add(int32_t* to, const int32_t* from) {
    for (int i = 0; i < width; ++i) to[i] += from[i];
}

}  // namespace

Search::Search(const Bins& bins, const Quantised& rows, const std::vector<int32_t>& features, float l2, int threads)
    : bins_(bins), rows_(rows), features_(features), l2_(l2), threads_(threads), kept_(features.size()) {
    used_.reserve(size_t(bins.n_rows));
    for (int64_t row = 0; row < bins.n_rows; ++row)
        if (rows.values[size_t((row + 1) * rows.width - 1)] >= 0) used_.push_back(int32_t(row));
}

// Does keeping pay: are the rows that are not counted again more than the cells that are subtracted, and is there room?
bool Search::keeps(int level) const {
    int64_t n_bins = 0;
    for (int32_t feature : features_) n_bins += bins_.n_bins[feature];
    const int64_t n_cells = n_bins << level;
    return n_cells * rows_.width <= most_kept && n_cells <= int64_t(used_.size()) * int64_t(features_.size()) / 2;
}

// Which leaves have rows.
void Search::count_rows(const std::vector<uint8_t>& leaves, int level) {
    counts_.assign(size_t(1) << level, 0);
    for (int32_t row : used_) ++counts_[leaves[size_t(row)]];
    filled_.clear();
    for (size_t leaf = 0; leaf < counts_.size(); ++leaf)
        if (counts_[leaf]) filled_.push_back(int32_t(leaf));
}

// The rows of each parent's child of fewer rows.
void Search::choose_rows(const std::vector<uint8_t>& leaves, int level) {
    const int half = 1 << (level - 1);
    second_is_counted_.assign(size_t(half), 0);
    for (int parent = 0; parent < half; ++parent) second_is_counted_[size_t(parent)] = counts_[size_t(parent + half)] <= counts_[size_t(parent)];
    counted_.clear();
    for (int32_t row : used_) {
        const int leaf = leaves[size_t(row)];
        if (second_is_counted_[size_t(leaf & (half - 1))] == (leaf >= half)) counted_.push_back(row);
    }
}

// From the histograms of the parents to those of the children, in place: a parent's cells become those of its first child, the second child's follow those of all first ones.
template <int width> void Search::children(int feature, const std::vector<uint8_t>& leaves, int level, int32_t* cells) const {
    const int n_bins = bins_.n_bins[feature];
    const uint8_t* bins = bins_.of(feature);
    const int32_t* values = rows_.values.data();
    if (level == 0) {
        std::fill_n(cells, n_bins * width, 0);
        for (int32_t row : used_) add<width>(cells + bins[row] * width, values + int64_t(row) * width);
        return;
    }
    const int half = 1 << (level - 1), n_cells = half * n_bins * width;
    std::fill_n(cells + n_cells, n_cells, 0);
    for (int32_t row : counted_) add<width>(cells + n_cells + ((leaves[size_t(row)] & (half - 1)) * n_bins + bins[row]) * width, values + int64_t(row) * width);
    for (int parent = 0; parent < half; ++parent) {
        int32_t *first = cells + parent * n_bins * width, *second = first + n_cells;
        if (second_is_counted_[size_t(parent)])
            for (int i = 0; i < n_bins * width; ++i) first[i] -= second[i];
        else
            for (int i = 0; i < n_bins * width; ++i) {
                const int32_t counted = second[i];
                second[i] = first[i] - counted;
                first[i] = counted;
            }
    }
}

// Of all leaves' histograms of a feature; its gain is the sum over leaves of the scores of both sides.
template <int width> Found Search::best_of_feature(int feature, const int32_t* cells, float* gains) const {
    const int n_bins = bins_.n_bins[feature];
    bool any_missing = false;
    for (int32_t leaf : filled_)
        for (int i = 0; i < width; ++i) any_missing |= cells[leaf * n_bins * width + i] != 0;
    Found best;
    for (int above = 0; above <= int(any_missing); ++above) {  // missing values with the lower bins, then with the greater ones
        std::fill_n(gains, n_bins, 0.0f);
        for (int32_t leaf : filled_)
            kernels().split_gains({cells + leaf * n_bins * width, width, above, n_bins, rows_.gradient_unit, rows_.hessian_unit, l2_}, gains);
        for (int bin = any_missing && !above ? 0 : 1; bin + 1 < n_bins; ++bin)
            if (gains[bin] > best.gain) best = {{int32_t(feature), uint8_t(bin), above != 0}, gains[bin]};
    }
    return best;
}

template <int width> Found Search::best_of(const std::vector<uint8_t>& leaves, int level) {
    const int n_leaves = 1 << level;
    const bool from_parents = level > 0 && !kept_.empty() && !kept_[0].empty(), kept = keeps(level);
    count_rows(leaves, level);
    if (from_parents) choose_rows(leaves, level);
    std::vector<Found> found(features_.size());
    parallel(threads_, int64_t(features_.size()), [&](int64_t first, int64_t end) {
        std::vector<float> gains(most_bins + vector_at_most);
        std::vector<int32_t> scratch;
        for (int64_t i = first; i < end; ++i) {
            const int32_t feature = features_[size_t(i)];
            const size_t n_cells = size_t(n_leaves) * size_t(bins_.n_bins[feature]) * width;
            std::vector<int32_t>& cells = kept || from_parents ? kept_[size_t(i)] : scratch;
            if (level == 0 || from_parents) {
                cells.resize(n_cells);
                children<width>(feature, leaves, level, cells.data());
            } else {
                cells.assign(n_cells, 0);
                const uint8_t* bins = bins_.of(feature);
                const int32_t* values = rows_.values.data();
                const int n_bins = bins_.n_bins[feature];
                for (int32_t row : used_) add<width>(cells.data() + (leaves[size_t(row)] * n_bins + bins[row]) * width, values + int64_t(row) * width);
            }
            found[size_t(i)] = best_of_feature<width>(feature, cells.data(), gains.data());
            if (!kept) std::vector<int32_t>().swap(kept_[size_t(i)]);
        }
    });
    std::vector<int32_t> totals(size_t(n_leaves) * width, 0);  // what the leaves are worth as they are: histograms of one bin
    for (int32_t row : used_) add<width>(totals.data() + leaves[size_t(row)] * width, rows_.values.data() + int64_t(row) * width);
    std::vector<float> gains(1 + vector_at_most);
    for (int leaf = 0; leaf < n_leaves; ++leaf) kernels().split_gains({totals.data() + leaf * width, width, 0, 1, rows_.gradient_unit, rows_.hessian_unit, l2_}, gains.data());
    const float before = gains[0];
    Found best;
    best.gain = before * (1 + 1e-5f);  // more than rounding
    for (const Found& one : found)
        if (one.gain > best.gain) best = one;
    best.gain -= before;
    return best;
}

Found Search::best(const std::vector<uint8_t>& leaves, int level) {
    return rows_.width == 2 ? best_of<2>(leaves, level) : rows_.width == 4 ? best_of<4>(leaves, level) : best_of<8>(leaves, level);
}

}  // namespace normexp
