// Rows of any length, by the kernel for that length: few classes W rows at a time, short rows by groups of W, longer ones each by itself.
#pragma once
#include "kernels/few_classes.hpp"
#include "kernels/short_rows.hpp"

namespace {

// Rows of few classes: W at a time; the last ones in a buffer of W rows.
template <class T, class Whole, class Part> INLINE void over_lanes_of_rows(int64_t rows, const Whole& whole, const Part& part) {
    constexpr int W = lanes<T>;
    int64_t i = 0;
    for (; i + W <= rows; i += W) whole(i);
    if (i < rows) part(i, int(rows - i));
}

template <class T> void copy_rows(const T* from, int64_t from_row, T* to, int64_t to_row, int rows, int64_t n) {
    for (int i = 0; i < rows; ++i)
        for (int64_t k = 0; k < n; ++k) to[i * to_row + k] = from[i * from_row + k];
}

template <class T, int n, class Lanes> INLINE void map_few(const T* x, int64_t x_row, T* out, int64_t out_row, int64_t rows, const Lanes& of_lanes) {
    over_lanes_of_rows<T>(
        rows, [&](int64_t i) INLINE_LAMBDA { of_lanes(x + i * x_row, x_row, out + i * out_row, out_row); },
        [&](int64_t i, int count) INLINE_LAMBDA {
            T part[lanes<T> * n] = {};
            copy_rows(x + i * x_row, x_row, part, n, count, n);
            of_lanes(part, n, part, n);
            copy_rows(part, n, out + i * out_row, out_row, count, n);
        });
}

// Calls body(first, count) for groups of W rows.
template <class T, class F> INLINE void over_groups(int64_t rows, const F& body) {
    for (int64_t i = 0; i < rows; i += lanes<T>) body(i, rows - i < lanes<T> ? int(rows - i) : lanes<T>);
}

// Rows of any length, by the kernel for that length: of_lanes<n> for few classes, of_group, of_row.
template <class T, class Lanes, class Group, class Row>
INLINE void map_by_length(const T* x, int64_t x_row, T* out, int64_t out_row, int64_t rows, int64_t n, const Lanes& of_lanes, Group of_group, Row of_row) {
    if (n <= few_classes)
        with_classes<few_classes>(n, [&]<int few>() INLINE_LAMBDA { map_few<T, few>(x, x_row, out, out_row, rows, of_lanes.template operator()<few>()); });
    else if (n <= short_row)
        over_groups<T>(rows, [&](int64_t i, int count) INLINE_LAMBDA { of_group(x + i * x_row, x_row, out + i * out_row, out_row, count, n); });
    else
        for (int64_t i = 0; i < rows; ++i) of_row(x + i * x_row, out + i * out_row, n);
}

template <class T> void softmax(const T* x, int64_t x_row, T* out, int64_t out_row, int64_t rows, int64_t n) {
    map_by_length(x, x_row, out, out_row, rows, n, []<int few>() { return softmax_of_lanes<T, few>; }, softmax_of_group<T>, softmax_row<T>);
}

template <class T> void log_softmax(const T* x, int64_t x_row, T* out, int64_t out_row, int64_t rows, int64_t n) {
    map_by_length(x, x_row, out, out_row, rows, n, []<int few>() { return log_softmax_of_lanes<T, few>; }, log_softmax_of_group<T>, log_softmax_row<T>);
}

template <class T> void logsumexp(const T* x, int64_t x_row, T* out, int64_t rows, int64_t n) {
    if (n > short_row) {
        for (int64_t i = 0; i < rows; ++i) out[i] = logsumexp_of(exact_sum_of_row(x + i * x_row, n), x + i * x_row, n);
        return;
    }
    over_groups<T>(rows, [&](int64_t i, int count) INLINE_LAMBDA {
        T results[lanes<T>];
        if (n > few_classes) logsumexp_of_group(x + i * x_row, x_row, results, count, n);
        else with_classes<few_classes>(n, [&]<int few>() INLINE_LAMBDA {
            T part[lanes<T> * few] = {};
            const bool whole = count == lanes<T>;
            if (!whole) copy_rows(x + i * x_row, x_row, part, few, count, few);
            logsumexp_of_lanes<T, few>(whole ? x + i * x_row : part, whole ? x_row : few, results);
        });
        for (int j = 0; j < count; ++j) out[i + j] = results[j];
    });
}

template <class T>
void cross_entropy(const T* x, int64_t x_row, const int64_t* targets, const T* scales, T* losses, T* gradient, int64_t gradient_row, int64_t rows, int64_t n) {
    const auto gradient_of = [&](int64_t i) { return gradient ? gradient + i * gradient_row : gradient; };
    if (n > short_row)
        for (int64_t i = 0; i < rows; ++i) losses[i] = cross_entropy_row(x + i * x_row, targets[i], scales[i], gradient_of(i), n);
    else if (n > few_classes)
        over_groups<T>(rows, [&](int64_t i, int count) INLINE_LAMBDA {
            cross_entropy_of_group(x + i * x_row, x_row, targets + i, scales + i, losses + i, gradient_of(i), gradient_row, count, n);
        });
    else with_classes<few_classes>(n, [&]<int few>() INLINE_LAMBDA {
        over_lanes_of_rows<T>(
            rows,
            [&](int64_t i) INLINE_LAMBDA {
                cross_entropy_of_lanes<T, few>(x + i * x_row, x_row, targets + i, scales + i, losses + i, gradient_of(i), gradient_row);
            },
            [&](int64_t i, int count) INLINE_LAMBDA {
                T part[lanes<T> * few] = {}, scale[lanes<T>] = {}, loss[lanes<T>];
                int64_t target[lanes<T>] = {};
                copy_rows(x + i * x_row, x_row, part, few, count, few);
                for (int j = 0; j < count; ++j) { target[j] = targets[i + j]; scale[j] = scales[i + j]; }
                cross_entropy_of_lanes<T, few>(part, few, target, scale, loss, gradient ? part : gradient, few);
                for (int j = 0; j < count; ++j) losses[i + j] = loss[j];
                if (gradient) copy_rows(part, few, gradient + i * gradient_row, gradient_row, count, few);
            });
    });
}

template <class T>
void weighted_cross_entropy(const T* x, int64_t x_row, const T* base, int64_t base_row, const int64_t* targets, const T* hots, const T* zs, const T* scales, T* losses,
                            T* gradient, int64_t gradient_row, int64_t rows, int64_t n) {
    for (int64_t i = 0; i < rows; ++i)
        losses[i] = weighted_cross_entropy_row<T>(x + i * x_row, {base + i * base_row, hots[i], targets[i]}, zs[i], scales[i], gradient ? gradient + i * gradient_row : gradient, n);
}

}  // namespace
