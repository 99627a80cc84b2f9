// Buffers for gathered rows, and how many rows at once are worth gathering.
#pragma once
#include <algorithm>
#include <memory>

#include "family/gathering.hpp"

namespace normexp {

constexpr int64_t scratch_entries = 1 << 18;  // gathered before they are computed: they stay in the second-level cache
constexpr int64_t cached_entries = 1 << 13;   // the same in the first-level cache
constexpr int64_t rows_at_once = 512;         // of which targets, scales and losses are kept beside each other

template <class T> std::unique_ptr<T[]> uninitialised(int64_t size) { return std::unique_ptr<T[]>(new T[size_t(size)]); }

// A buffer for some rows, `row` entries apart: for transposing not a power of two, at which all rows would fall on the same few places of the cache.
template <class T> struct Scratch {
    int64_t rows, row;
    std::unique_ptr<T[]> data;

    Scratch(int64_t wanted, int64_t n, bool transposing) : rows(wanted), row(transposing ? (n + 15) / 16 * 16 + 16 : n), data(uninitialised<T>(rows * row)) {}
};

// Rows that lie side by side are gathered by the hundred, so that long stretches of memory are read; others a few at a time.
template <class Stored> int64_t gathered_at_once(const RowLayout& x, int64_t rows, int64_t n) {
    return std::min(rows, side_by_side<Stored>(x, n) ? std::max<int64_t>(scratch_entries / n / 16 * 16, 16) : std::max<int64_t>(cached_entries / n, 1));
}

}  // namespace normexp
