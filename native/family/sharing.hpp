// Rows shared among the threads, where there is enough to do for more than one.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/threads.hpp"

namespace normexp {

constexpr int64_t worth_a_thread = 16'384;  // entries

template <class F> void share(int64_t rows, int64_t n, const F& body) {
    const int64_t shares = rows * n / worth_a_thread, threads = default_threads();
    parallel(int(std::min(shares, threads)), rows, body);
}

}  // namespace normexp
