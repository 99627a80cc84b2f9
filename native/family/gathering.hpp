// Room: family - host side of softmax and its relatives: rows of any layout and storage type to the kernels. May include: base, dispatch.
//
// Rows where the kernels can work on them: in place, or gathered from any layout and storage type, and scattered back.
#pragma once
#include <type_traits>

#include "dispatch/dispatch.hpp"
#include "family/rows.hpp"

namespace normexp {

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

template <class Stored> bool side_by_side(const RowLayout& x, int64_t n) { return x.row == int64_t(sizeof(Stored)) && n > 1; }

}  // namespace normexp
