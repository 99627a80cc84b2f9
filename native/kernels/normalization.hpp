// Batch normalisation (Ioffe and Szegedy 2015) and layer normalisation (Ba, Kiros and Hinton 2016): y = (x - mean) / sqrt(variance + epsilon) gamma + beta.
// The moments are those of the columns of a batch, or of each row; variances divide by the number of entries. Sums are kept in double.
#pragma once
#include "base/operands.hpp"
#include "base/vector.hpp"

namespace {

INLINE double reciprocal_root(double x) { return 1 / __builtin_sqrt(x); }

// Mean and 1 / standard deviation of every column; `sums` is scratch of 2 x columns.
void column_moments(const Normalization& m, double* sums) {
    double* const squares = sums + m.columns;
    for (int64_t j = 0; j < m.columns; ++j) sums[j] = squares[j] = 0;
    for (int64_t i = 0; i < m.rows; ++i)
        for (int64_t j = 0; j < m.columns; ++j) sums[j] += double(m.x[i * m.columns + j]);
    for (int64_t j = 0; j < m.columns; ++j) sums[j] /= double(m.rows);
    for (int64_t i = 0; i < m.rows; ++i)
        for (int64_t j = 0; j < m.columns; ++j) {
            const double d = double(m.x[i * m.columns + j]) - sums[j];
            squares[j] += d * d;
        }
    for (int64_t j = 0; j < m.columns; ++j) {
        m.mean[j] = float(sums[j]);
        m.inverse[j] = float(reciprocal_root(squares[j] / double(m.rows) + double(m.epsilon)));
    }
}

void normalize_columns(const Normalization& m) {
    for (int64_t i = 0; i < m.rows; ++i)
        for (int64_t j = 0; j < m.columns; ++j) {
            const float value = (m.x[i * m.columns + j] - m.mean[j]) * m.inverse[j];
            m.y[i * m.columns + j] = value * (m.scale ? m.scale[j] : 1) + (m.shift ? m.shift[j] : 0);
        }
}

void row_moments(const Normalization& m) {
    for (int64_t i = 0; i < m.rows; ++i) {
        double sum = 0, squares = 0;
        for (int64_t j = 0; j < m.columns; ++j) sum += double(m.x[i * m.columns + j]);
        sum /= double(m.columns);
        for (int64_t j = 0; j < m.columns; ++j) {
            const double d = double(m.x[i * m.columns + j]) - sum;
            squares += d * d;
        }
        m.mean[i] = float(sum);
        m.inverse[i] = float(reciprocal_root(squares / double(m.columns) + double(m.epsilon)));
    }
}

void normalize_rows(const Normalization& m) {
    for (int64_t i = 0; i < m.rows; ++i)
        for (int64_t j = 0; j < m.columns; ++j) {
            const float value = (m.x[i * m.columns + j] - m.mean[i]) * m.inverse[i];
            m.y[i * m.columns + j] = value * (m.scale ? m.scale[j] : 1) + (m.shift ? m.shift[j] : 0);
        }
}

// Sums over the rows of deltas, and of deltas times normalised x: the gradients of beta and gamma. `by_row`: whose moments.
template <bool by_row> INLINE void sum_gradients(const Normalization& m, const NormalizationGradient& g, double* shifts, double* scales) {
    for (int64_t j = 0; j < m.columns; ++j) shifts[j] = scales[j] = 0;
    for (int64_t i = 0; i < m.rows; ++i)
        for (int64_t j = 0; j < m.columns; ++j) {
            const int64_t at = i * m.columns + j, moment = by_row ? i : j;
            const double delta = double(g.deltas[at]);
            shifts[j] += delta;
            scales[j] += delta * double((m.x[at] - m.mean[moment]) * m.inverse[moment]);
        }
    for (int64_t j = 0; j < m.columns; ++j) {
        if (g.shift) g.shift[j] = float(shifts[j]);
        if (g.scale) g.scale[j] = float(scales[j]);
    }
}

// With the batch's own moments (`fixed` false) they depend on x as well. `sums` is scratch of 2 x columns.
void column_gradients(const Normalization& m, const NormalizationGradient& g, double* sums, bool fixed) {
    double* const scales = sums + m.columns;
    sum_gradients<false>(m, g, sums, scales);
    if (!g.wanted_below) return;
    const double share = fixed ? 0 : 1 / double(m.rows);
    for (int64_t i = 0; i < m.rows; ++i)
        for (int64_t j = 0; j < m.columns; ++j) {
            const int64_t at = i * m.columns + j;
            const double normal = double((m.x[at] - m.mean[j]) * m.inverse[j]), slope = double(m.inverse[j]) * (m.scale ? double(m.scale[j]) : 1);
            g.deltas[at] = float(slope * (double(g.deltas[at]) - share * (sums[j] + normal * scales[j])));
        }
}

void row_gradients(const Normalization& m, const NormalizationGradient& g, double* sums) {
    sum_gradients<true>(m, g, sums, sums + m.columns);
    if (!g.wanted_below) return;
    for (int64_t i = 0; i < m.rows; ++i) {
        double mean = 0, slope = 0;
        for (int64_t j = 0; j < m.columns; ++j) {
            const int64_t at = i * m.columns + j;
            const double delta = double(g.deltas[at]) * (m.scale ? double(m.scale[j]) : 1);
            mean += delta;
            slope += delta * double((m.x[at] - m.mean[i]) * m.inverse[i]);
        }
        mean /= double(m.columns);
        slope /= double(m.columns);
        for (int64_t j = 0; j < m.columns; ++j) {
            const int64_t at = i * m.columns + j;
            const double delta = double(g.deltas[at]) * (m.scale ? double(m.scale[j]) : 1), normal = double((m.x[at] - m.mean[i]) * m.inverse[i]);
            g.deltas[at] = float(double(m.inverse[i]) * (delta - mean - normal * slope));
        }
    }
}

}  // namespace
