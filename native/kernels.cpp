// Compiled once per instruction set: fills the table that NORMEXP_KERNELS names. Free of the C++ library.
#include "cross_entropy.hpp"
#include "dispatch.hpp"
#include "matrix.hpp"
#include "optimizers.hpp"
#include "softmax.hpp"

namespace {

template <class T> void softmax(const T* x, int64_t x_row, T* out, int64_t out_row, int64_t rows, int64_t n) {
    if (n > few_classes) {
        for (int64_t i = 0; i < rows; ++i) softmax_row(x + i * x_row, out + i * out_row, n);
        return;
    }
    for (int64_t i = 0; i < rows; i += lanes<T>) {
        const int count = rows - i < lanes<T> ? int(rows - i) : lanes<T>;
        softmax_of_few(x + i * x_row, x_row, out + i * out_row, out_row, count, n);
    }
}

template <class T> void log_softmax(const T* x, int64_t x_row, T* out, int64_t out_row, int64_t rows, int64_t n) {
    for (int64_t i = 0; i < rows; ++i) log_softmax_row(x + i * x_row, out + i * out_row, n);
}

template <class T> void logsumexp(const T* x, int64_t x_row, T* out, int64_t rows, int64_t n) {
    for (int64_t i = 0; i < rows; ++i) out[i] = logsumexp_row(x + i * x_row, n);
}

template <class T> void exponential(const T* x, T* out, int64_t n) {
    constexpr int W = lanes<T>;
    for (int64_t i = 0; i < n; i += W) {
        const int count = n - i < W ? int(n - i) : W;
        store_first(out + i, exp_with_carry<T>(load_first(x + i, count, T(0)), Vector<T>{}), count);
    }
}

void batch_loss(BatchLoss& batch) {
    for (int64_t i = 0; i < batch.rows; ++i) {
        const float* logits = batch.logits + i * batch.classes;
        const int32_t target = batch.targets[i];
        const float weight = batch.weights ? batch.weights[i] : 1;
        bool correct = true;  // the first of equal logits is the prediction
        for (int64_t k = 0; k < batch.classes; ++k) correct &= k < target ? logits[k] < logits[target] : logits[k] <= logits[target];
        float loss;
        if (batch.deltas) {
            float* delta = batch.deltas + i * batch.classes;
            loss = cross_entropy_gradient_row(logits, target, delta, batch.classes);
            const float factor = weight * batch.scale;
            for (int64_t k = 0; k < batch.classes; ++k) delta[k] *= factor;
        } else {
            loss = cross_entropy_row(logits, target, batch.classes);
        }
        batch.loss += double(weight) * loss;
        batch.correct += correct ? weight : 0;
        batch.weight += weight;
    }
}

template <class T> constexpr RowKernels<T> rows_of() {
    return {softmax<T>, log_softmax<T>, logsumexp<T>, cross_entropy_row<T>, cross_entropy_gradient_row<T>, exponential<T>};
}

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

}  // namespace

extern const Kernels NORMEXP_KERNELS;
constinit const Kernels NORMEXP_KERNELS = {
    TEXT(NORMEXP_KERNELS) + sizeof "kernels_" - 1, rows_of<float>(), rows_of<double>(), product_tiles, multiply, sum_columns, transpose, adam, batch_loss,
};
