// Batches of rows, through the network and into the loss.
#pragma once
#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "base/floats.hpp"
#include "base/threads.hpp"
#include "network/batch_losses.hpp"
#include "network/forward.hpp"
#include "network/rows.hpp"
#include "network/watch.hpp"

namespace normexp {

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

}  // namespace normexp
