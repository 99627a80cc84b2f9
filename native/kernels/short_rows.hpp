// Rows of some ten to some hundred classes: a group of W rows at a time. What is done once a row (reducing the lanes of the maximum and of the
// sum, the logarithm, the inverse) is done for the group at once, one lane a row; the exponentials are done along each row.
// A row's bits do not depend on its place in the group.
#pragma once
#include "kernels/cross_entropy.hpp"
#include "kernels/row_group.hpp"

namespace {

template <class T> void softmax_of_group(const T* x, int64_t x_row, T* out, int64_t out_row, int count, int64_t n) {
    constexpr int W = lanes<T>;
    T replacements[W * short_row];
    Group<T> group(x, x_row, out, out_row, count, n);
    group.find_maxima(replacements);
    const Tops<always_careful, T> tops(group.maxima);
    Sum<T> sums[W];
    Vector<T> ties[W]{};
    for (int i = 0; i < W; ++i) sums[i] = sum_of_block<always_careful, T>(group.x[i], n, tops.of_row(i), group.out[i], ties[i], W * n);
    LaneSum<T> total = sums_of_rows(sums);
    tops.add_to(total, reduced_sum<T>(ties));
    const LaneInverse<T> inverses(total);
    for (int i = 0; i < W; ++i) multiply_row(group.out[i], n, inverses.of_row(i));
}

// The sums less the 1 of one maximum.
template <class T> INLINE LaneSum<T> sums_less_one(const Group<T>& group, T* const* kept) {
    constexpr int W = lanes<T>;
    Sum<T> sums[W];
    Vector<T> ties[W]{};
    for (int i = 0; i < W; ++i) sums[i] = sum_of_block<true, T>(group.x[i], group.n, {broadcast(group.maxima[i])}, kept ? kept[i] : nullptr, ties[i], W * group.n);
    LaneSum<T> less_one = sums_of_rows(sums);
    less_one.add((reduced_sum<T>(ties) - T(1)) * unit<T>);
    return less_one;
}

template <class T> INLINE LaneLogs<T> exact_logs(const Group<T>& group) {
    constexpr int W = lanes<T>;
    Sum<T> sums[W];
    Vector<T> ties[W]{};
    for (int i = 0; i < W; ++i) sums[i] = exact_sum_of_block<T>(group.x[i], group.n, broadcast(group.maxima[i]), ties[i]);
    LaneSum<T> less_one = sums_of_rows(sums);
    less_one.add((reduced_sum<T>(ties) - T(1)) * unit<T>);
    return LaneLogs<T>(less_one);
}

template <class T> void log_softmax_of_group(const T* x, int64_t x_row, T* out, int64_t out_row, int count, int64_t n) {
    constexpr int W = lanes<T>;
    T replacements[W * short_row];
    Group<T> group(x, x_row, out, out_row, count, n);
    group.find_maxima(replacements);
    const LaneLogs<T> logarithms = exact_logs<T>(group);
    for (int i = 0; i < W; ++i) subtract(group.x[i], group.out[i], n, double(group.maxima[i]), logarithms.of_row(i));
}

template <class T> void logsumexp_of_group(const T* x, int64_t x_row, T* out, int count, int64_t n) {
    T replacements[lanes<T> * short_row];
    Group<T> group(x, x_row, nullptr, 0, count, n);
    const Vector<T> greatest = group.find_maxima(replacements);
    store<T>(out, exact_logs<T>(group).plus_maximum(group.maxima));
    for (int i = 0; i < count; ++i)
        if (!is_finite(greatest[i])) out[i] = logsumexp_of(RowSum{double(greatest[i])}, x + i * x_row, n);
}

// `count` targets, scales and losses; see cross_entropy_row.
template <class T>
void cross_entropy_of_group(const T* x, int64_t x_row, const int64_t* targets, const T* scales, T* losses, T* gradient, int64_t gradient_row, int count, int64_t n) {
    constexpr int W = lanes<T>;
    T replacements[W * short_row];
    Group<T> group(x, x_row, gradient, gradient_row, count, n);
    group.find_maxima(replacements);
    Vector<T> target_logits{}, target_e{}, scale{};
    for (int i = 0; i < count; ++i) {
        target_logits[i] = targets[i] < 0 ? T(0) : group.x[i][targets[i]];
        scale[i] = scales[i];
    }
    const LaneSum<T> less_one = sums_less_one<T>(group, gradient ? group.out : nullptr);
    const Vector<T> loss = (LaneLogs<T>(less_one).rounded() + (group.maxima - target_logits)) * scale;
    for (int i = 0; i < count; ++i) losses[i] = targets[i] < 0 ? T(0) : loss[i];
    if (!gradient) return;
    for (int i = 0; i < count; ++i) target_e[i] = targets[i] < 0 ? T(0) : group.out[i][targets[i]];
    LaneSum<T> total = less_one, without_target = less_one;
    total.add(broadcast(unit<T>));
    without_target.add(-target_e);
    without_target.add(broadcast(unit<T>));
    const LaneInverse<T> inverses(total);
    const Vector<T> at_target = -inverses.times(without_target.rounded()) * scale;
    for (int i = 0; i < count; ++i) {
        if (targets[i] < 0) { nothing_learned(group.out[i], n); continue; }
        multiply_row(group.out[i], n, inverses.of_row(i), T(scale[i]));
        group.out[i][targets[i]] = at_target[i];
    }
}

}  // namespace
