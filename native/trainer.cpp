#include "trainer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "random.hpp"

namespace normexp {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t evaluation_rows = 256;  // rows that go through the network at once when nothing is learnt

int64_t widest(const std::vector<DenseLayer>& layers) {
    int64_t width = 0;
    for (const DenseLayer& layer : layers) width = std::max({width, layer.inputs, layer.outputs});
    return width;
}

class Trainer {
public:
    Trainer(const std::vector<DenseLayer>& layers, float* parameters, int64_t n_parameters, const std::vector<Segment>& segments,
            const FitOptions& options, OptimizerState& state, Monitor& monitor)
        : layers_(layers), parameters_(parameters), n_parameters_(n_parameters), segments_(segments), options_(options), state_(state),
          monitor_(monitor), gradient_(size_t(n_parameters)), best_(size_t(n_parameters)) {
        const int64_t rows = std::max(options.batch_size, evaluation_rows);
        inputs_.resize(size_t(rows * layers.front().inputs));
        targets_.resize(size_t(rows));
        weights_.resize(size_t(rows));
        for (const DenseLayer& layer : layers) outputs_.emplace_back(size_t(rows * layer.outputs));
        int64_t largest = 0;
        for (const DenseLayer& layer : layers) largest = std::max(largest, layer.inputs * layer.outputs);
        transposed_.resize(size_t(largest));
        deltas_.resize(size_t(options.batch_size * widest(layers)));
        deltas_below_.resize(deltas_.size());
        work_a_row_ = std::accumulate(layers.begin(), layers.end(), int64_t(0), [](int64_t sum, const DenseLayer& layer) { return sum + layer.inputs * layer.outputs; });
    }

    Result fit(const Rows& training, const Rows& validation) {
        std::vector<int64_t> order = training.index;
        double best_loss = std::numeric_limits<double>::infinity();
        for (int64_t epoch = 0; epoch < options_.epochs; ++epoch) {
            if (options_.shuffle) {
                order = training.index;
                shuffle(order.data(), int64_t(order.size()), options_.seed, uint64_t(options_.first_epoch + epoch));
            }
            Epoch record = train_epoch(training, order, epoch);
            if (stopped_) break;
            const BatchLoss seen = evaluate(validation, epoch);
            if (stopped_) break;
            record.validation_loss = seen.loss / seen.weight;
            record.validation_accuracy = seen.correct / seen.weight;
            result_.epochs.push_back(record);
            const double judged = validation.index.empty() ? record.loss : record.validation_loss;
            if (judged < best_loss) {
                best_loss = judged;
                result_.best_epoch = epoch;
                if (options_.restore_best) std::memcpy(best_.data(), parameters_, size_t(n_parameters_) * sizeof(float));
            }
            if (monitor_.epoch_end(epoch, record)) stop(Stop::monitor);
            else if (options_.patience > 0 && epoch - result_.best_epoch >= options_.patience) stop(Stop::patience);
            else look_around(epoch, int64_t(order.size()));
            if (stopped_) break;
        }
        if (options_.restore_best && result_.best_epoch >= 0) std::memcpy(parameters_, best_.data(), size_t(n_parameters_) * sizeof(float));
        return result_;
    }

private:
    Epoch train_epoch(const Rows& training, const std::vector<int64_t>& order, int64_t epoch) {
        BatchLoss total{};
        const int64_t n = int64_t(order.size());
        for (int64_t first = 0; first < n && !stopped_; first += options_.batch_size) {
            const int64_t rows = std::min(options_.batch_size, n - first);
            BatchLoss batch = forward_rows(training, order.data() + first, rows);
            batch.scale = 1.0f / float(rows);
            batch.deltas = deltas_.data();
            kernels().batch_loss(batch);
            backward(rows);
            update();
            add(total, batch);
            after(rows, epoch, first + rows);
        }
        const double nan = std::numeric_limits<double>::quiet_NaN();
        return {total.loss / total.weight, total.correct / total.weight, nan, nan};
    }

    BatchLoss evaluate(const Rows& data, int64_t epoch) {
        BatchLoss total{};
        const int64_t n = int64_t(data.index.size());
        for (int64_t first = 0; first < n && !stopped_; first += evaluation_rows) {
            const int64_t rows = std::min(evaluation_rows, n - first);
            BatchLoss batch = forward_rows(data, data.index.data() + first, rows);
            kernels().batch_loss(batch);
            add(total, batch);
            after(rows, epoch, -1);
        }
        return total;
    }

    static void add(BatchLoss& total, const BatchLoss& batch) {
        total.loss += batch.loss;
        total.correct += batch.correct;
        total.weight += batch.weight;
    }

    BatchLoss forward_rows(const Rows& data, const int64_t* index, int64_t rows) {
        const int64_t width = layers_.front().inputs;
        for (int64_t i = 0; i < rows; ++i) {
            std::memcpy(inputs_.data() + i * width, data.features + index[i] * width, size_t(width) * sizeof(float));
            targets_[size_t(i)] = data.targets[index[i]];
            if (data.weights) weights_[size_t(i)] = data.weights[index[i]];
        }
        const float* below = inputs_.data();
        for (size_t l = 0; l < layers_.size(); ++l) {
            forward(layers_[l], parameters_, below, rows, outputs_[l].data(), options_.threads);
            below = outputs_[l].data();
        }
        return {.logits = below, .targets = targets_.data(), .weights = data.weights ? weights_.data() : nullptr, .rows = rows,
                .classes = layers_.back().outputs, .scale = 1, .deltas = nullptr};
    }

    void backward(int64_t rows) {
        for (size_t l = layers_.size(); l-- > 0;) {
            const float* inputs = l == 0 ? inputs_.data() : outputs_[l - 1].data();
            backward_parameters(layers_[l], inputs, deltas_.data(), rows, gradient_.data(), options_.threads);
            if (l == 0) break;
            backward_inputs(layers_[l], parameters_, deltas_.data(), rows, layers_[l - 1].activation, inputs, deltas_below_.data(), transposed_.data(), options_.threads);
            deltas_.swap(deltas_below_);
        }
    }

    void update() {
        const double step = double(++state_.steps);
        const double correction = std::sqrt(1 - std::pow(double(options_.beta2), step)) / (1 - std::pow(double(options_.beta1), step));
        for (const Segment& segment : segments_) {
            const float rate = options_.learning_rate * segment.learning_rate_factor;
            const AdamStep adam{float(rate * correction), options_.beta1, options_.beta2, options_.epsilon, rate * segment.weight_decay};
            parallel(segment.size > 100'000 ? options_.threads : 1, segment.size, [&](int64_t first, int64_t end) {
                const int64_t at = segment.first + first;
                kernels().adam(adam, parameters_ + at, gradient_.data() + at, state_.mean + at, state_.square + at, end - first);
            });
        }
    }

    // Looks at the clock and the outside world about every millisecond of work.
    void after(int64_t rows, int64_t epoch, int64_t rows_done) {
        constexpr int64_t millisecond_of_work = 10'000'000;
        work_ += rows * work_a_row_ * 3 + 1000;
        if (work_ < millisecond_of_work) return;
        work_ = 0;
        look_around(epoch, rows_done);
    }

    void look_around(int64_t epoch, int64_t rows_done) {
        const auto now = Clock::now();
        if (options_.time_limit > 0 && std::chrono::duration<double>(now - start_).count() > options_.time_limit) return stop(Stop::time_limit);
        if (now - polled_ < std::chrono::milliseconds(50)) return;
        polled_ = now;
        if (monitor_.poll(epoch, rows_done)) stop(Stop::monitor);
    }

    void stop(Stop why) {
        stopped_ = true;
        result_.stop = why;
    }

    const std::vector<DenseLayer>& layers_;
    float* parameters_;
    const int64_t n_parameters_;
    const std::vector<Segment>& segments_;
    const FitOptions& options_;
    OptimizerState& state_;
    Monitor& monitor_;
    std::vector<float> gradient_, best_, transposed_, inputs_, weights_, deltas_, deltas_below_;
    std::vector<int32_t> targets_;
    std::vector<std::vector<float>> outputs_;
    Result result_;
    bool stopped_ = false;
    int64_t work_ = 0, work_a_row_ = 0;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point polled_ = start_;
};

}  // namespace

Result fit(const std::vector<DenseLayer>& layers, float* parameters, int64_t n_parameters, const std::vector<Segment>& segments, const Rows& training,
           const Rows& validation, const FitOptions& options, OptimizerState& state, Monitor& monitor) {
    return Trainer(layers, parameters, n_parameters, segments, options, state, monitor).fit(training, validation);
}

void predict(const std::vector<DenseLayer>& layers, const float* parameters, const float* features, int64_t rows, float* logits, int threads) {
    const int64_t chunks = (rows + evaluation_rows - 1) / evaluation_rows, width = layers.front().inputs, classes = layers.back().outputs;
    parallel(threads, chunks, [&](int64_t first_chunk, int64_t end_chunk) {
        std::vector<float> hidden[2];
        for (auto& buffer : hidden) buffer.resize(size_t(evaluation_rows * widest(layers)));
        for (int64_t first = first_chunk * evaluation_rows; first < std::min(rows, end_chunk * evaluation_rows); first += evaluation_rows) {
            const int64_t n = std::min(evaluation_rows, rows - first);
            const float* below = features + first * width;
            for (size_t l = 0; l < layers.size(); ++l) {
                float* out = l + 1 == layers.size() ? logits + first * classes : hidden[l % 2].data();
                forward(layers[l], parameters, below, n, out, 1);
                below = out;
            }
        }
    });
}

}  // namespace normexp
