// A small thread pool: started at first use, forgotten in a forked child, known to threadpoolctl (by the two C functions).
//
// The default number of threads is OMP_NUM_THREADS where set, else the processors of the affinity mask (at import).
// An explicit number wins. Workers wait briefly by spinning, unless there are more threads than processors.
#pragma once
#include <cstdint>

namespace normexp {

int default_threads();
void set_default_threads(int n);

// Calls body(part) for part in [0, parts); part i runs on thread i. While the pool serves another caller, all parts run here.
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

}  // namespace normexp

extern "C" {
__attribute__((visibility("default"))) int normexp_get_num_threads();
__attribute__((visibility("default"))) void normexp_set_num_threads(int n);
}
