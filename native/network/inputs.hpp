// From the rows of a table's matrix to the inputs of a network, in one pass over each row: numbers scaled and clipped, indicators of missing ones,
// codes one-hot or as statistics of theirs, numbers again as what they reach of each bin.
// float64 with every operation rounded by itself, as NumPy does it: the bits are the same on every instruction set.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace normexp {

// Which columns go where. Inputs come in this order: numbers, indicators, the codes of each category, the statistics of each wide one (a row a code,
// one column's after the other's), the bins of each binned number (one fewer than its edges, which rise).
struct InputPlan {
    const int64_t* numbers;
    const double *centres, *scales;
    int64_t n_numbers;
    const int64_t* indicators;
    int64_t n_indicators;
    const int64_t *categories, *n_codes;
    int64_t n_categories;
    const int64_t *wide, *n_wide_codes;
    const double* statistics;
    int64_t n_wide, n_statistics;
    const int64_t *binned, *n_edges;
    const double* edges;
    int64_t n_binned, n_inputs;
};

// A matrix in any layout; distances in entries.
template <class T> struct Cells {
    const T* first;
    int64_t row, column;
};

constexpr double huge = 1e15;  // keeps the square in the clip finite

// x / sqrt(1 + (x / 3)^2) of (value - centre) * scale; a missing one, and infinity in a constant column, is 0
inline float number_input(double value, double centre, double scale) {
    double x = (value - centre) * scale;
    x = x != x ? 0.0 : std::min(std::max(x, -huge), huge);
    const double third = x / 3;
    return float(x / std::sqrt(third * third + 1));
}

// How much of each bin lies below the value: 1 for those below its own, a part of its own, 0 for those above and where it is missing.
inline void fill_bins(double value, const double* edges, int64_t n_bins, float* out) {
    const auto half = [](double x) { return x / 2; };  // differences of halves do not overflow
    for (int64_t j = 0; j < n_bins && value > edges[j]; ++j)
        out[j] = value >= edges[j + 1] ? 1.0f : float((half(value) - half(edges[j])) / (half(edges[j + 1]) - half(edges[j])));
}

template <class T> void fill_row(const InputPlan& plan, const T* cells, int64_t column, float* out) {
    for (int64_t k = 0; k < plan.n_numbers; ++k) out[k] = number_input(double(cells[plan.numbers[k] * column]), plan.centres[k], plan.scales[k]);
    out += plan.n_numbers;
    for (int64_t k = 0; k < plan.n_indicators; ++k) {
        const T cell = cells[plan.indicators[k] * column];
        out[k] = cell != cell ? 1.0f : 0.0f;
    }
    out += plan.n_indicators;
    std::fill_n(out, plan.n_inputs - plan.n_numbers - plan.n_indicators, 0.0f);
    for (int64_t k = 0; k < plan.n_categories; ++k) {
        const double code = double(cells[plan.categories[k] * column]);
        if (code >= 0 && code < double(plan.n_codes[k])) out[int64_t(code)] = 1.0f;  // an unseen or missing one is all zeros
        out += plan.n_codes[k];
    }
    const double* statistics = plan.statistics;
    for (int64_t k = 0; k < plan.n_wide; ++k) {
        const double code = double(cells[plan.wide[k] * column]);
        if (code >= 0 && code < double(plan.n_wide_codes[k])) std::copy_n(statistics + int64_t(code) * plan.n_statistics, plan.n_statistics, out);
        statistics += plan.n_wide_codes[k] * plan.n_statistics;
        out += plan.n_statistics;
    }
    const double* edges = plan.edges;
    for (int64_t k = 0; k < plan.n_binned; ++k) {
        fill_bins(double(cells[plan.binned[k] * column]), edges, plan.n_edges[k] - 1, out);
        edges += plan.n_edges[k];
        out += plan.n_edges[k] - 1;
    }
}

// On one thread: a piece of rows is done before a waiting thread on a busy machine has begun.
template <class T> void fill_inputs(const InputPlan& plan, Cells<T> matrix, int64_t n_rows, float* out) {
    for (int64_t i = 0; i < n_rows; ++i) fill_row(plan, matrix.first + i * matrix.row, matrix.column, out + i * plan.n_inputs);
}

}  // namespace normexp
