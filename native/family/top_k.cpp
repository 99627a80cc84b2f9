// The k largest entries of rows, without sorting the rows: what cannot be among them is passed over by the vector.
#include <algorithm>
#include <functional>
#include <vector>

#include "dispatch/dispatch.hpp"
#include "family/rows.hpp"
#include "family/scratch.hpp"
#include "family/sharing.hpp"

namespace normexp {
namespace {

// Places of at least k entries (their number is returned) among which the k largest are: all that reach a threshold which a sample of the row suggests.
template <class T> int64_t find_candidates(const T* x, int64_t n, int64_t k, int64_t* places) {
    constexpr int64_t samples = 1024;
    const int64_t wanted = std::max<int64_t>(8, 4 * k * samples / n), stride = n / samples;
    if (n >= 4 * samples && wanted < samples / 2) {
        std::vector<T> sample(samples, T(0));
        for (int64_t i = 0; i < samples; ++i) sample[size_t(i)] = x[i * stride] != x[i * stride] ? T(__builtin_huge_val()) : x[i * stride];
        std::nth_element(sample.begin(), sample.begin() + wanted, sample.end(), std::greater<T>());
        const int64_t found = row_kernels<T>().collect(x, n, sample[size_t(wanted)], places, n);
        if (found >= k) return found;
    }
    for (int64_t i = 0; i < n; ++i) places[i] = i;
    return n;
}

// As the row kernel of softmax sums.
template <class T> RowSum sum_of(const T* x, int64_t n, T maximum) {
    const RowKernels<T>& call = row_kernels<T>();
    const bool merged = n * int64_t(sizeof(T)) > cached_row_bytes;
    RowSum sum = merged ? call.own_block_sum(x, block_entries) : call.empty_sum(maximum, false);
    for (int64_t i = merged ? block_entries : 0; i < n; i += block_entries) {
        const int64_t size = std::min(block_entries, n - i);
        if (merged) call.merge(sum, call.own_block_sum(x + i, size));
        else append(sum, call.block_sum(x + i, size, maximum, false));
    }
    return sum;
}

template <class T> void top_k_of_row(const T* x, int64_t n, int64_t k, int64_t* best, T* probabilities, int64_t* places, std::vector<T>& row) {
    const RowKernels<T>& call = row_kernels<T>();
    const int64_t found = find_candidates(x, n, k, places);
    const auto before = [x](int64_t a, int64_t b) {
        const bool a_nan = x[a] != x[a], b_nan = x[b] != x[b];
        if (a_nan || b_nan) return a_nan != b_nan ? a_nan : a < b;
        return x[a] != x[b] ? x[a] > x[b] : a < b;
    };
    if (k < found) std::nth_element(places, places + k, places + found, before);
    std::sort(places, places + k, before);
    std::copy_n(places, k, best);
    const T maximum = call.maximum(x, n);
    if (n > call.long_row && maximum - maximum == 0) {  // as softmax does it for a row of this length, but for the k alone
        const RowSum sum = sum_of(x, n, maximum);
        for (int64_t j = 0; j < k; ++j) probabilities[j] = x[best[j]];
        return call.write_softmax(probabilities, probabilities, k, sum);
    }
    row.resize(size_t(n));
    call.softmax(x, n, row.data(), n, 1, n);
    for (int64_t j = 0; j < k; ++j) probabilities[j] = row[size_t(best[j])];
}

}  // namespace

template <class T> void top_k(const T* x, int64_t rows, int64_t n, int64_t k, int64_t* places, T* probabilities) {
    share(rows, n, [&](int64_t first, int64_t end) {
        const auto candidates = uninitialised<int64_t>(n);
        std::vector<T> row;
        for (int64_t i = first; i < end; ++i) top_k_of_row(x + i * n, n, k, places + i * k, probabilities + i * k, candidates.get(), row);
    });
}

template void top_k<float>(const float*, int64_t, int64_t, int64_t, int64_t*, float*);
template void top_k<double>(const double*, int64_t, int64_t, int64_t, int64_t*, double*);

}  // namespace normexp
