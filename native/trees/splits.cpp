#include "trees/splits.hpp"

#include <algorithm>
#include <cstring>

#include "base/threads.hpp"
#include "dispatch/dispatch.hpp"

namespace normexp {

namespace {

constexpr size_t vector_at_most = 16;  // floats that a kernel writes at once

template <int width> struct Cell {
    int32_t values[width] = {};

    void add(const int32_t* other) {
        for (int i = 0; i < width; ++i) values[i] += other[i];
    }

    bool any() const {
        return std::any_of(values, values + width, [](int32_t v) { return v != 0; });
    }
};

template <int width> class Scan {
public:
    explicit Scan(const Search& search) : search_(search), cells_(size_t(search.n_leaves) * most_bins), gains_(most_bins + vector_at_most) {}

    // The best split of a feature, its gain the sum over leaves of the scores of both sides.
    Found of(int32_t feature) {
        const int n_bins = search_.bins.n_bins[feature];
        fill(feature, n_bins);
        bool any_missing = false;
        for (int leaf = 0; leaf < search_.n_leaves; ++leaf) any_missing |= cells_[size_t(leaf) * size_t(n_bins)].any();
        Found best;
        for (int above = 0; above <= int(any_missing); ++above) {  // missing values with the lower bins, then with the greater ones
            std::fill_n(gains_.begin(), n_bins, 0.0f);
            for (int leaf = 0; leaf < search_.n_leaves; ++leaf)
                kernels().split_gains({cells_[size_t(leaf) * size_t(n_bins)].values, width, above, n_bins, search_.rows.gradient_unit, search_.rows.hessian_unit, search_.l2}, gains_.data());
            for (int bin = any_missing && !above ? 0 : 1; bin + 1 < n_bins; ++bin)
                if (gains_[size_t(bin)] > best.gain) best = {{feature, uint8_t(bin), above != 0}, gains_[size_t(bin)]};
        }
        return best;
    }

private:
    void fill(int32_t feature, int n_bins) {
        std::memset(cells_.data(), 0, size_t(search_.n_leaves) * size_t(n_bins) * sizeof(Cell<width>));
        const uint8_t *bins = search_.bins.of(feature), *leaves = search_.leaves.data();
        const int32_t* values = search_.rows.values.data();
        for (int64_t row = 0; row < search_.bins.n_rows; ++row) cells_[size_t(leaves[row] * n_bins + bins[row])].add(values + row * width);
    }

    const Search& search_;
    std::vector<Cell<width>> cells_;
    std::vector<float> gains_;
};

// What the leaves are worth as they are: a histogram of one bin.
template <int width> float without_split(const Search& search) {
    std::vector<Cell<width>> totals(size_t(search.n_leaves));
    for (int64_t row = 0; row < search.bins.n_rows; ++row) totals[search.leaves[size_t(row)]].add(search.rows.values.data() + row * width);
    std::vector<float> gains(1 + vector_at_most);
    for (const auto& total : totals) kernels().split_gains({total.values, width, 0, 1, search.rows.gradient_unit, search.rows.hessian_unit, search.l2}, gains.data());
    return gains[0];
}

template <int width> Found best_of(const Search& search) {
    std::vector<Found> found(search.features.size());
    parallel(search.threads, int64_t(search.features.size()), [&](int64_t first, int64_t end) {
        Scan<width> scan(search);
        for (int64_t i = first; i < end; ++i) found[size_t(i)] = scan.of(search.features[size_t(i)]);
    });
    const float before = without_split<width>(search);
    Found best;
    best.gain = before * (1 + 1e-5f);  // more than rounding
    for (const Found& one : found)
        if (one.gain > best.gain) best = one;
    best.gain -= before;
    return best;
}

}  // namespace

Found best_split(const Search& search) { return search.rows.width == 2 ? best_of<2>(search) : search.rows.width == 4 ? best_of<4>(search) : best_of<8>(search); }

}  // namespace normexp
