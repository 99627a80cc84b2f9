// Cross-entropy of rows, with targets, scales and losses as columns beside them.
#include <algorithm>
#include <vector>

#include "family/gathering.hpp"
#include "family/rows.hpp"
#include "family/scratch.hpp"
#include "family/sharing.hpp"

namespace normexp {
namespace {

template <class T> std::vector<T> read_column(const Column& column, int64_t first, int64_t count) {
    std::vector<T> values(size_t(count), T(0));
    for (int64_t i = 0; i < count; ++i) values[size_t(i)] = *reinterpret_cast<const T*>(column.data + (first + i) * column.step);
    return values;
}

template <class T> void write_column(const std::vector<T>& values, const Column& column, int64_t first) {
    for (size_t i = 0; i < values.size(); ++i) *reinterpret_cast<T*>(column.data + (first + int64_t(i)) * column.step) = values[i];
}

// Rows of T where the kernels can read them: in place, or gathered.
template <class T> struct Readable {
    std::unique_ptr<T[]> scratch;
    const T* data;
    int64_t row;

    Readable(const RowLayout& rows, int64_t first, int64_t count, int64_t n) : data(at<T>(rows, first)), row(rows.row / int64_t(sizeof(T))) {
        if (in_place<T>(rows, n)) return;
        scratch = uninitialised<T>(count * n);
        gather<T>(rows, first, count, n, scratch.get(), n);
        data = scratch.get();
        row = n;
    }
};

// Calls kernel(first, count, losses, gradient, gradient_row) for pieces of rows, and puts losses and gradients where they belong.
template <class T, class Kernel> void loss_rows(const Column& losses, const RowLayout& gradient, int64_t rows, int64_t n, const Kernel& kernel) {
    share(rows, n, [&](int64_t start, int64_t end) {
        const int64_t piece = std::clamp<int64_t>(scratch_entries / std::max<int64_t>(n, 1), 16, rows_at_once);
        const bool scattered = gradient.data && !in_place<T>(gradient, n);
        const auto scratch = uninitialised<T>(scattered ? piece * n : 0);
        for (int64_t i = start; i < end; i += piece) {
            const int64_t count = std::min(piece, end - i);
            std::vector<T> values(size_t(count), T(0));
            T* const to = !gradient.data ? nullptr : scattered ? scratch.get() : at<T>(gradient, i);
            kernel(i, count, values.data(), to, scattered ? n : gradient.row / int64_t(sizeof(T)));
            write_column(values, losses, i);
            if (scattered) scatter<T>(scratch.get(), n, gradient, i, count, n);
        }
    });
}

}  // namespace

template <class T> void cross_entropy(RowLayout x, Column targets, Column scales, Column losses, RowLayout gradient, int64_t rows, int64_t n) {
    loss_rows<T>(losses, gradient, rows, n, [&](int64_t first, int64_t count, T* values, T* to, int64_t to_row) {
        const Readable<T> from(x, first, count, n);
        row_kernels<T>().cross_entropy(from.data, from.row, read_column<int64_t>(targets, first, count).data(), read_column<T>(scales, first, count).data(), values, to, to_row,
                                       count, n);
    });
}

template <class T>
void weighted_cross_entropy(RowLayout x, RowLayout base, Column targets, Column hots, Column zs, Column scales, Column losses, RowLayout gradient, int64_t rows, int64_t n) {
    loss_rows<T>(losses, gradient, rows, n, [&](int64_t first, int64_t count, T* values, T* to, int64_t to_row) {
        const Readable<T> from(x, first, count, n), weights(base, first, count, n);
        row_kernels<T>().weighted_cross_entropy(from.data, from.row, weights.data, weights.row, read_column<int64_t>(targets, first, count).data(),
                                                read_column<T>(hots, first, count).data(), read_column<T>(zs, first, count).data(),
                                                read_column<T>(scales, first, count).data(), values, to, to_row, count, n);
    });
}

#define FOR_COMPUTED(T)                                                                                \
    template void cross_entropy<T>(RowLayout, Column, Column, Column, RowLayout, int64_t, int64_t);    \
    template void weighted_cross_entropy<T>(RowLayout, RowLayout, Column, Column, Column, Column, Column, RowLayout, int64_t, int64_t);

FOR_COMPUTED(float)
FOR_COMPUTED(double)

}  // namespace normexp
