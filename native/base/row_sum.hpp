// The sum of a row's exponentials as it goes between kernels and hosts, and the units in which long rows are summed.
#pragma once
#include <cstdint>

// What a row's exponentials sum to, relative to the maximum (careful) or to a power of two near it.
struct RowSum {
    double maximum;
    double top = 1;               // the exponential of the maximum
    double ties = 0;              // how many entries equal the maximum
    double others = 0, rest = 0;  // others + rest: the sum over the entries below the maximum
    double shift = 0, exponent = 0;  // the exponentials are exp(x - shift) / 2^exponent
};

// Adds a block to the blocks before it (TwoSum); both are relative to the same maximum.
inline void append(RowSum& sum, const RowSum& block) {
    const double next = sum.others + block.others, part = next - sum.others;
    sum.rest += block.rest + ((sum.others - (next - part)) + (block.others - part));
    sum.others = next;
    sum.ties += block.ties;
}

constexpr int64_t block_entries = 1 << 15;          // the unit in which a long row is summed, and shared among threads
constexpr int64_t cached_row_bytes = 768 * 1024;    // up to here a row's exponentials are kept, beyond they are computed twice
