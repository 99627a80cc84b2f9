// The split of a level: histograms of quantised gradients, and the question that lowers the loss most.
#pragma once
#include <cstdint>
#include <vector>

#include "trees/forest.hpp"

namespace normexp {

// What a split is judged by, a row: numbers of a few directions of its gradient, then its hessian, as integers whose sums over all rows fit into 32 bits: they are exact, and do
// not depend on an order.
struct Quantised {
    int width;  // 2, 4 or 8, the last of them the hessian: -1 for rows that a tree is not grown on
    std::vector<int32_t> values;
    float gradient_unit = 0, hessian_unit = 0;  // what an integer stands for
};

struct Found {
    Split split;
    float gain = 0;  // above no split
};

// The search for the questions of one tree, level by level. Histograms of a level are kept for the next one where rows are many: of two children only the one of fewer rows is
// counted, the other is what is left of their parent. Sums are exact, so this changes no bit.
class Search {
public:
    Search(const Bins&, const Quantised&, const std::vector<int32_t>& features, float l2, int threads);

    // The best split of all leaves alike, the first of equal ones; `leaves` are those of the rows after the splits before, 2^level of them.
    Found best(const std::vector<uint8_t>& leaves, int level);

private:
    template <int width> Found best_of(const std::vector<uint8_t>& leaves, int level);
    template <int width> void children(int feature, const std::vector<uint8_t>& leaves, int level, int32_t* cells) const;
    template <int width> Found best_of_feature(int feature, const int32_t* cells, float* gains) const;
    void count_rows(const std::vector<uint8_t>& leaves, int level);
    void choose_rows(const std::vector<uint8_t>& leaves, int level);
    bool keeps(int level) const;

    const Bins& bins_;
    const Quantised& rows_;
    const std::vector<int32_t>& features_;
    float l2_;
    int threads_;
    std::vector<int64_t> counts_;                // of each leaf's rows
    std::vector<int32_t> filled_;                // leaves with rows
    std::vector<int32_t> used_;                  // rows that the tree is grown on
    std::vector<int32_t> counted_;               // those of the children that are counted
    std::vector<uint8_t> second_is_counted_;     // of each parent: which child
    std::vector<std::vector<int32_t>> kept_;     // of each feature, the histograms of the level before
};

}  // namespace normexp
