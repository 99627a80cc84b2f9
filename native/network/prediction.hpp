// Outputs of a network for all rows; the bits of a row do not depend on its neighbours or on the threads.
#pragma once
#include <vector>

#include "network/layer.hpp"

namespace normexp {

void predict(const std::vector<Layer>&, const float* parameters, const float* features, int64_t rows, float* outputs, int threads);

}  // namespace normexp
