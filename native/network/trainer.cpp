#include "network/trainer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/random.hpp"
#include "network/backward.hpp"
#include "network/batches.hpp"
#include "network/watch.hpp"

namespace normexp {
namespace {

int64_t widest(const std::vector<Layer>& layers) {
    int64_t width = 0;
    for (const Layer& layer : layers) width = std::max({width, layer.inputs, layer.outputs});
    return width;
}

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

}  // namespace normexp
