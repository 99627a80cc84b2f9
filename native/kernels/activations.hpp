// Room: kernels - what is compiled once per instruction set, free of the C++ library. May include: base, dispatch.
//
// Activations and their derivatives, entry by entry. Where single precision would lose digits near 0, they are computed in double and rounded once.
//
// elu: x or alpha (e^x - 1); selu (Klambauer et al. 2017): scale x or scale alpha (e^x - 1); gelu (Hendrycks and Gimpel 2016): x Phi(x); silu: x sigmoid(x);
// mish (Misra 2019): x tanh(softplus(x)); hard_sigmoid: x / 6 + 1/2 within [0, 1]; softsign: x / (1 + |x|);
// rectifier: x above the threshold, at most the bound, below slope (x - threshold).
#pragma once
#include "base/operands.hpp"
#include "kernels/elementwise.hpp"

namespace {

constexpr double selu_scale = 1.0507009873554804934, selu_alpha = 1.6732632423543772848;

INLINE Double expm1_in_double(Double x) {  // x <= 0, for results that are rounded to float
    const Double e = exponential_of<double>(x), series = x + 0.5 * x * x;
    return x > broadcast(-1e-5) ? series : e - 1.0;
}

INLINE Double tanh_in_double(Double x) {
    const Double minus = minus_size(x), less_one = expm1_in_double(2 * minus), size = -less_one / (less_one + 2.0);
    return x < Double{} ? -size : size;
}

// The complementary error function to 1.2e-7 of its value (Press et al., Numerical Recipes, erfcc), x >= 0.
INLINE Double erfc_of(Double x) {
    constexpr double coefficients[] = {0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223};
    const Double t = 1.0 / (1.0 + 0.5 * x);
    Double q = broadcast(coefficients[0]);
    for (int i = 1; i < 10; ++i) q = fma(q, t, broadcast(coefficients[i]));
    return t * exponential_of<double>(q - x * x);
}

INLINE Double normal_distribution(Double x) {  // Phi
    const Double tail = 0.5 * erfc_of(-minus_size(x) * 0.70710678118654752440);
    return x < Double{} ? tail : 1.0 - tail;
}

constexpr double gelu_slope = 0.79788456080286535588, gelu_cube = 0.044715;  // sqrt(2 / pi)

// mish's tanh(softplus(x)) = e (e + 2) / (e (e + 2) + 2), e = exp(x).
INLINE Double mish_gate(Double x) {
    const Double e = exponential_of<double>(x > broadcast(30.0) ? broadcast(30.0) : x), p = e * (e + 2.0);
    return p / (p + 2.0);
}

INLINE Double sigmoid_in_double(Double x) { return sigmoid_of<double>(x); }

template <Activation which> INLINE Double value_in_double(Double x, double alpha) {
    const Double below = x > Double{} ? Double{} : x;
    if constexpr (which == Activation::elu) return x > Double{} ? x : alpha * expm1_in_double(below);
    else if constexpr (which == Activation::selu) return selu_scale * (x > Double{} ? x : selu_alpha * expm1_in_double(below));
    else if constexpr (which == Activation::gelu) return x * normal_distribution(x);
    else if constexpr (which == Activation::gelu_tanh) return 0.5 * x * (1.0 + tanh_in_double(gelu_slope * (x + gelu_cube * x * x * x)));
    else if constexpr (which == Activation::mish) return x * mish_gate(x);
    else if constexpr (which == Activation::tanh) return tanh_in_double(x);
    else return softplus_in_double(x);
}

template <Activation which> INLINE Double slope_in_double(Double x) {
    if constexpr (which == Activation::gelu) return normal_distribution(x) + x * exponential_of<double>(-0.5 * x * x) * 0.39894228040143267794;
    else if constexpr (which == Activation::gelu_tanh) {
        const Double t = tanh_in_double(gelu_slope * (x + gelu_cube * x * x * x));
        return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * gelu_slope * (1.0 + 3 * gelu_cube * x * x);
    } else {
        const Double t = mish_gate(x);
        return t + x * (1.0 - t * t) * sigmoid_in_double(x);
    }
}

INLINE Float size_of(Float x) { return -minus_size(x); }

INLINE Float rectified(Float x, const ActivationOptions& o) {
    const Float slope = broadcast(o.first), bound = broadcast(o.second), threshold = broadcast(o.third);
    const Float above = x > bound ? bound : x;
    return x > threshold ? above : slope * (x - threshold);
}

template <Activation which> INLINE Float activated(Float x, const ActivationOptions& o) {
    const Float zero{}, one = broadcast(1.0f);
    if constexpr (which == Activation::relu) return x > zero ? x : (x != x ? x : zero);
    else if constexpr (which == Activation::rectifier) return rectified(x, o);
    else if constexpr (which == Activation::silu) return x * sigmoid_of<float>(x);
    else if constexpr (which == Activation::sigmoid) return sigmoid_of<float>(x);
    else if constexpr (which == Activation::hard_sigmoid) {
        const Float y = x * (1.0f / 6) + 0.5f, low = y < zero ? zero : y;
        return low > one ? one : low;
    } else if constexpr (which == Activation::softsign) return x / (one + size_of(x));
    else if constexpr (which == Activation::exponential) return exponential_of<float>(x);
    else return narrow(value_in_double<which>(low_half(x), o.first), value_in_double<which>(high_half(x), o.first));
}

// The derivative at x, whose value is y.
template <Activation which> INLINE Float slope_of(Float x, Float y, const ActivationOptions& o) {
    const Float zero{}, one = broadcast(1.0f);
    if constexpr (which == Activation::relu) return x > zero ? one : zero;
    else if constexpr (which == Activation::rectifier) {
        const Float above = x < broadcast(o.second) ? one : zero;
        return x > broadcast(o.third) ? above : broadcast(o.first);
    } else if constexpr (which == Activation::elu) return x > zero ? one : y + o.first;
    else if constexpr (which == Activation::selu) return x > zero ? broadcast(float(selu_scale)) : y + float(selu_scale * selu_alpha);
    else if constexpr (which == Activation::silu) {
        const Float s = sigmoid_of<float>(x);
        return s + y * (one - s);
    } else if constexpr (which == Activation::tanh) return one - y * y;
    else if constexpr (which == Activation::sigmoid) return y * (one - y);
    else if constexpr (which == Activation::hard_sigmoid) return (x > broadcast(-3.0f)) & (x < broadcast(3.0f)) ? broadcast(1.0f / 6) : zero;
    else if constexpr (which == Activation::softplus) return sigmoid_of<float>(x);
    else if constexpr (which == Activation::softsign) {
        const Float s = one + size_of(x);
        return one / (s * s);
    } else if constexpr (which == Activation::exponential) return y;
    else return narrow(slope_in_double<which>(low_half(x)), slope_in_double<which>(high_half(x)));
}

template <int which = int(Activation::relu), class F> INLINE void with_activation(Activation wanted, const F& of) {
    if (int(wanted) == which) of.template operator()<Activation(which)>();
    else if constexpr (which < int(Activation::exponential)) with_activation<which + 1>(wanted, of);
}

void activate(Activation activation, const ActivationOptions& options, const float* x, float* y, int64_t n) {
    with_activation(activation, [&]<Activation which>() INLINE_LAMBDA { over_entries(x, y, n, [&](Float v) INLINE_LAMBDA { return activated<which>(v, options); }); });
}

// deltas of y become deltas of x.
void activation_backward(Activation activation, const ActivationOptions& options, const float* x, const float* y, float* deltas, int64_t n) {
    with_activation(activation, [&]<Activation which>() INLINE_LAMBDA {
        over_row<float>(n, [&](int64_t i, int count) INLINE_LAMBDA {
            if (count == lanes<float>) return store<float>(deltas + i, load<float>(deltas + i) * slope_of<which>(load<float>(x + i), load<float>(y + i), options));
            const Float slope = slope_of<which>(load_first(x + i, count, 0.f), load_first(y + i, count, 0.f), options);
            store_first(deltas + i, load_first(deltas + i, count, 0.f) * slope, count);
        });
    });
}

}  // namespace
