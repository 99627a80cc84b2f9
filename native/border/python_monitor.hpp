// Python's signals and callbacks during a fit that runs without the GIL.
#pragma once
#include <nanobind/nanobind.h>

#include <optional>

#include "network/monitor.hpp"

namespace normexp {

namespace nb = nanobind;

// Brings Python's signals, the progress callback and the epoch callback into a fit that runs without the GIL.
struct PythonMonitor final : Monitor {
    nb::object on_poll, on_epoch;  // callables or None
    bool interrupted = false;
    std::optional<nb::python_error> error;

    template <class F> bool guarded(F&& call) {
        nb::gil_scoped_acquire gil;
        if (PyErr_CheckSignals() != 0) {
            if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
                PyErr_Clear();
                return interrupted = true;
            }
            error.emplace();
            return true;
        }
        try {
            return call();
        } catch (nb::python_error& raised) {
            if (raised.matches(PyExc_KeyboardInterrupt)) return interrupted = true;
            error.emplace(std::move(raised));
            return true;
        }
    }

    bool poll(int64_t epoch, int64_t rows_done, const Sums& sums) override {
        return guarded([&] { return !on_poll.is_none() && nb::cast<bool>(on_poll(epoch, rows_done, tuple_of(sums))); });
    }

    bool epoch_end(int64_t epoch, const Epoch& e) override {
        if (on_epoch.is_none()) return false;
        return guarded([&] { return nb::cast<bool>(on_epoch(epoch, tuple_of(e.training), tuple_of(e.validation))); });
    }

    static nb::tuple tuple_of(const Sums& s) { return nb::make_tuple(s.loss, s.weight, s.correct, s.hits, s.rows, s.penalty); }

    void raise() {
        if (error) throw nb::python_error(std::move(*error));
    }
};

}  // namespace normexp
