#include "trees/booster.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/random.hpp"
#include "base/threads.hpp"
#include "dispatch/dispatch.hpp"
#include "trees/splits.hpp"

namespace normexp {

namespace {

constexpr uint64_t stream_of_signs = 1ull << 40, stream_of_rows = 2ull << 40, stream_of_features = 3ull << 40;

double uniform(uint32_t bits) { return (double(bits) + 0.5) * 0x1p-32; }

constexpr int64_t rows_of_sum = 65'536, rows_of_block = 4'096;  // row passes go block by block, whose bounds do not depend on the threads

// Of n terms, in eight sums side by side: one order on every instruction set.
template <class F> float sum_of(int n, const F& term) {
    float sums[8] = {}, total = 0;
    int k = 0;
    for (; k + 8 <= n; k += 8)
        for (int lane = 0; lane < 8; ++lane) sums[lane] += term(k + lane);
    for (; k < n; ++k) sums[k % 8] += term(k);
    for (float sum : sums) total += sum;
    return total;
}

// Scores and probabilities of the rows of a part; of two classes those of the second.
class Scores {
public:
    Scores(const Part& part, int n_classes, const std::vector<float>& base, int threads)
        : part_(part), n_outputs_(n_classes == 2 ? 1 : n_classes), threads_(threads), scores_(size_t(part.bins.n_rows) * size_t(n_outputs_)), probabilities_(scores_.size()) {
        for (size_t i = 0; i < scores_.size(); ++i) scores_[i] = base[i % size_t(n_outputs_)];
    }

    // Adds to each row what its leaf says, if there are leaves; the weighted mean log loss after it.
    double advance(const std::vector<uint8_t>* leaves, const float* values) {
        const int64_t n = part_.bins.n_rows, n_blocks = (n + rows_of_block - 1) / rows_of_block;
        std::vector<double> losses(size_t(n_blocks), 0.0), weights(size_t(n_blocks), 0.0);
        parallel(threads_, n_blocks, [&](int64_t begin, int64_t end) {
            for (int64_t block = begin; block < end; ++block) {
                const int64_t first = block * rows_of_block, count = std::min(rows_of_block, n - first);
                if (leaves) add(*leaves, values, first, count);
                float *z = scores_.data() + first * n_outputs_, *p = probabilities_.data() + first * n_outputs_;
                if (n_outputs_ == 1) kernels().f32.sigmoid(z, p, count);
                else kernels().f32.softmax(z, n_outputs_, p, n_outputs_, count, n_outputs_);
                for (int64_t i = first; i < first + count; ++i) {
                    const double w = part_.weights ? double(part_.weights[i]) : 1.0;
                    losses[size_t(block)] += w * row_loss(i);
                    weights[size_t(block)] += w;
                }
            }
        });
        const double weight = std::accumulate(weights.begin(), weights.end(), 0.0);
        return weight > 0 ? std::accumulate(losses.begin(), losses.end(), 0.0) / weight : NAN;
    }

    // Of a row: what its loss's gradient and hessian are made of. A gradient is weight x (probability - 1 for the class that is hit), a hessian weight x `bent` of the probability.
    struct Row {
        const float* probabilities;
        int hit;  // -1: none
        float weight;
    };
    Row row(int64_t i) const {
        const int target = part_.targets[i];
        return {probabilities_.data() + i * n_outputs_, n_outputs_ > 1 ? target : target == 1 ? 0 : -1, part_.weights ? part_.weights[i] : 1.0f};
    }
    static float bent(float p) { return std::max(p * (1 - p), 1e-6f); }

private:
    float probability(int64_t i, int k) const { return probabilities_[size_t(i * n_outputs_ + k)]; }

    void add(const std::vector<uint8_t>& leaves, const float* values, int64_t first, int64_t count) {
        for (int64_t i = first; i < first + count; ++i)
            for (int k = 0; k < n_outputs_; ++k) scores_[size_t(i * n_outputs_ + k)] += values[leaves[size_t(i)] * n_outputs_ + k];
    }

    double row_loss(int64_t i) const {
        const float p = n_outputs_ > 1 ? probability(i, part_.targets[i]) : part_.targets[i] == 1 ? probability(i, 0) : 1 - probability(i, 0);
        if (n_outputs_ > 1 || (p > 1e-3f && p < 0.999f)) return -std::log(std::max(double(p), 1e-30));
        const double z = part_.targets[i] == 1 ? -double(scores_[size_t(i)]) : double(scores_[size_t(i)]);  // of two classes exactly, near 0 and 1 too
        return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z));
    }

    const Part& part_;
    const int n_outputs_, threads_;
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
        rows_.width = n_outputs_ == 1 ? 2 : options.directions + 1;
        rows_.values.resize(size_t(n_rows_) * size_t(rows_.width));
    }

    Boosted run(int n_classes) {
        Scores scores(training_, n_classes, result_.base, options_.threads), held_scores(held_, n_classes, result_.base, options_.threads);
        double loss = scores.advance(nullptr, nullptr), held_loss = held_scores.advance(nullptr, nullptr);
        double best = held_.bins.n_rows ? held_loss : loss;
        std::vector<uint8_t> leaves(size_t(n_rows_), 0), held_leaves(size_t(held_.bins.n_rows), 0);
        for (int round = 0; round < options_.rounds && !ended(round); ++round) {
            quantise(scores, round);
            grow(scores, round, leaves);
            loss = scores.advance(&leaves, last_leaves());
            place(held_.bins, held_leaves);
            held_loss = held_scores.advance(&held_leaves, last_leaves());
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

    // Gradients along some directions and mean hessians as integers, rounded up or down by chance, so that their expectation is what they stand for. First they lie there as floats.
    void quantise(const Scores& scores, int round) {
        const int width = rows_.width, n_directions = width - 1;
        const std::vector<float> directions = directions_of(n_outputs_, n_directions, options_.seed, round);
        const int n_used = n_outputs_ == 1 ? 1 : std::min(n_directions, n_outputs_ - 1);
        const int64_t n_blocks = (n_rows_ + rows_of_block - 1) / rows_of_block;
        std::vector<float> most_gradients(size_t(n_blocks), 1e-30f), most_hessians(size_t(n_blocks), 1e-30f);
        parallel(options_.threads, n_blocks, [&](int64_t begin, int64_t end) {
            for (int64_t block = begin; block < end; ++block)
                for (int64_t i = block * rows_of_block; i < std::min(n_rows_, (block + 1) * rows_of_block); ++i) {
                    float along[8] = {};
                    const Scores::Row row = scores.row(i);
                    for (int s = 0; s < n_used; ++s) {
                        const float* direction = directions.data() + s * n_outputs_;
                        const float sum = sum_of(n_outputs_, [&](int k) { return direction[k] * row.probabilities[k]; });
                        along[s] = row.weight * (row.hit < 0 ? sum : sum - direction[row.hit]);
                        most_gradients[size_t(block)] = std::max(most_gradients[size_t(block)], std::abs(along[s]));
                    }
                    along[n_directions] = row.weight * sum_of(n_outputs_, [&](int k) { return Scores::bent(row.probabilities[k]); }) / float(n_outputs_);
                    most_hessians[size_t(block)] = std::max(most_hessians[size_t(block)], along[n_directions]);
                    std::memcpy(rows_.values.data() + i * width, along, size_t(width) * sizeof(float));
                }
        });
        const float most = float(std::clamp<int64_t>((int64_t(1) << 31) / std::max<int64_t>(n_rows_, 1) - 2, 1, 16'383));  // rounded up, all rows together stay within 32 bits
        const auto greatest = [](const std::vector<float>& of) { return std::accumulate(of.begin(), of.end(), 1e-30f, [](float a, float b) { return std::max(a, b); }); };
        rows_.gradient_unit = greatest(most_gradients) / most;
        rows_.hessian_unit = greatest(most_hessians) / most;
        parallel(options_.threads, n_blocks, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin * rows_of_block; i < std::min(n_rows_, end * rows_of_block); ++i) {
                int32_t* out = rows_.values.data() + i * width;
                float along[8];
                std::memcpy(along, out, size_t(width) * sizeof(float));
                const Drawn drawn(options_.seed, stream_of_rows + uint64_t(round), uint64_t(i), width);
                for (int s = 0; s < width; ++s) {
                    const float unit = s < n_directions ? rows_.gradient_unit : rows_.hessian_unit;
                    out[s] = int32_t(std::floor(along[s] / unit + drawn.uniform(s)));
                }
                if (drawn.uniform(width) >= options_.row_share) out[n_directions] = -1;  // not grown on
            }
        });
    }

    // Uniform numbers of a row: sixteen bits each, `width` of them and one more.
    class Drawn {
    public:
        Drawn(uint64_t seed, uint64_t stream, uint64_t row, int width) : bits_{philox(seed, stream, 2 * row), {}} {
            if (width >= 8) bits_[1] = philox(seed, stream, 2 * row + 1);
        }
        float uniform(int i) const {
            const uint32_t word = bits_[i / 8][size_t(i % 8 / 2)];
            return (float(i % 2 ? word >> 16 : word & 0xffffu) + 0.5f) * 0x1p-16f;
        }

    private:
        std::array<uint32_t, 4> bits_[2];
    };

    std::vector<int32_t> features_of(int round) const {
        std::vector<int32_t> found;
        for (int32_t f = 0; f < training_.bins.n_features; ++f)
            if (uniform(philox(options_.seed, stream_of_features + uint64_t(round), uint64_t(f))[0]) < double(options_.feature_share)) found.push_back(f);
        if (found.empty())
            for (int32_t f = 0; f < training_.bins.n_features; ++f) found.push_back(f);
        return found;
    }

    void grow(const Scores& scores, int round, std::vector<uint8_t>& leaves) {
        std::fill(leaves.begin(), leaves.end(), uint8_t(0));
        const std::vector<int32_t> features = features_of(round);
        Search search(training_.bins, rows_, features, options_.l2, options_.threads);
        for (int level = 0; level < options_.depth; ++level) {
            const Found found = search.best(leaves, level);
            result_.forest.splits.push_back(found.split);
            result_.gains.push_back(found.split.feature < 0 ? 0 : found.gain);
            apply(training_.bins, found.split, level, leaves);
        }
        const size_t first = result_.forest.leaves.size();
        result_.forest.leaves.resize(first + leaves_of_tree());
        leaf_values(scores, leaves, result_.forest.leaves.data() + first);
    }

    // A Newton step a leaf and class: -learning rate x sum of gradients / (sum of hessians + l2), bounded. Sums in float64, block by block.
    void leaf_values(const Scores& scores, const std::vector<uint8_t>& leaves, float* out) const {
        const int64_t n_blocks = (n_rows_ + rows_of_sum - 1) / rows_of_sum;
        const size_t n = leaves_of_tree();
        std::vector<double> sums(size_t(std::max<int64_t>(n_blocks, 1)) * 2 * n);
        parallel(options_.threads, n_blocks, [&](int64_t begin, int64_t end) {
            for (int64_t block = begin; block < end; ++block) {
                double* g = sums.data() + size_t(block) * 2 * n;
                for (int64_t i = block * rows_of_sum; i < std::min(n_rows_, (block + 1) * rows_of_sum); ++i) {
                    const Scores::Row row = scores.row(i);
                    double *of_leaf_g = g + size_t(leaves[size_t(i)]) * size_t(n_outputs_), *of_leaf_h = of_leaf_g + n;
                    for (int k = 0; k < n_outputs_; ++k) {
                        of_leaf_g[k] += double(row.weight * row.probabilities[k]);
                        of_leaf_h[k] += double(row.weight * Scores::bent(row.probabilities[k]));
                    }
                    if (row.hit >= 0) of_leaf_g[row.hit] -= double(row.weight);
                }
            }
        });
        for (int64_t block = 1; block < n_blocks; ++block)
            for (size_t i = 0; i < 2 * n; ++i) sums[i] += sums[size_t(block) * 2 * n + i];
        for (size_t i = 0; i < n; ++i) {
            const double step = -sums[i] / (sums[n + i] + double(options_.l2)), most = double(options_.most_step);
            out[i] = float(std::clamp(step, -most, most)) * options_.learning_rate;
        }
    }

    // Which leaves of the last tree other rows are in.
    void place(const Bins& bins, std::vector<uint8_t>& leaves) const {
        std::fill(leaves.begin(), leaves.end(), uint8_t(0));
        const Split* splits = result_.forest.splits.data() + result_.forest.splits.size() - size_t(options_.depth);
        for (int level = 0; level < options_.depth; ++level) apply(bins, splits[level], level, leaves);
    }

    void apply(const Bins& bins, const Split& split, int level, std::vector<uint8_t>& leaves) const {
        if (split.feature < 0) return;
        const uint8_t* of_feature = bins.of(split.feature);
        parallel(threads_worth(bins.n_rows * 2, options_.threads), bins.n_rows, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) leaves[size_t(i)] = uint8_t(leaves[size_t(i)] | int(answer(split, of_feature[i])) << level);
        });
    }

    using Clock = std::chrono::steady_clock;

    const Part &training_, &held_;
    const BoostOptions& options_;
    Watcher& watcher_;
    const int n_outputs_;
    const int64_t n_rows_;
    Boosted result_;
    Quantised rows_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point asked_ = start_;
};

}  // namespace

Boosted boost(const Part& training, const Part& held, int n_classes, const BoostOptions& options, Watcher& watcher) {
    return Fit(training, held, n_classes, options, watcher).run(n_classes);
}

}  // namespace normexp
