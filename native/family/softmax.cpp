// Softmax, log-softmax and log-sum-exp of many rows, or of few long ones.
#include <algorithm>
#include <type_traits>

#include "family/gathering.hpp"
#include "family/long_row.hpp"
#include "family/rows.hpp"
#include "family/scratch.hpp"
#include "family/sharing.hpp"

namespace normexp {
namespace {

template <class Stored, class Kernel> void map_share(const RowLayout& x, const RowLayout& out, int64_t first, int64_t end, int64_t n, Kernel kernel) {
    using T = Computed<Stored>;
    constexpr int64_t size = sizeof(Stored);
    if (in_place<Stored>(x, n) && in_place<Stored>(out, n)) return kernel(at<T>(x, first), x.row / size, at<T>(out, first), out.row / size, end - first, n);
    const RowLayout& harder = side_by_side<Stored>(x, n) ? x : out;
    const Scratch<T> scratch(gathered_at_once<Stored>(harder, end - first, n), n, side_by_side<Stored>(harder, n));
    for (int64_t i = first; i < end; i += scratch.rows) {
        const int64_t rows = std::min(scratch.rows, end - i);
        gather<Stored>(x, i, rows, n, scratch.data.get(), scratch.row);
        kernel(scratch.data.get(), scratch.row, scratch.data.get(), scratch.row, rows, n);
        scatter<Stored>(scratch.data.get(), scratch.row, out, i, rows, n);
    }
}

// Softmax along lines of memory; what the kernel refuses, and the last columns, are gathered.
template <class T> void softmax_columns(const RowLayout& x, const RowLayout& out, int64_t first, int64_t end, int64_t n) {
    const RowKernels<T>& call = row_kernels<T>();
    constexpr int64_t size = sizeof(T);
    for (int64_t i = first, wide; i < end; i += wide) {
        const int vectors = int(std::min<int64_t>((end - i) / call.columns, call.most_vectors));
        wide = vectors > 0 ? vectors * call.columns : end - i;
        const bool done = vectors > 0 && call.softmax_columns(at<T>(x, i), x.entry / size, at<T>(out, i), out.entry / size, n, vectors);
        if (!done) map_share<T>(x, out, i, i + wide, n, call.softmax);
    }
}

// A few long rows that lie side by side: all threads read all the rows, a stretch each, so that each line of memory is read once.
template <class Stored, class Kernel> void map_side_by_side(const RowLayout& x, const RowLayout& out, int64_t rows, int64_t n, Kernel kernel) {
    using T = Computed<Stored>;
    const Scratch<T> scratch(rows, n, true);
    T* const data = scratch.data.get();
    const auto from = [](const RowLayout& layout, int64_t k) { return RowLayout{layout.data + k * layout.entry, layout.row, layout.entry}; };
    share(n, rows, [&](int64_t first, int64_t end) { gather<Stored>(from(x, first), 0, rows, end - first, data + first, scratch.row); });
    share(rows, n, [&](int64_t first, int64_t end) { kernel(data + first * scratch.row, scratch.row, data + first * scratch.row, scratch.row, end - first, n); });
    share(n, rows, [&](int64_t first, int64_t end) { scatter<Stored>(data + first, scratch.row, from(out, first), 0, rows, end - first); });
}

template <class Stored, class Map, class Write> void map_rows(const RowLayout& x, const RowLayout& out, int64_t rows, int64_t n, bool careful, Map whole, Write write) {
    using T = Computed<Stored>;
    if (n == 0) return;
    if (side_by_side<Stored>(x, n) && side_by_side<Stored>(out, n) && rows < 16 * default_threads() && n >= 1024) return map_side_by_side<Stored>(x, out, rows, n, whole);
    if (!worth_splitting(rows, n) || !in_place<Stored>(x, n) || !in_place<Stored>(out, n))
        return share(rows, n, [&](int64_t first, int64_t end) { map_share<Stored>(x, out, first, end, n, whole); });
    for (int64_t i = 0; i < rows; ++i) {
        const T* from = at<T>(x, i);
        T* to = at<T>(out, i);
        const RowSum sum = shared_sum(from, n, careful);
        if (sum.maximum - sum.maximum != 0) whole(from, n, to, n, 1, n);
        else parallel(default_threads(), n, [&](int64_t first, int64_t end) { write(from + first, to + first, end - first, sum); });
    }
}

}  // namespace

template <class Stored> void softmax(RowLayout x, RowLayout out, int64_t rows, int64_t n) {
    const auto& call = row_kernels<Computed<Stored>>();
    if constexpr (!std::is_same_v<Stored, uint16_t>) {
        const bool whole = x.entry % int64_t(sizeof(Stored)) == 0 && out.entry % int64_t(sizeof(Stored)) == 0;
        if (whole && side_by_side<Stored>(x, n) && side_by_side<Stored>(out, n) && rows >= 2 * call.columns)
            return share(rows, n, [&](int64_t first, int64_t end) { softmax_columns<Stored>(x, out, first, end, n); });
    }
    map_rows<Stored>(x, out, rows, n, false, call.softmax, call.write_softmax);
}

template <class Stored> void log_softmax(RowLayout x, RowLayout out, int64_t rows, int64_t n) {
    const auto& call = row_kernels<Computed<Stored>>();
    map_rows<Stored>(x, out, rows, n, true, call.log_softmax, call.write_log_softmax);
}

template <class Stored> void logsumexp(RowLayout x, Column out, int64_t rows, int64_t n) {
    using T = Computed<Stored>;
    const auto& call = row_kernels<T>();
    const auto put = [&](int64_t first, int64_t count, const T* values) {
        for (int64_t i = 0; i < count; ++i) scatter<Stored>(values + i, 1, RowLayout{out.data, out.step, sizeof(Stored)}, first + i, 1, 1);
    };
    if (n == 0) {
        const T nothing = T(-__builtin_huge_val());
        for (int64_t i = 0; i < rows; ++i) put(i, 1, &nothing);
    } else if (worth_splitting(rows, n) && in_place<Stored>(x, n)) {
        for (int64_t i = 0; i < rows; ++i) {
            const T value = call.logsumexp_of(shared_sum(at<T>(x, i), n, true), at<T>(x, i), n);
            put(i, 1, &value);
        }
    } else {
        share(rows, n, [&](int64_t first, int64_t end) {
            const bool there = in_place<Stored>(x, n);
            const Scratch<T> scratch(there ? 0 : gathered_at_once<Stored>(x, end - first, n), n, side_by_side<Stored>(x, n));
            const int64_t piece = there ? std::min(end - first, rows_at_once) : scratch.rows;
            const auto values = uninitialised<T>(piece);
            for (int64_t i = first; i < end; i += piece) {
                const int64_t count = std::min(piece, end - i);
                if (!there) gather<Stored>(x, i, count, n, scratch.data.get(), scratch.row);
                call.logsumexp(there ? at<T>(x, i) : scratch.data.get(), there ? x.row / int64_t(sizeof(T)) : scratch.row, values.get(), count, n);
                put(i, count, values.get());
            }
        });
    }
}

#define FOR_STORED(Stored)                                                          \
    template void softmax<Stored>(RowLayout, RowLayout, int64_t, int64_t);          \
    template void log_softmax<Stored>(RowLayout, RowLayout, int64_t, int64_t);      \
    template void logsumexp<Stored>(RowLayout, Column, int64_t, int64_t);

FOR_STORED(uint16_t)
FOR_STORED(float)
FOR_STORED(double)

}  // namespace normexp
