// Counter-based random numbers: the same (seed, stream, counter) gives the same bits on any thread, in any order.
//
// Philox-4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
#pragma once
#include <array>
#include <cstdint>

namespace normexp {

inline std::array<uint32_t, 4> philox(uint64_t seed, uint64_t stream, uint64_t counter) {
    std::array<uint32_t, 4> x{uint32_t(counter), uint32_t(counter >> 32), uint32_t(stream), uint32_t(stream >> 32)};
    uint32_t key0 = uint32_t(seed), key1 = uint32_t(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = uint64_t(0xD2511F53) * x[0], p1 = uint64_t(0xCD9E8D57) * x[2];
        x = {uint32_t(p1 >> 32) ^ x[1] ^ key0, uint32_t(p1), uint32_t(p0 >> 32) ^ x[3] ^ key1, uint32_t(p0)};
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
    return x;
}

// Uniform on [0, bound) by multiplication (Lemire 2019); the bias, bound / 2^64, is below 1e-9 for 10^10 rows.
inline uint64_t below(uint64_t bits, uint64_t bound) { return uint64_t((unsigned __int128)bits * bound >> 64); }

// Fisher-Yates; `stream` is the epoch, so that an epoch's order does not depend on the ones before.
inline void shuffle(int64_t* items, int64_t n, uint64_t seed, uint64_t stream) {
    std::array<uint32_t, 4> numbers{};
    for (int64_t i = n - 1, drawn = 0; i > 0; --i, ++drawn) {
        if (drawn % 2 == 0) numbers = philox(seed, stream, uint64_t(drawn / 2));
        const uint64_t bits = drawn % 2 == 0 ? uint64_t(numbers[0]) << 32 | numbers[1] : uint64_t(numbers[2]) << 32 | numbers[3];
        const int64_t j = int64_t(below(bits, uint64_t(i) + 1));
        const int64_t other = items[j];
        items[j] = items[i];
        items[i] = other;
    }
}

}  // namespace normexp
