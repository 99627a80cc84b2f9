// The clock and the outside world, looked at about every millisecond of work.
#pragma once
#include <chrono>

#include "network/monitor.hpp"

namespace normexp {

class Watch {
public:
    Watch(Monitor& monitor, double time_limit) : monitor_(monitor), time_limit_(time_limit) {}

    void after(int64_t work, int64_t epoch, int64_t rows_done, const Sums& sums) {
        constexpr int64_t millisecond_of_work = 10'000'000;
        work_ += work;
        if (work_ < millisecond_of_work) return;
        work_ = 0;
        look_around(epoch, rows_done, sums);
    }

    void look_around(int64_t epoch, int64_t rows_done, const Sums& sums) {
        const auto now = Clock::now();
        if (time_limit_ > 0 && std::chrono::duration<double>(now - start_).count() > time_limit_) return stop(Stop::time_limit);
        if (now - polled_ < std::chrono::milliseconds(50)) return;
        polled_ = now;
        if (monitor_.poll(epoch, rows_done, sums)) stop(Stop::monitor);
    }

    void stop(Stop why) {
        stopped = true;
        reason = why;
    }

    bool stopped = false;
    Stop reason = Stop::epochs;

private:
    using Clock = std::chrono::steady_clock;

    Monitor& monitor_;
    const double time_limit_;
    int64_t work_ = 0;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point polled_ = start_;
};

}  // namespace normexp
