// What each bin of a leaf's histogram would be worth as a split: squares of the gradients on both sides over their hessians.
//
// Bins lie side by side in a vector's lanes; sums below a bin are exact integers, and every lane does the same IEEE operations, none of them fused: the bits are those of any
// instruction set.
#pragma once
#include "base/operands.hpp"
#include "base/vector.hpp"

namespace {

constexpr int bins_at_most = 256;

template <int width> INLINE void gains_of_leaf(const LeafHistogram& leaf, float* gains) {
    float below[width][bins_at_most + lanes<float>];
    int32_t total[width] = {}, sum[width] = {};
    for (int i = 0; i < width; ++i) store<float>(below[i] + leaf.n_bins, Float{});  // lanes that are looked at for nothing
    for (int bin = leaf.first_bin; bin < leaf.n_bins; ++bin)
        for (int i = 0; i < width; ++i) below[i][bin] = float(sum[i] += leaf.cells[bin * width + i]);
    for (int i = 0; i < width; ++i) total[i] = sum[i] + (leaf.first_bin ? leaf.cells[i] : 0);
    if (total[width - 1] == 0) return;  // no rows, or none that counts
    const float h = leaf.hessian_unit, g = leaf.gradient_unit;
    const Float hessian_unit = broadcast(h), l2 = broadcast(leaf.l2), square_unit = broadcast(g * g), whole_h = broadcast(float(total[width - 1]));
    for (int bin = leaf.first_bin; bin < leaf.n_bins; bin += lanes<float>) {
        Float squares_below{}, squares_above{};
        for (int i = 0; i + 1 < width; ++i) {
            const Float b = load<float>(below[i] + bin), a = broadcast(float(total[i])) - b;
            squares_below = squares_below + b * b;
            squares_above = squares_above + a * a;
        }
        const Float hb = load<float>(below[width - 1] + bin), ha = whole_h - hb;
        const Float gain = squares_below * square_unit / (hb * hessian_unit + l2) + squares_above * square_unit / (ha * hessian_unit + l2);
        store<float>(gains + bin, load<float>(gains + bin) + gain);
    }
}

void split_gains(const LeafHistogram& leaf, float* gains) {
    if (leaf.width == 2) gains_of_leaf<2>(leaf, gains);
    else if (leaf.width == 4) gains_of_leaf<4>(leaf, gains);
    else gains_of_leaf<8>(leaf, gains);
}

}  // namespace
