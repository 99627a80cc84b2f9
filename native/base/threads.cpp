#include "base/threads.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace normexp {
namespace {

int processors() {
#if defined(__linux__)
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) == 0) return CPU_COUNT(&mask);
#endif
    const unsigned n = std::thread::hardware_concurrency();
    return n ? int(n) : 1;
}

int initial_threads() {
    if (const char* text = std::getenv("OMP_NUM_THREADS")) {
        const int n = std::atoi(text);  // of a list "4,2" the first counts, as in OpenMP
        if (n > 0) return n;
    }
    return processors();
}

std::atomic<int> threads_wanted{0};

inline void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// One worker serves one part number; `round` tells it that there is work, `running` the caller that it is done.
// Parts for which no thread could be started run on the caller's, after its own. What a part throws is thrown to the caller once all parts
// have ended: they share its stack, and an exception that leaves a thread would end the process.
class Pool {
public:
    void run(int parts, Body body, void* context) {
        while (int(workers_.size()) < parts - 1 && !refused_) refused_ = !start();
        const int served = std::min(parts, int(workers_.size()) + 1);
        keep_apart(served);
        body_ = body;
        context_ = context;
        spin_ = served <= processors_ ? spins : 0;
        running_.store(served - 1, std::memory_order_relaxed);
        for (int i = 0; i < served - 1; ++i) {
            workers_[size_t(i)]->round.fetch_add(1, std::memory_order_release);
            workers_[size_t(i)]->round.notify_one();
        }
        attempt(0);
        for (int part = served; part < parts; ++part) attempt(part);
        int left;
        for (int spun = 0; (left = running_.load(std::memory_order_acquire)) > 0;)
            if (++spun < spin_) relax();
            else running_.wait(left, std::memory_order_acquire);
        if (failed_.load(std::memory_order_relaxed)) {
            failed_.store(false, std::memory_order_relaxed);
            std::rethrow_exception(std::exchange(error_, nullptr));
        }
    }

private:
    static constexpr int spins = 10'000;  // some 100 to 400 microseconds, by processor: longer than the gap between two calls in a row
    struct Worker {
        std::atomic<uint32_t> round{0};
        pthread_t thread;
    };

    // False where the system has no memory or no thread left.
    bool start() try {
        const int part = int(workers_.size()) + 1;
        workers_.reserve(size_t(part));
        auto worker = std::make_unique<Worker>();
        std::thread thread([this, part, served = worker.get()] { serve(part, *served); });
        worker->thread = thread.native_handle();
        thread.detach();
        workers_.push_back(worker.release());
        caller_cpu_ = -1;
        return true;
    } catch (const std::system_error&) {
        return false;
    } catch (const std::bad_alloc&) {
        return false;
    }

    void attempt(int part) noexcept {
        try {
            body_(context_, part);
        } catch (...) {
            if (!failed_.exchange(true, std::memory_order_relaxed)) error_ = std::current_exception();
        }
    }

    // A scheduler may wake a worker on the caller's processor, where it waits until the caller has done its own part. So the workers
    // are kept off that processor; this costs nothing while the caller stays where it is.
    void keep_apart([[maybe_unused]] int parts) {
#if defined(__linux__)
        const int cpu = sched_getcpu();
        if (cpu < 0 || cpu == caller_cpu_ || parts > processors_) return;
        cpu_set_t allowed;
        if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < parts) return;
        CPU_CLR(cpu, &allowed);
        for (Worker* worker : workers_) pthread_setaffinity_np(worker->thread, sizeof allowed, &allowed);
        caller_cpu_ = cpu;
#endif
    }

    [[noreturn]] void serve(int part, Worker& worker) {
        for (uint32_t seen = 0;; ++seen) {
            for (int spun = 0; worker.round.load(std::memory_order_acquire) == seen;)
                if (++spun < spin_) relax();
                else worker.round.wait(seen, std::memory_order_acquire);
            attempt(part);
            if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
        }
    }

    const int processors_ = processors();
    std::vector<Worker*> workers_;
    int caller_cpu_ = -1;
    bool refused_ = false;  // a thread could not be started; not tried again
    std::atomic<bool> failed_{false};
    std::exception_ptr error_;  // of the first part that failed
    std::atomic<int> running_{0};
    std::atomic<int> spin_{0};
    Body body_ = nullptr;
    void* context_ = nullptr;
};

// Pool and mutex are leaked on purpose: detached workers may outlive static destruction, and a forked child, in which the
// workers do not exist, starts afresh.
std::mutex* busy = new std::mutex;
Pool* pool = nullptr;

void forget() {
    busy = new std::mutex;
    pool = nullptr;
}

}  // namespace

int default_threads() {
    int n = threads_wanted.load(std::memory_order_relaxed);
    if (n == 0) threads_wanted.store(n = initial_threads(), std::memory_order_relaxed);
    return n;
}

void set_default_threads(int n) { threads_wanted.store(n < 1 ? 1 : n, std::memory_order_relaxed); }

void run_parts(int parts, Body body, void* context) {
    std::unique_lock<std::mutex> lock(*busy, std::try_to_lock);
    if (!lock.owns_lock()) {
        for (int part = 0; part < parts; ++part) body(context, part);
        return;
    }
    if (!pool) {
        static const bool registered = pthread_atfork(nullptr, nullptr, forget) == 0;
        (void)registered;
        pool = new Pool;
    }
    pool->run(parts, body, context);
}

}  // namespace normexp

int normexp_get_num_threads() { return normexp::default_threads(); }
void normexp_set_num_threads(int n) { normexp::set_default_threads(n); }
