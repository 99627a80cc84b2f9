// Compiled once per instruction set: fills the table that NORMEXP_KERNELS names. Free of the C++ library.
#include "dispatch/dispatch.hpp"
#include "kernels/activations.hpp"
#include "kernels/by_length.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/layout.hpp"
#include "kernels/matrix.hpp"
#include "kernels/noise.hpp"
#include "kernels/normalization.hpp"
#include "kernels/optimizers.hpp"
#include "kernels/softmax_columns.hpp"
#include "kernels/split_gains.hpp"

namespace {

template <class T> T maximum(const T* x, int64_t n) { return row_maximum(x, n); }

template <class T> RowSum no_block(T maximum, bool careful) { return careful ? empty_sum<true>(maximum) : empty_sum<always_careful>(maximum); }

template <class T> RowSum sum_own_block(const T* x, int64_t n) { return own_block_sum(x, n); }

void merge_blocks(RowSum& sum, const RowSum& block) { merge(sum, block); }

template <class T> RowSum sum_block(const T* x, int64_t n, T maximum, bool careful) {
    return careful ? exact_block_sum(x, n, maximum) : block_sum<always_careful, T>(x, n, maximum, nullptr);
}

template <class T> void exponential(const T* x, T* out, int64_t n) { over_entries(x, out, n, [](Vector<T> v) INLINE_LAMBDA { return exponential_of<T>(v); }); }
template <class T> void sigmoid(const T* x, T* out, int64_t n) { over_entries(x, out, n, [](Vector<T> v) INLINE_LAMBDA { return sigmoid_of<T>(v); }); }
template <class T> void log_sigmoid(const T* x, T* out, int64_t n) { over_entries(x, out, n, [](Vector<T> v) INLINE_LAMBDA { return in_double(v, log_sigmoid_in_double); }); }
template <class T> void softplus(const T* x, T* out, int64_t n) { over_entries(x, out, n, [](Vector<T> v) INLINE_LAMBDA { return in_double(v, softplus_in_double); }); }
template <class T> void logit(const T* x, T* out, int64_t n) { over_entries(x, out, n, [](Vector<T> v) INLINE_LAMBDA { return in_double(v, logit_in_double); }); }

template <class T> constexpr RowKernels<T> rows_of() {
    return {softmax<T>, log_softmax<T>, logsumexp<T>, cross_entropy<T>, weighted_cross_entropy<T>, short_row,
            maximum<T>, no_block<T>, sum_block<T>, sum_own_block<T>, merge_blocks, write_softmax<T>, write_log_softmax<T>, logsumexp_of<T>,
            collect<T>, softmax_of_columns<T>, lanes<T>, most_vectors, gather<T>, scatter<T>, exponential<T>, sigmoid<T>, log_sigmoid<T>, softplus<T>, logit<T>};
}

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

}  // namespace

extern const Kernels NORMEXP_KERNELS;
constinit const Kernels NORMEXP_KERNELS = {
    TEXT(NORMEXP_KERNELS) + sizeof "kernels_" - 1, rows_of<float>(), rows_of<double>(), gather_half, scatter_half,
    product_tiles, multiply, find_hits, activate, activation_backward, column_moments, normalize_columns, row_moments, normalize_rows,
    column_gradients, row_gradients, drop, add_noise, update, moving_average, split_gains,
};
