#include "network/prediction.hpp"

#include <algorithm>

#include "base/threads.hpp"
#include "network/forward.hpp"

namespace normexp {
namespace {

constexpr int64_t floats_at_once = 1 << 22;  // of a thread's activations; of wide layers fewer rows go through at once

}  // namespace

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
