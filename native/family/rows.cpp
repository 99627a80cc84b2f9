#include "family/rows.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/threads.hpp"
#include "dispatch/dispatch.hpp"

namespace normexp {
namespace {

constexpr int64_t worth_a_thread = 16'384;  // entries
constexpr int64_t scratch_entries = 1 << 18;  // gathered before they are computed: they stay in the second-level cache
constexpr int64_t cached_entries = 1 << 13;   // the same in the first-level cache
constexpr int64_t rows_at_once = 512;         // of which targets, scales and losses are kept beside each other

template <class Stored> using Computed = std::conditional_t<std::is_same_v<Stored, uint16_t>, float, Stored>;

template <class F> void share(int64_t rows, int64_t n, const F& body) {
    const int64_t shares = rows * n / worth_a_thread, threads = default_threads();
    parallel(int(std::min(shares, threads)), rows, body);
}

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

// One long row on all threads, a number of blocks each: maximum, sum, result. The order of the sum is that of the row kernels.
template <class T> RowSum shared_sum(const T* x, int64_t n, bool careful) {
    const RowKernels<T>& call = row_kernels<T>();
    const int64_t blocks = (n + block_entries - 1) / block_entries;
    const auto size_of = [&](int64_t block) { return std::min(block_entries, n - block * block_entries); };
    std::vector<RowSum> sums(size_t(blocks), RowSum{0});
    if (!careful && n * int64_t(sizeof(T)) > cached_row_bytes) {
        parallel(default_threads(), blocks, [&](int64_t first, int64_t end) {
            for (int64_t b = first; b < end; ++b) sums[size_t(b)] = call.own_block_sum(x + b * block_entries, size_of(b));
        });
        for (int64_t b = 1; b < blocks; ++b) call.merge(sums[0], sums[size_t(b)]);
        return sums[0];
    }
    parallel(default_threads(), blocks, [&](int64_t first, int64_t end) {
        for (int64_t b = first; b < end; ++b) sums[size_t(b)].maximum = double(call.maximum(x + b * block_entries, size_of(b)));
    });
    double maximum = sums[0].maximum;
    for (const RowSum& block : sums) maximum = std::max(maximum, block.maximum);
    if (maximum - maximum != 0) return {maximum};
    RowSum all = call.empty_sum(T(maximum), careful);
    parallel(default_threads(), blocks, [&](int64_t first, int64_t end) {
        for (int64_t b = first; b < end; ++b) sums[size_t(b)] = call.block_sum(x + b * block_entries, size_of(b), T(maximum), careful);
    });
    for (const RowSum& block : sums) append(all, block);
    return all;
}

bool worth_splitting(int64_t rows, int64_t n) { return default_threads() > 1 && rows < 2 * default_threads() && n >= 4 * block_entries; }

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

template <class T> std::vector<T> read_column(const Column& column, int64_t first, int64_t count) {
    std::vector<T> values(size_t(count), T(0));
    for (int64_t i = 0; i < count; ++i) values[size_t(i)] = *reinterpret_cast<const T*>(column.data + (first + i) * column.step);
    return values;
}

template <class T> void write_column(const std::vector<T>& values, const Column& column, int64_t first) {
    for (size_t i = 0; i < values.size(); ++i) *reinterpret_cast<T*>(column.data + (first + int64_t(i)) * column.step) = values[i];
}

// Rows of T where the kernels can read them: in place, or gathered.
template <class T> struct Readable {
    std::unique_ptr<T[]> scratch;
    const T* data;
    int64_t row;

    Readable(const RowLayout& rows, int64_t first, int64_t count, int64_t n) : data(at<T>(rows, first)), row(rows.row / int64_t(sizeof(T))) {
        if (in_place<T>(rows, n)) return;
        scratch = uninitialised<T>(count * n);
        gather<T>(rows, first, count, n, scratch.get(), n);
        data = scratch.get();
        row = n;
    }
};

// Calls kernel(first, count, losses, gradient, gradient_row) for pieces of rows, and puts losses and gradients where they belong.
template <class T, class Kernel> void loss_rows(const Column& losses, const RowLayout& gradient, int64_t rows, int64_t n, const Kernel& kernel) {
    share(rows, n, [&](int64_t start, int64_t end) {
        const int64_t piece = std::clamp<int64_t>(scratch_entries / std::max<int64_t>(n, 1), 16, rows_at_once);
        const bool scattered = gradient.data && !in_place<T>(gradient, n);
        const auto scratch = uninitialised<T>(scattered ? piece * n : 0);
        for (int64_t i = start; i < end; i += piece) {
            const int64_t count = std::min(piece, end - i);
            std::vector<T> values(size_t(count), T(0));
            T* const to = !gradient.data ? nullptr : scattered ? scratch.get() : at<T>(gradient, i);
            kernel(i, count, values.data(), to, scattered ? n : gradient.row / int64_t(sizeof(T)));
            write_column(values, losses, i);
            if (scattered) scatter<T>(scratch.get(), n, gradient, i, count, n);
        }
    });
}

// Places of at least k entries (their number is returned) among which the k largest are: all that reach a threshold which a sample of the row suggests.
template <class T> int64_t find_candidates(const T* x, int64_t n, int64_t k, int64_t* places) {
    constexpr int64_t samples = 1024;
    const int64_t wanted = std::max<int64_t>(8, 4 * k * samples / n), stride = n / samples;
    if (n >= 4 * samples && wanted < samples / 2) {
        std::vector<T> sample(samples, T(0));
        for (int64_t i = 0; i < samples; ++i) sample[size_t(i)] = x[i * stride] != x[i * stride] ? T(__builtin_huge_val()) : x[i * stride];
        std::nth_element(sample.begin(), sample.begin() + wanted, sample.end(), std::greater<T>());
        const int64_t found = row_kernels<T>().collect(x, n, sample[size_t(wanted)], places, n);
        if (found >= k) return found;
    }
    for (int64_t i = 0; i < n; ++i) places[i] = i;
    return n;
}

// As the row kernel of softmax sums.
template <class T> RowSum sum_of(const T* x, int64_t n, T maximum) {
    const RowKernels<T>& call = row_kernels<T>();
    const bool merged = n * int64_t(sizeof(T)) > cached_row_bytes;
    RowSum sum = merged ? call.own_block_sum(x, block_entries) : call.empty_sum(maximum, false);
    for (int64_t i = merged ? block_entries : 0; i < n; i += block_entries) {
        const int64_t size = std::min(block_entries, n - i);
        if (merged) call.merge(sum, call.own_block_sum(x + i, size));
        else append(sum, call.block_sum(x + i, size, maximum, false));
    }
    return sum;
}

template <class T> void top_k_of_row(const T* x, int64_t n, int64_t k, int64_t* best, T* probabilities, int64_t* places, std::vector<T>& row) {
    const RowKernels<T>& call = row_kernels<T>();
    const int64_t found = find_candidates(x, n, k, places);
    const auto before = [x](int64_t a, int64_t b) {
        const bool a_nan = x[a] != x[a], b_nan = x[b] != x[b];
        if (a_nan || b_nan) return a_nan != b_nan ? a_nan : a < b;
        return x[a] != x[b] ? x[a] > x[b] : a < b;
    };
    if (k < found) std::nth_element(places, places + k, places + found, before);
    std::sort(places, places + k, before);
    std::copy_n(places, k, best);
    const T maximum = call.maximum(x, n);
    if (n > call.long_row && maximum - maximum == 0) {  // as softmax does it for a row of this length, but for the k alone
        const RowSum sum = sum_of(x, n, maximum);
        for (int64_t j = 0; j < k; ++j) probabilities[j] = x[best[j]];
        return call.write_softmax(probabilities, probabilities, k, sum);
    }
    row.resize(size_t(n));
    call.softmax(x, n, row.data(), n, 1, n);
    for (int64_t j = 0; j < k; ++j) probabilities[j] = row[size_t(best[j])];
}

}  // namespace

template <class T> void top_k(const T* x, int64_t rows, int64_t n, int64_t k, int64_t* places, T* probabilities) {
    share(rows, n, [&](int64_t first, int64_t end) {
        const auto candidates = uninitialised<int64_t>(n);
        std::vector<T> row;
        for (int64_t i = first; i < end; ++i) top_k_of_row(x + i * n, n, k, places + i * k, probabilities + i * k, candidates.get(), row);
    });
}

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

template <class T> void cross_entropy(RowLayout x, Column targets, Column scales, Column losses, RowLayout gradient, int64_t rows, int64_t n) {
    loss_rows<T>(losses, gradient, rows, n, [&](int64_t first, int64_t count, T* values, T* to, int64_t to_row) {
        const Readable<T> from(x, first, count, n);
        row_kernels<T>().cross_entropy(from.data, from.row, read_column<int64_t>(targets, first, count).data(), read_column<T>(scales, first, count).data(), values, to, to_row,
                                       count, n);
    });
}

template <class T>
void weighted_cross_entropy(RowLayout x, RowLayout base, Column targets, Column hots, Column zs, Column scales, Column losses, RowLayout gradient, int64_t rows, int64_t n) {
    loss_rows<T>(losses, gradient, rows, n, [&](int64_t first, int64_t count, T* values, T* to, int64_t to_row) {
        const Readable<T> from(x, first, count, n), weights(base, first, count, n);
        row_kernels<T>().weighted_cross_entropy(from.data, from.row, weights.data, weights.row, read_column<int64_t>(targets, first, count).data(),
                                                read_column<T>(hots, first, count).data(), read_column<T>(zs, first, count).data(),
                                                read_column<T>(scales, first, count).data(), values, to, to_row, count, n);
    });
}

template <class Stored> void elementwise(Elementwise function, Column x, Column out, int64_t n) {
    using T = Computed<Stored>;
    const auto& call = row_kernels<T>();
    typename RowKernels<T>::Elementwise* const kernels[] = {call.exponential, call.sigmoid, call.log_sigmoid, call.softplus, call.logit};
    const auto kernel = kernels[int(function)];
    share(n, 1, [&](int64_t first, int64_t end) {
        constexpr int64_t piece = 1024;
        T scratch[piece];
        const RowLayout from{x.data, 0, x.step}, to{out.data, 0, out.step};
        if (in_place<Stored>(from, n) && in_place<Stored>(to, n)) return kernel(reinterpret_cast<T*>(x.data) + first, reinterpret_cast<T*>(out.data) + first, end - first);
        for (int64_t i = first; i < end; i += piece) {
            const int64_t count = std::min(piece, end - i);
            gather<Stored>({x.data + i * x.step, 0, x.step}, 0, 1, count, scratch, count);
            kernel(scratch, scratch, count);
            scatter<Stored>(scratch, count, {out.data + i * out.step, 0, out.step}, 0, 1, count);
        }
    });
}

#define FOR_STORED(Stored)                                                          \
    template void softmax<Stored>(RowLayout, RowLayout, int64_t, int64_t);          \
    template void log_softmax<Stored>(RowLayout, RowLayout, int64_t, int64_t);      \
    template void logsumexp<Stored>(RowLayout, Column, int64_t, int64_t);           \
    template void elementwise<Stored>(Elementwise, Column, Column, int64_t);
#define FOR_COMPUTED(T)                                                                                \
    template void top_k<T>(const T*, int64_t, int64_t, int64_t, int64_t*, T*);                         \
    template void cross_entropy<T>(RowLayout, Column, Column, Column, RowLayout, int64_t, int64_t);    \
    template void weighted_cross_entropy<T>(RowLayout, RowLayout, Column, Column, Column, Column, Column, RowLayout, int64_t, int64_t);

FOR_STORED(uint16_t)
FOR_STORED(float)
FOR_STORED(double)
FOR_COMPUTED(float)
FOR_COMPUTED(double)

}  // namespace normexp
