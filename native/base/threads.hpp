// A small thread pool: started at first use, forgotten in a forked child, known to threadpoolctl (by the two C functions).
//
// The default number of threads is OMP_NUM_THREADS where set, else the processors of the affinity mask (at import).
// An explicit number wins. Workers wait briefly by spinning, unless there are more threads than processors.
#pragma once
#include <algorithm>
#include <cstdint>

namespace normexp {

int default_threads();
void set_default_threads(int n);

// Calls body(part) for part in [0, parts); part i runs on thread i, or here where that thread cannot be started. While the pool serves another
// caller, all parts run here. What a part throws is thrown here, after all have ended.
using Body = void (*)(void* context, int part);
void run_parts(int parts, Body body, void* context);

// Splits [0, items) into contiguous shares, one a thread.
template <class F> void parallel(int threads, int64_t items, const F& body) {
    if (threads > items) threads = int(items);
    if (threads <= 1) {
        if (items > 0) body(int64_t(0), items);
        return;
    }
    struct Context { const F* body; int64_t items; int threads; } context{&body, items, threads};
    run_parts(threads, [](void* p, int part) {
        auto& c = *static_cast<Context*>(p);
        (*c.body)(c.items * part / c.threads, c.items * (part + 1) / c.threads);
    }, &context);
}

// Handing a share to a thread costs some tenths of a microsecond while it spins, two when it sleeps: a share must be worth about one in multiply-adds.
inline int threads_worth(int64_t work, int threads) {
    constexpr int64_t worth_a_thread = 50'000;
    return int(std::min<int64_t>(work / worth_a_thread, threads));
}

// Calls body(first, count) for stretches of n entries that cost about `cost` multiply-adds each; a stretch begins at a multiple of 64.
template <class F> void over_stretches(int64_t n, int64_t cost, int threads, const F& body) {
    const int64_t blocks = (n + 63) / 64;
    parallel(threads_worth(n * cost, threads), blocks, [&](int64_t first, int64_t end) { body(first * 64, std::min(n, end * 64) - first * 64); });
}

}  // namespace normexp

extern "C" {
__attribute__((visibility("default"))) int normexp_get_num_threads();
__attribute__((visibility("default"))) void normexp_set_num_threads(int n);
}
