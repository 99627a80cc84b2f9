// Room: family - host side of softmax and its relatives: rows of any layout and storage type to the kernels. May include: base, dispatch.
//
// Rows where the kernels can work on them: in place, or gathered into a buffer from any layout and storage type, and scattered back.
#pragma once
#include <algorithm>
#include <memory>
#include <type_traits>

#include "dispatch/dispatch.hpp"
#include "family/rows.hpp"

namespace normexp {

constexpr int64_t scratch_entries = 1 << 18;  // gathered before they are computed: they stay in the second-level cache
constexpr int64_t cached_entries = 1 << 13;   // the same in the first-level cache
constexpr int64_t rows_at_once = 512;         // of which targets, scales and losses are kept beside each other

template <class Stored> using Computed = std::conditional_t<std::is_same_v<Stored, uint16_t>, float, Stored>;

template <class Stored> void gather(const RowLayout& from, int64_t first, int64_t rows, int64_t n, Computed<Stored>* to, int64_t to_row) {
    const char* data = from.data + first * from.row;
    if constexpr (std::is_same_v<Stored, uint16_t>) kernels().gather_half(data, from.row, from.entry, rows, n, to, to_row);
    else row_kernels<Stored>().gather(data, from.row, from.entry, rows, n, to, to_row);
}

template <class Stored> void scatter(const Computed<Stored>* from, int64_t from_row, const RowLayout& to, int64_t first, int64_t rows, int64_t n) {
    char* data = to.data + first * to.row;
    if constexpr (std::is_same_v<Stored, uint16_t>) kernels().scatter_half(from, from_row, data, to.row, to.entry, rows, n);
    else row_kernels<Stored>().scatter(from, from_row, data, to.row, to.entry, rows, n);
}

// Can the kernels work on the rows where they are?
template <class Stored> bool in_place(const RowLayout& rows, int64_t n) {
    return !std::is_same_v<Stored, uint16_t> && (n == 1 || rows.entry == int64_t(sizeof(Stored))) && rows.row % int64_t(sizeof(Stored)) == 0;
}

template <class T> T* at(const RowLayout& rows, int64_t i) { return reinterpret_cast<T*>(rows.data + i * rows.row); }

template <class T> std::unique_ptr<T[]> uninitialised(int64_t size) { return std::unique_ptr<T[]>(new T[size_t(size)]); }

// A buffer for some rows, `row` entries apart: for transposing not a power of two, at which all rows would fall on the same few places of the cache.
template <class T> struct Scratch {
    int64_t rows, row;
    std::unique_ptr<T[]> data;

    Scratch(int64_t wanted, int64_t n, bool transposing) : rows(wanted), row(transposing ? (n + 15) / 16 * 16 + 16 : n), data(uninitialised<T>(rows * row)) {}
};

template <class Stored> bool side_by_side(const RowLayout& x, int64_t n) { return x.row == int64_t(sizeof(Stored)) && n > 1; }

// Rows that lie side by side are gathered by the hundred, so that long stretches of memory are read; others a few at a time.
template <class Stored> int64_t gathered_at_once(const RowLayout& x, int64_t rows, int64_t n) {
    return std::min(rows, side_by_side<Stored>(x, n) ? std::max<int64_t>(scratch_entries / n / 16 * 16, 16) : std::max<int64_t>(cached_entries / n, 1));
}

}  // namespace normexp
