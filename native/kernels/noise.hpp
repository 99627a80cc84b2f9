// Dropout (Srivastava et al. 2014) and Gaussian noise from counter-based random numbers: the draws of an entry depend on seed, stream and its place alone.
// Philox-4x32-10 as in random.hpp, a block of counters at once.
#pragma once
#include "base/operands.hpp"
#include "base/vector.hpp"

namespace {

constexpr int counters = 16;

// Numbers 4 counters first … of the stream: word w of counter c at numbers[w][c].
INLINE void draw(const RandomStream& random, uint64_t first, uint32_t (&numbers)[4][counters]) {
    auto& [x0, x1, x2, x3] = numbers;
    for (int c = 0; c < counters; ++c) {
        x0[c] = uint32_t(first + uint64_t(c));
        x1[c] = uint32_t((first + uint64_t(c)) >> 32);
        x2[c] = uint32_t(random.stream);
        x3[c] = uint32_t(random.stream >> 32);
    }
    uint32_t key0 = uint32_t(random.seed), key1 = uint32_t(random.seed >> 32);
    for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9, key1 += 0xBB67AE85)
        for (int c = 0; c < counters; ++c) {
            const uint64_t p0 = uint64_t(0xD2511F53) * x0[c], p1 = uint64_t(0xCD9E8D57) * x2[c];
            x0[c] = uint32_t(p1 >> 32) ^ x1[c] ^ key0;
            x1[c] = uint32_t(p1);
            x2[c] = uint32_t(p0 >> 32) ^ x3[c] ^ key1;
            x3[c] = uint32_t(p0);
        }
}

// Each entry is dropped with probability `rate`, the others are divided by 1 - rate; `factors` keeps what they were multiplied by.
void drop(const RandomStream& random, float rate, const float* x, float* y, float* factors, int64_t n) {
    const uint32_t bound = uint32_t(double(rate) * 4294967296.0);
    const float kept = 1 / (1 - rate);
    uint32_t numbers[4][counters];
    for (int64_t i = 0; i < n; i += 4 * counters) {
        draw(random, uint64_t(i / 4), numbers);
        const uint32_t* const flat = &numbers[0][0];
        const int64_t count = n - i < 4 * counters ? n - i : 4 * counters;
        for (int64_t k = 0; k < count; ++k) {
            factors[i + k] = flat[k] < bound ? 0 : kept;
            y[i + k] = x[i + k] * factors[i + k];
        }
    }
}

// Box and Muller 1958: two draws make two normal numbers.
void add_noise(const RandomStream& random, float deviation, const float* x, float* y, int64_t n) {
    uint32_t numbers[4][counters];
    for (int64_t i = 0; i < n; i += 4 * counters) {
        draw(random, uint64_t(i / 4), numbers);
        const uint32_t* const flat = &numbers[0][0];
        for (int k = 0; k < 2 * counters; ++k) {
            const double radius = double(deviation) * __builtin_sqrt(-2 * __builtin_log((double(flat[k]) + 1) * 0x1p-32));
            const double angle = 6.28318530717958647692 * double(flat[k + 2 * counters]) * 0x1p-32;
            const int64_t at = i + 2 * k;
            if (at < n) y[at] = x[at] + float(radius * __builtin_cos(angle));
            if (at + 1 < n) y[at + 1] = x[at + 1] + float(radius * __builtin_sin(angle));
        }
    }
}

}  // namespace
