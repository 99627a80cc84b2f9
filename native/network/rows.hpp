// Rows of one float matrix, chosen by index.
#pragma once
#include <cstdint>
#include <vector>

namespace normexp {

struct Rows {
    const float* features;   // row-major
    const int32_t* classes;  // by matrix row; or null
    const float* dense;      // by matrix row, a number for each output; or null
    const float* weights;    // by matrix row, or null
    std::vector<int64_t> index;
    float* outputs;          // by matrix row: where to keep the outputs that the last epoch saw, or null
};

}  // namespace normexp
