#include "network/trainer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/random.hpp"

namespace normexp {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t evaluation_rows = 256;     // rows that go through the network at once when nothing is learnt
constexpr int64_t floats_at_once = 1 << 22;  // of a thread's activations; of wide layers fewer rows go through at once

int64_t widest(const std::vector<Layer>& layers) {
    int64_t width = 0;
    for (const Layer& layer : layers) width = std::max({width, layer.inputs, layer.outputs});
    return width;
}

// Looks at the clock and the outside world about every millisecond of work.
class Watch {
public:
    Watch(Monitor& monitor, double time_limit) : monitor_(monitor), time_limit_(time_limit) {}

    void after(int64_t work, int64_t epoch, int64_t rows_done, const Sums& sums) {
        constexpr int64_t millisecond_of_work = 10'000'000;
        work_ += work;
        if (work_ < millisecond_of_work) return;
        work_ = 0;
        look_around(epoch, rows_done, sums);
    }

    void look_around(int64_t epoch, int64_t rows_done, const Sums& sums) {
        const auto now = Clock::now();
        if (time_limit_ > 0 && std::chrono::duration<double>(now - start_).count() > time_limit_) return stop(Stop::time_limit);
        if (now - polled_ < std::chrono::milliseconds(50)) return;
        polled_ = now;
        if (monitor_.poll(epoch, rows_done, sums)) stop(Stop::monitor);
    }

    void stop(Stop why) {
        stopped = true;
        reason = why;
    }

    bool stopped = false;
    Stop reason = Stop::epochs;

private:
    Monitor& monitor_;
    const double time_limit_;
    int64_t work_ = 0;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point polled_ = start_;
};

// Batches of rows, through the network and into the loss.
class Batches {
public:
    Batches(const std::vector<Layer>& layers, const Loss& loss, float* parameters, int64_t rows, int threads)
        : layers_(layers), parameters_(parameters), width_(layers.back().outputs), inputs_(size_t(rows * layers.front().inputs)), weights_(size_t(rows)),
          dense_(size_t(rows * width_)), classes_(size_t(rows)), losses_(loss, rows, width_), threads_(threads) {
        for (const Layer& layer : layers) traces_.push_back(trace_for(layer, rows));
        work_a_row_ = std::accumulate(layers.begin(), layers.end(), int64_t(0), [](int64_t sum, const Layer& layer) {
            return sum + (layer.kind == LayerKind::dense ? layer.inputs : 20) * layer.outputs;
        });
    }

    // The outputs of the rows that `order` has from `begin` on, not yet in the loss.
    BatchLoss forward(const Rows& data, const std::vector<int64_t>& order, int64_t begin, int64_t rows, const Pass& pass) {
        const int64_t* const index = order.data() + begin;
        const int64_t left = int64_t(order.size()) - begin;
        parallel(threads_worth(20 * rows * layers_.front().inputs, threads_), rows, [&](int64_t first, int64_t end) {
            gather(data, index, left, rows, first, end);
        });
        for (size_t l = 0; l < layers_.size(); ++l) normexp::forward(layers_[l], int64_t(l), parameters_, input_of(l), rows, traces_[l].out.data(), traces_[l], pass);
        const float* const outputs = traces_.back().out.data();
        for (int64_t i = 0; data.outputs && i < rows; ++i) std::memcpy(data.outputs + index[i] * width_, outputs + i * width_, size_t(width_) * sizeof(float));
        return {.outputs = outputs, .classes = data.classes ? classes_.data() : nullptr, .dense = data.classes ? nullptr : dense_.data(),
                .weights = data.weights ? weights_.data() : nullptr, .rows = rows, .width = width_, .scale = 1, .deltas = nullptr};
    }

    void judge(BatchLoss& batch, Sums& total, double penalty) {
        losses_(batch);
        total.loss += batch.loss;
        total.weight += batch.weight;
        total.correct += batch.correct;
        total.hits += batch.hits;
        total.rows += double(batch.rows);
        total.penalty += penalty * double(batch.rows);
    }

    Sums evaluate(const Rows& data, int64_t epoch, Watch& watch) {
        Sums total;
        const int64_t n = int64_t(data.index.size());
        for (int64_t first = 0; first < n && !watch.stopped; first += evaluation_rows) {
            const int64_t rows = std::min(evaluation_rows, n - first);
            BatchLoss batch = forward(data, data.index, first, rows, {.training = false, .seed = 0, .step = 0, .threads = threads_});
            judge(batch, total, 0);
            watch.after(rows * work_a_row_ + 1000, epoch, -1, total);
        }
        return total;
    }

    const float* input_of(size_t layer) const { return layer == 0 ? inputs_.data() : traces_[layer - 1].out.data(); }
    Trace& trace(size_t layer) { return traces_[layer]; }
    int64_t work_a_row() const { return work_a_row_; }

private:
    // Meanwhile rows of the next batch come into the cache: their first lines, after which the processor fetches ahead by itself.
    void gather(const Rows& data, const int64_t* index, int64_t left, int64_t rows, int64_t first, int64_t end) {
        constexpr int64_t line = 16, lines = 4;
        const int64_t width = layers_.front().inputs;
        for (int64_t i = first; i < end; ++i) {
            const int64_t row = index[i];
            for (int64_t k = 0; i + rows < left && k < width && k < lines * line; k += line) __builtin_prefetch(data.features + index[i + rows] * width + k);
            std::memcpy(inputs_.data() + i * width, data.features + row * width, size_t(width) * sizeof(float));
            if (data.classes) classes_[size_t(i)] = data.classes[row];
            else std::memcpy(dense_.data() + i * width_, data.dense + row * width_, size_t(width_) * sizeof(float));
            if (data.weights) weights_[size_t(i)] = data.weights[row];
        }
    }

    const std::vector<Layer>& layers_;
    float* const parameters_;
    const int64_t width_;
    Floats inputs_, weights_, dense_;
    std::vector<int64_t> classes_;
    std::vector<Trace> traces_;
    BatchLosses losses_;
    const int threads_;
    int64_t work_a_row_;
};

class Trainer {
public:
    Trainer(const std::vector<Layer>& layers, const Loss& loss, Optimizer& optimizer, const FitOptions& options, Monitor& monitor)
        : layers_(layers), optimizer_(optimizer), options_(options), monitor_(monitor), watch_(monitor, options.time_limit),
          batches_(layers, loss, optimizer.parameters(), std::max(options.batch_size, evaluation_rows), options.threads),
          best_(options.restore_best ? size_t(optimizer.n_parameters()) : 0), deltas_(size_t(options.batch_size * widest(layers))), deltas_below_(deltas_.size()) {
        lowest_trained_ = layers.size();
        for (size_t l = layers.size(); l-- > 0;)
            if (layers[l].trained) lowest_trained_ = l;
    }

    Result fit(const Rows& training, const Rows& validation) {
        std::vector<int64_t> order = training.index;
        double best_loss = std::numeric_limits<double>::infinity();
        const size_t bytes = best_.size() * sizeof(float);
        for (int64_t epoch = 0; epoch < options_.epochs && !watch_.stopped; ++epoch) {
            if (options_.shuffle) {
                order = training.index;
                shuffle(order.data(), int64_t(order.size()), options_.seed, uint64_t(options_.first_epoch + epoch));
            }
            Epoch record{train_epoch(training, order, epoch), {}};
            if (!watch_.stopped) record.validation = batches_.evaluate(validation, epoch, watch_);
            if (watch_.stopped) break;
            record.validation.penalty = optimizer_.penalty() * record.validation.rows;
            result_.epochs.push_back(record);
            const Sums& part = validation.index.empty() ? record.training : record.validation;
            const double judged = part.loss / part.weight;
            if (judged < best_loss) {
                best_loss = judged;
                result_.best_epoch = epoch;
                if (bytes) std::memcpy(best_.data(), optimizer_.parameters(), bytes);
            }
            if (monitor_.epoch_end(epoch, record)) watch_.stop(Stop::monitor);
            else if (options_.patience > 0 && epoch - result_.best_epoch >= options_.patience) watch_.stop(Stop::patience);
            else watch_.look_around(epoch, int64_t(order.size()), record.training);
        }
        if (bytes && result_.best_epoch >= 0) std::memcpy(optimizer_.parameters(), best_.data(), bytes);
        result_.stop = watch_.reason;
        return result_;
    }

private:
    Sums train_epoch(const Rows& training, const std::vector<int64_t>& order, int64_t epoch) {
        Sums total;
        const int64_t n = int64_t(order.size());
        for (int64_t first = 0; first < n && !watch_.stopped; first += options_.batch_size) {
            const int64_t rows = std::min(options_.batch_size, n - first);
            const Pass pass{.training = true, .seed = options_.seed, .step = uint64_t(optimizer_.steps()), .threads = options_.threads};
            BatchLoss batch = batches_.forward(training, order, first, rows, pass);
            batch.scale = 1.0f / float(rows);
            batch.deltas = deltas_.data();
            batches_.judge(batch, total, optimizer_.penalty());
            backward(rows);
            optimizer_.step();
            watch_.after(3 * rows * batches_.work_a_row() + 1000, epoch, first + rows, total);
        }
        return total;
    }

    // A dense layer with relu gets deltas that its own outputs have gated: by the product of the dense layer above, else here.
    void backward(int64_t rows) {
        bool gated = false;
        for (size_t l = layers_.size(); l-- > lowest_trained_;) {
            const Layer& layer = layers_[l];
            Trace& trace = batches_.trace(l);
            const float* const in = batches_.input_of(l);
            if (is_gated(layer) && !gated) kernels().activation_backward(Activation::relu, {}, trace.out.data(), trace.out.data(), deltas_.data(), rows * layer.outputs);
            const bool wanted_below = l > lowest_trained_;
            gated = wanted_below && layer.kind == LayerKind::dense && is_gated(layers_[l - 1]);
            const Backward to{optimizer_.parameters(), optimizer_.gradient(), wanted_below, gated ? in : nullptr, options_.threads};
            if (layer.kind != LayerKind::dense) {
                backward_in_place(layer, in, rows, deltas_.data(), trace, to);
                continue;
            }
            backward_dense(layer, in, rows, deltas_.data(), deltas_below_.data(), to);
            deltas_.swap(deltas_below_);
        }
    }

    const std::vector<Layer>& layers_;
    Optimizer& optimizer_;
    const FitOptions& options_;
    Monitor& monitor_;
    Watch watch_;
    Batches batches_;
    Floats best_, deltas_, deltas_below_;
    size_t lowest_trained_;
    Result result_;
};

}  // namespace

Result fit(const std::vector<Layer>& layers, const Loss& loss, Optimizer& optimizer, const Rows& training, const Rows& validation, const FitOptions& options, Monitor& monitor) {
    return Trainer(layers, loss, optimizer, options, monitor).fit(training, validation);
}

Sums evaluate(const std::vector<Layer>& layers, const Loss& loss, float* parameters, const Rows& data, int threads, Monitor& monitor) {
    Watch watch(monitor, 0);
    return Batches(layers, loss, parameters, std::clamp(int64_t(data.index.size()), int64_t(1), evaluation_rows), threads).evaluate(data, 0, watch);
}

void predict(const std::vector<Layer>& layers, const float* parameters, const float* features, int64_t rows, float* outputs, int threads) {
    int64_t a_row = 1;
    for (const Layer& layer : layers) a_row += layer.outputs;
    const int64_t at_once = std::clamp(floats_at_once / a_row, int64_t(1), std::min(evaluation_rows, rows));
    const int64_t chunks = (rows + at_once - 1) / at_once, width = layers.front().inputs, last = layers.back().outputs;
    parallel(threads, chunks, [&](int64_t first_chunk, int64_t end_chunk) {
        std::vector<Trace> traces;
        for (const Layer& layer : layers) traces.push_back(trace_for(layer, at_once));
        for (int64_t first = first_chunk * at_once; first < std::min(rows, end_chunk * at_once); first += at_once) {
            const int64_t n = std::min(at_once, rows - first);
            const float* below = features + first * width;
            for (size_t l = 0; l < layers.size(); ++l) {
                float* const out = l + 1 == layers.size() ? outputs + first * last : traces[l].out.data();
                // nothing is written to the parameters when nothing is learnt
                forward(layers[l], int64_t(l), const_cast<float*>(parameters), below, n, out, traces[l], {.training = false, .seed = 0, .step = 0, .threads = 1});
                below = out;
            }
        }
    });
}

}  // namespace normexp
