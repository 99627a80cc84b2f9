#include "trees/booster.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "base/threads.hpp"
#include "dispatch/dispatch.hpp"
#include "trees/leaves.hpp"
#include "trees/splits.hpp"

namespace normexp {

namespace {

constexpr uint64_t stream_of_signs = 1ull << 40, stream_of_rows = 2ull << 40, stream_of_features = 3ull << 40, stream_of_rounding = 4ull << 40;

double uniform(uint32_t bits) { return (double(bits) + 0.5) * 0x1p-32; }

// Scores and what follows from them, of the rows of a part.
class Scores {
public:
    Scores(const Part& part, int n_classes, const std::vector<float>& base)
        : part_(part), n_outputs_(n_classes == 2 ? 1 : n_classes), scores_(size_t(part.bins.n_rows) * size_t(n_outputs_)), probabilities_(scores_.size()) {
        for (size_t i = 0; i < scores_.size(); ++i) scores_[i] = base[i % size_t(n_outputs_)];
    }

    // Probabilities (of the second class, where there are two), and the weighted mean log loss.
    double look() {
        const int64_t n = part_.bins.n_rows;
        if (n_outputs_ == 1) kernels().f32.sigmoid(scores_.data(), probabilities_.data(), n);
        else kernels().f32.softmax(scores_.data(), n_outputs_, probabilities_.data(), n_outputs_, n, n_outputs_);
        double loss = 0, weight = 0;
        for (int64_t i = 0; i < n; ++i) {
            const double w = part_.weights ? double(part_.weights[i]) : 1.0;
            loss += w * row_loss(i);
            weight += w;
        }
        return weight > 0 ? loss / weight : NAN;
    }

    void gradients(std::vector<float>& g, std::vector<float>& h) const {
        const size_t n_outputs = size_t(n_outputs_);
        for (int64_t i = 0; i < part_.bins.n_rows; ++i) {
            const float w = part_.weights ? part_.weights[i] : 1.0f;
            for (size_t k = 0; k < n_outputs; ++k) {
                const float p = probabilities_[size_t(i) * n_outputs + k];
                const bool hit = n_outputs == 1 ? part_.targets[i] == 1 : part_.targets[i] == int32_t(k);
                g[size_t(i) * n_outputs + k] = w * (p - float(hit));
                h[size_t(i) * n_outputs + k] = w * std::max(p * (1 - p), 1e-6f);
            }
        }
    }

    // Adds to each row what its leaf says.
    void add(const std::vector<uint8_t>& leaves, const float* values) {
        for (int64_t i = 0; i < part_.bins.n_rows; ++i)
            for (int k = 0; k < n_outputs_; ++k) scores_[size_t(i * n_outputs_ + k)] += values[leaves[size_t(i)] * n_outputs_ + k];
    }

private:
    double row_loss(int64_t i) const {
        if (n_outputs_ == 1) {
            const double z = part_.targets[i] == 1 ? -double(scores_[size_t(i)]) : double(scores_[size_t(i)]);
            return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z));
        }
        return -std::log(std::max(double(probabilities_[size_t(i * n_outputs_ + part_.targets[i])]), 1e-30));
    }

    const Part& part_;
    const int n_outputs_;
    std::vector<float> scores_, probabilities_;
};

// Directions of the gradients, whose sum is 0: a basis of such ones where the classes are few, else random ones, whose squares have the mean of the gradient's.
std::vector<float> directions_of(int n_outputs, int n_directions, uint64_t seed, int round) {
    std::vector<float> found(size_t(n_directions * n_outputs));
    if (n_outputs == 1) {
        found[0] = 1;
    } else if (n_outputs - 1 <= n_directions) {
        for (int s = 0; s + 1 < n_outputs; ++s) {  // Helmert's
            const float norm = 1 / std::sqrt(float((s + 1) * (s + 2)));
            for (int k = 0; k <= s; ++k) found[size_t(s * n_outputs + k)] = norm;
            found[size_t(s * n_outputs + s + 1)] = -float(s + 1) * norm;
        }
    } else {
        for (int s = 0; s < n_directions; ++s) {
            float* row = found.data() + size_t(s) * size_t(n_outputs);
            for (int k = 0; k < n_outputs; ++k) {
                const auto bits = philox(seed, stream_of_signs + uint64_t(round), uint64_t(s) << 32 | uint64_t(k));
                row[k] = float(std::sqrt(-2 * std::log(uniform(bits[0]))) * std::cos(6.283185307179586 * uniform(bits[1]))) / std::sqrt(float(n_directions));
            }
            const float mean = std::accumulate(row, row + n_outputs, 0.0f) / float(n_outputs);
            for (int k = 0; k < n_outputs; ++k) row[k] -= mean;
        }
    }
    return found;
}

class Fit {
public:
    Fit(const Part& training, const Part& held, int n_classes, const BoostOptions& options, Watcher& watcher)
        : training_(training), held_(held), options_(options), watcher_(watcher), n_outputs_(n_classes == 2 ? 1 : n_classes), n_rows_(training.bins.n_rows) {
        result_.base = base(n_classes);
        result_.forest.depth = options.depth;
        result_.forest.n_outputs = n_outputs_;
        gradients_.resize(size_t(n_rows_) * size_t(n_outputs_));
        hessians_.resize(gradients_.size());
        rows_.width = n_outputs_ == 1 ? 2 : options.directions + 1;
        rows_.values.resize(size_t(n_rows_) * size_t(rows_.width));
    }

    Boosted run(int n_classes) {
        Scores scores(training_, n_classes, result_.base), held_scores(held_, n_classes, result_.base);
        double loss = scores.look();
        const double held_before = held_scores.look();
        double best = held_.bins.n_rows ? held_before : loss;
        std::vector<uint8_t> leaves(size_t(n_rows_), 0), held_leaves(size_t(held_.bins.n_rows), 0);
        for (int round = 0; round < options_.rounds && !ended(round); ++round) {
            scores.gradients(gradients_, hessians_);
            quantise(round);
            grow(round, leaves);
            scores.add(leaves, last_leaves());
            loss = scores.look();
            place(held_.bins, held_leaves);
            held_scores.add(held_leaves, last_leaves());
            const double held_loss = held_scores.look();
            result_.losses.push_back(loss);
            result_.held_losses.push_back(held_loss);
            const double judged = held_.bins.n_rows ? held_loss : loss;
            if (judged < best) {
                best = judged;
                result_.best_round = round;
            } else if (options_.patience > 0 && round - result_.best_round >= options_.patience) {
                result_.stopped_early = true;
                break;
            }
        }
        if (options_.patience == 0 && !held_.bins.n_rows) result_.best_round = int(result_.losses.size()) - 1;
        return std::move(result_);
    }

private:
    size_t leaves_of_tree() const { return (size_t(1) << options_.depth) * size_t(n_outputs_); }

    const float* last_leaves() const { return result_.forest.leaves.data() + result_.forest.leaves.size() - leaves_of_tree(); }

    std::vector<float> base(int n_classes) const {
        std::vector<double> shares(size_t(n_classes), 0.5);
        for (int64_t i = 0; i < n_rows_; ++i) shares[size_t(training_.targets[i])] += training_.weights ? double(training_.weights[i]) : 1.0;
        std::vector<float> found;
        if (n_classes == 2) return {float(std::log(shares[1] / shares[0]))};
        const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
        for (double share : shares) found.push_back(float(std::log(share / total)));
        return found;
    }

    bool ended(int round) {
        const auto now = Clock::now();
        if (options_.time_limit > 0 && std::chrono::duration<double>(now - start_).count() > options_.time_limit) return result_.timed_out = true;
        if (now - asked_ < std::chrono::milliseconds(50)) return false;
        asked_ = now;
        return result_.stopped = watcher_.stop(round);
    }

    // Gradients along some directions and mean hessians as integers, rounded up or down by chance, so that their expectation is what they stand for.
    void quantise(int round) {
        const int width = rows_.width, n_directions = width - 1;
        const std::vector<float> directions = directions_of(n_outputs_, n_directions, options_.seed, round);
        const int n_used = n_outputs_ == 1 ? 1 : std::min(n_directions, n_outputs_ - 1);
        along_.assign(size_t(n_rows_) * size_t(width), 0.0f);
        float most_gradient = 0, most_hessian = 0;
        for (int64_t i = 0; i < n_rows_; ++i) {
            const float *g = gradients_.data() + i * n_outputs_, *h = hessians_.data() + i * n_outputs_;
            float* out = along_.data() + i * width;
            for (int s = 0; s < n_used; ++s) {
                float sum = 0;
                for (int k = 0; k < n_outputs_; ++k) sum += directions[size_t(s * n_outputs_ + k)] * g[k];
                out[s] = sum;
                most_gradient = std::max(most_gradient, std::abs(sum));
            }
            float sum = 0;
            for (int k = 0; k < n_outputs_; ++k) sum += h[k];
            out[width - 1] = sum / float(n_outputs_);
            most_hessian = std::max(most_hessian, out[width - 1]);
        }
        const float most = float(std::clamp<int64_t>((int64_t(1) << 31) / std::max<int64_t>(n_rows_, 1) - 2, 1, 16'383));  // rounded up, all rows together stay within 32 bits
        rows_.gradient_unit = std::max(most_gradient, 1e-30f) / most;
        rows_.hessian_unit = std::max(most_hessian, 1e-30f) / most;
        for (int64_t i = 0; i < n_rows_; ++i) {
            const auto drawn = philox(options_.seed, stream_of_rows + uint64_t(round), uint64_t(i));
            int32_t* out = rows_.values.data() + i * width;
            if (uniform(drawn[0]) >= double(options_.row_share)) {
                std::fill_n(out, width, 0);
                continue;
            }
            std::array<uint32_t, 4> bits{};
            for (int s = 0; s < width; ++s) {
                if (s % 4 == 0) bits = philox(options_.seed, stream_of_rounding + uint64_t(round), uint64_t(i) << 1 | uint64_t(s / 4));
                const float unit = s + 1 < width ? rows_.gradient_unit : rows_.hessian_unit;
                out[s] = int32_t(std::floor(along_[size_t(i * width + s)] / unit + float(uniform(bits[size_t(s % 4)]))));
            }
        }
    }

    std::vector<int32_t> features_of(int round) const {
        std::vector<int32_t> found;
        for (int32_t f = 0; f < training_.bins.n_features; ++f)
            if (uniform(philox(options_.seed, stream_of_features + uint64_t(round), uint64_t(f))[0]) < double(options_.feature_share)) found.push_back(f);
        if (found.empty())
            for (int32_t f = 0; f < training_.bins.n_features; ++f) found.push_back(f);
        return found;
    }

    void grow(int round, std::vector<uint8_t>& leaves) {
        std::fill(leaves.begin(), leaves.end(), uint8_t(0));
        const std::vector<int32_t> features = features_of(round);
        for (int level = 0; level < options_.depth; ++level) {
            const Found found = best_split({training_.bins, rows_, leaves, 1 << level, features, options_.l2, options_.threads});
            result_.forest.splits.push_back(found.split);
            result_.gains.push_back(found.split.feature < 0 ? 0 : found.gain);
            apply(training_.bins, found.split, level, leaves);
        }
        const size_t first = result_.forest.leaves.size();
        result_.forest.leaves.resize(first + leaves_of_tree());
        leaf_values(leaves, 1 << options_.depth, gradients_.data(), hessians_.data(), n_outputs_, {options_.learning_rate, options_.l2, options_.most_step}, options_.threads,
                    result_.forest.leaves.data() + first);
    }

    // Which leaves of the last tree other rows are in.
    void place(const Bins& bins, std::vector<uint8_t>& leaves) const {
        std::fill(leaves.begin(), leaves.end(), uint8_t(0));
        const Split* splits = result_.forest.splits.data() + result_.forest.splits.size() - size_t(options_.depth);
        for (int level = 0; level < options_.depth; ++level) apply(bins, splits[level], level, leaves);
    }

    static void apply(const Bins& bins, const Split& split, int level, std::vector<uint8_t>& leaves) {
        if (split.feature < 0) return;
        const uint8_t* of_feature = bins.of(split.feature);
        for (int64_t i = 0; i < bins.n_rows; ++i) leaves[size_t(i)] = uint8_t(leaves[size_t(i)] | int(answer(split, of_feature[i])) << level);
    }

    using Clock = std::chrono::steady_clock;

    const Part &training_, &held_;
    const BoostOptions& options_;
    Watcher& watcher_;
    const int n_outputs_;
    const int64_t n_rows_;
    Boosted result_;
    Quantised rows_;
    std::vector<float> gradients_, hessians_, along_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point asked_ = start_;
};

}  // namespace

Boosted boost(const Part& training, const Part& held, int n_classes, const BoostOptions& options, Watcher& watcher) {
    return Fit(training, held, n_classes, options, watcher).run(n_classes);
}

}  // namespace normexp
