#include "trees/binning.hpp"

#include "base/threads.hpp"

namespace normexp {

namespace {

// How many of n rising thresholds a value is above, without a branch that depends on it.
int64_t above(const double* thresholds, int64_t n, double value) {
    const double* first = thresholds;
    while (n > 1) {
        const int64_t half = n / 2;
        first += first[half - 1] < value ? half : 0;
        n -= half;
    }
    return first - thresholds + (n == 1 && first[0] < value);
}

}  // namespace

template <class T> void bins_of(Values<T> matrix, const int64_t* rows, int64_t n_rows, int n_features, const double* thresholds, const int64_t* firsts, uint8_t* out, int threads) {
    constexpr int64_t rows_of_block = 8'192;
    const int64_t n_blocks = (n_rows + rows_of_block - 1) / rows_of_block;
    parallel(threads, n_blocks * n_features, [&](int64_t begin, int64_t end) {
        for (int64_t piece = begin; piece < end; ++piece) {
            const int64_t feature = piece % n_features, first = piece / n_features * rows_of_block;  // a block's cells are near each other, whatever the layout
            const int64_t last = first + rows_of_block < n_rows ? first + rows_of_block : n_rows;
            const double* of_feature = thresholds + firsts[feature];
            const int64_t n = firsts[feature + 1] - firsts[feature];
            for (int64_t i = first; i < last; ++i) {
                const double value = double(matrix.first[rows[i] * matrix.row + feature * matrix.column]);
                out[feature * n_rows + i] = value != value ? uint8_t(0) : uint8_t(1 + above(of_feature, n, value));
            }
        }
    });
}

template void bins_of<float>(Values<float>, const int64_t*, int64_t, int, const double*, const int64_t*, uint8_t*, int);
template void bins_of<double>(Values<double>, const int64_t*, int64_t, int, const double*, const int64_t*, uint8_t*, int);

}  // namespace normexp
