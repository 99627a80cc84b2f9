// Losses of a batch and their gradients with respect to the network's outputs. A row's delta is its weight x scale x gradient.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/floats.hpp"
#include "dispatch/dispatch.hpp"
#include "network/loss.hpp"

namespace normexp {

// Targets are class indices, or a number for each output.
struct BatchLoss {
    const float* outputs;
    const int64_t* classes;  // or null
    const float* dense;      // or null
    const float* weights;    // or null: all 1
    int64_t rows, width;
    float scale;
    float* deltas;  // or null: losses alone
    double loss = 0, weight = 0, correct = 0, hits = 0;  // sums: weight x loss, weights, weight x correct, correct
};

class BatchLosses {
public:
    BatchLosses(const Loss& loss, int64_t rows, int64_t width)
        : loss_(loss), scales_(size_t(rows)), losses_(size_t(rows)), smoothed_(size_t(rows * width)), zeros_(size_t(rows)), targets_(size_t(rows)), hits_(size_t(rows)) {}

    void operator()(BatchLoss& b) {
        find_hits(b);
        for (int64_t i = 0; i < b.rows; ++i) {
            const double w = b.weights ? double(b.weights[i]) : 1, hit = hits_[size_t(i)] ? 1 : 0;
            b.weight += w;
            b.hits += hit;
            b.correct += w * hit;
            scales_[size_t(i)] = float(w) * b.scale;
        }
        if (loss_.kind == LossKind::softmax) softmax(b);
        else for (int64_t i = 0; i < b.rows; ++i) b.loss += (b.weights ? double(b.weights[i]) : 1) * row(b, i);
    }

private:
    static constexpr double least = 1e-7;

    // The first of equal outputs is the prediction; of a single output, whether it is above one half.
    void find_hits(const BatchLoss& b) {
        if (b.width == 1) {
            const float half = loss_.kind == LossKind::sigmoid ? 0.0f : 0.5f;
            for (int64_t i = 0; i < b.rows; ++i) hits_[size_t(i)] = (b.outputs[i] > half) == (b.dense ? b.dense[i] > 0.5f : b.classes[i] > 0);
            return;
        }
        for (int64_t i = 0; b.dense && i < b.rows; ++i) {
            const float* const dense = b.dense + i * b.width;
            targets_[size_t(i)] = std::max_element(dense, dense + b.width) - dense;
        }
        kernels().find_hits(b.outputs, b.dense ? targets_.data() : b.classes, hits_.data(), b.rows, b.width);
    }

    // The kernels give losses times scale; the sum is of losses times weight.
    void softmax(BatchLoss& b) {
        const auto& call = kernels().f32;
        if (b.classes && loss_.smoothing == 0) {
            call.cross_entropy(b.outputs, b.width, b.classes, scales_.data(), losses_.data(), b.deltas, b.width, b.rows, b.width);
        } else {
            for (int64_t i = 0; i < b.rows; ++i)
                for (int64_t k = 0; k < b.width; ++k) smoothed_[size_t(i * b.width + k)] = float(target(b, i, k));
            call.weighted_cross_entropy(b.outputs, b.width, smoothed_.data(), b.width, zeros_.data(), zero_.data(), zero_.data(), scales_.data(), losses_.data(), b.deltas, b.width, b.rows,
                                        b.width);
        }
        double sum = 0;
        for (int64_t i = 0; i < b.rows; ++i) sum += double(losses_[size_t(i)]);
        b.loss += sum / double(b.scale);
    }

    double target(const BatchLoss& b, int64_t i, int64_t k) const {
        const double t = b.dense ? double(b.dense[i * b.width + k]) : b.width == 1 ? double(b.classes[i]) : double(b.classes[i] == k), s = double(loss_.smoothing);
        const bool binary = loss_.kind == LossKind::sigmoid || loss_.kind == LossKind::binary;
        return t * (1 - s) + (binary ? s / 2 : s / double(b.width));
    }

    double row(const BatchLoss& b, int64_t i) {
        const float* const outputs = b.outputs + i * b.width;
        float* const deltas = b.deltas ? b.deltas + i * b.width : nullptr;
        const double scale = double(scales_[size_t(i)]);
        const auto put = [&](int64_t k, double slope) { if (deltas) deltas[k] = float(scale * slope); };
        switch (loss_.kind) {
            case LossKind::sigmoid: return over_outputs(b, [&](int64_t k) {
                const double x = double(outputs[k]), t = target(b, i, k), e = std::exp(-std::abs(x)), p = (x < 0 ? e : 1) / (1 + e);
                put(k, (p - t) / double(b.width));
                return (std::max(x, 0.0) - x * t + std::log1p(e)) / double(b.width);
            });
            case LossKind::binary: return over_outputs(b, [&](int64_t k) {
                const double y = double(outputs[k]), t = target(b, i, k), p = std::clamp(y, least, 1 - least);
                put(k, y == p ? ((1 - t) / (1 - p) - t / p) / double(b.width) : 0);
                return -(t * std::log(p) + (1 - t) * std::log(1 - p)) / double(b.width);
            });
            case LossKind::divergence: return over_outputs(b, [&](int64_t k) {
                const double y = double(outputs[k]), t = std::clamp(target(b, i, k), least, 1.0), p = std::clamp(y, least, 1.0);
                put(k, y == p ? -t / p : 0);
                return t * std::log(t / p);
            });
            case LossKind::squared: return over_outputs(b, [&](int64_t k) {
                const double error = double(outputs[k]) - target(b, i, k);
                put(k, 2 * error / double(b.width));
                return error * error / double(b.width);
            });
            case LossKind::absolute: return over_outputs(b, [&](int64_t k) {
                const double error = double(outputs[k]) - target(b, i, k);
                put(k, (double(error > 0) - double(error < 0)) / double(b.width));
                return std::abs(error) / double(b.width);
            });
            default: return of_shares(b, i, outputs, put);
        }
    }

    template <class F> static double over_outputs(const BatchLoss& b, const F& term) {
        double sum = 0;
        for (int64_t k = 0; k < b.width; ++k) sum += term(k);
        return sum;
    }

    // Categorical and focal losses of y / sum y: the slopes g with respect to the shares p become (g - sum p g) / sum y.
    template <class F> double of_shares(const BatchLoss& b, int64_t i, const float* outputs, const F& put) {
        double sum = 0, loss = 0, mean = 0;
        for (int64_t k = 0; k < b.width; ++k) sum += double(outputs[k]);
        const auto slope = [&](int64_t k, double* term) {
            const double share = double(outputs[k]) / sum, p = std::clamp(share, least, 1 - least), t = target(b, i, k), logarithm = std::log(p);
            const bool focal = loss_.kind == LossKind::focal;
            const double left = focal ? double(loss_.alpha) * std::pow(1 - p, double(loss_.gamma)) : 1;
            if (term) *term = -left * t * logarithm;
            const double steep = focal ? double(loss_.alpha) * double(loss_.gamma) * std::pow(1 - p, double(loss_.gamma) - 1) * t * logarithm : 0;
            return share == p ? steep - left * t / p : 0;
        };
        for (int64_t k = 0; k < b.width; ++k) {
            double term;
            mean += slope(k, &term) * double(outputs[k]) / sum;
            loss += term;
        }
        for (int64_t k = 0; k < b.width; ++k) put(k, (slope(k, nullptr) - mean) / sum);
        return loss;
    }

    const Loss loss_;
    Floats scales_, losses_, smoothed_;
    std::vector<int64_t> zeros_, targets_;
    std::vector<char> hits_;
    const Floats zero_ = Floats(zeros_.size(), 0.0f);
};

}  // namespace normexp
