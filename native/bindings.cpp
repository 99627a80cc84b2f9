// The border to Python: the trainer's face and the module. No arithmetic here. Arrays that are written to are never converted.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>

#include "dispatch.hpp"
#include "rows.hpp"
#include "threads.hpp"
#include "trainer.hpp"
#include "ufuncs.hpp"

namespace nb = nanobind;
using namespace normexp;

namespace {

template <class T> using Vec = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T> using Mat = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using LayerTuple = std::tuple<int, int64_t, int64_t, int64_t, int64_t>;  // activation, inputs, outputs, weights, bias
using SegmentTuple = std::tuple<int64_t, int64_t, float, float>;         // first, size, learning-rate factor, decay

std::vector<DenseLayer> layers_from(const std::vector<LayerTuple>& plan) {
    std::vector<DenseLayer> layers;
    for (const auto& [activation, inputs, outputs, weights, bias] : plan) layers.push_back({Activation(activation), inputs, outputs, weights, bias});
    return layers;
}

int threads_or_default(int n) { return n > 0 ? n : default_threads(); }

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

    bool poll(int64_t epoch, int64_t rows_done) override {
        return guarded([&] { return !on_poll.is_none() && nb::cast<bool>(on_poll(epoch, rows_done)); });
    }

    bool epoch_end(int64_t epoch, const Epoch& e) override {
        if (on_epoch.is_none()) return false;
        return guarded([&] { return nb::cast<bool>(on_epoch(epoch, e.loss, e.accuracy, e.validation_loss, e.validation_accuracy)); });
    }
};

const char* name_of(Stop stop, bool interrupted) {
    if (interrupted) return "interrupted";
    switch (stop) {
        case Stop::patience: return "patience";
        case Stop::time_limit: return "time_limit";
        case Stop::monitor: return "callback";
        default: return "epochs";
    }
}

Rows rows_from(const Mat<const float>& features, const Vec<const int32_t>& targets, const std::optional<Vec<const float>>& weights, const Vec<const int64_t>& index) {
    return {features.data(), targets.data(), weights ? weights->data() : nullptr, std::vector<int64_t>(index.data(), index.data() + index.size())};
}

nb::dict fit_network(const std::vector<LayerTuple>& plan, Vec<float> parameters, const std::vector<SegmentTuple>& segment_plan, Mat<const float> features,
                     Vec<const int32_t> targets, std::optional<Vec<const float>> weights, Vec<const int64_t> training_rows,
                     Vec<const int64_t> validation_rows, Vec<float> mean, Vec<float> square, int64_t steps, int64_t epochs, int64_t batch_size,
                     int64_t patience, float learning_rate, float beta1, float beta2, float epsilon, uint64_t seed, int64_t first_epoch,
                     double time_limit, bool shuffle, bool restore_best, int n_threads, nb::object on_poll, nb::object on_epoch) {
    const std::vector<DenseLayer> layers = layers_from(plan);
    std::vector<Segment> segments;
    for (const auto& [first, size, factor, decay] : segment_plan) segments.push_back({first, size, factor, decay});
    const Rows training = rows_from(features, targets, weights, training_rows), validation = rows_from(features, targets, weights, validation_rows);
    const FitOptions options{epochs, batch_size, patience, learning_rate, beta1, beta2, epsilon, seed, first_epoch, time_limit, shuffle, restore_best,
                             threads_or_default(n_threads)};
    OptimizerState state{mean.data(), square.data(), steps};
    PythonMonitor monitor;
    monitor.on_poll = on_poll;
    monitor.on_epoch = on_epoch;
    Result result;
    {
        nb::gil_scoped_release no_gil;
        result = fit(layers, parameters.data(), int64_t(parameters.size()), segments, training, validation, options, state, monitor);
    }
    if (monitor.error) throw nb::python_error(std::move(*monitor.error));
    nb::list loss, accuracy, validation_loss, validation_accuracy;
    for (const Epoch& e : result.epochs) {
        loss.append(e.loss);
        accuracy.append(e.accuracy);
        validation_loss.append(e.validation_loss);
        validation_accuracy.append(e.validation_accuracy);
    }
    nb::dict out;
    out["loss"] = loss;
    out["accuracy"] = accuracy;
    out["validation_loss"] = validation_loss;
    out["validation_accuracy"] = validation_accuracy;
    out["best_epoch"] = result.best_epoch;
    out["steps"] = state.steps;
    out["stop"] = name_of(result.stop, monitor.interrupted);
    return out;
}

void predict_logits(const std::vector<LayerTuple>& plan, Vec<const float> parameters, Mat<const float> features, Mat<float> logits, int n_threads) {
    const std::vector<DenseLayer> layers = layers_from(plan);
    nb::gil_scoped_release no_gil;
    predict(layers, parameters.data(), features.data(), int64_t(features.shape(0)), logits.data(), threads_or_default(n_threads));
}

template <class T> void top_k_of_rows(Mat<const T> x, Mat<int64_t> places, Mat<T> probabilities) {
    nb::gil_scoped_release no_gil;
    top_k<T>(x.data(), int64_t(x.shape(0)), int64_t(x.shape(1)), int64_t(places.shape(1)), places.data(), probabilities.data());
}

}  // namespace

NB_MODULE(_native, m) {
    m.attr("__doc__") = "The compiled core of normexp; private.";
    const char* wanted = std::getenv("NORMEXP_ISA");
    if (!choose_kernels(wanted)) {
        const std::string message = std::string("expected NORMEXP_ISA to be one of ") + available_isas() + ", got '" + wanted + "'; unset it or choose one of these";
        throw nb::import_error(message.c_str());
    }
    if (add_ufuncs(m.ptr()) < 0) throw nb::python_error();
    m.attr("isa") = kernels().isa;
    m.attr("available_isas") = available_isas();
    m.def("get_num_threads", &default_threads);
    m.def("set_num_threads", &set_default_threads, nb::arg("n"));
    m.def("fit_network", &fit_network, nb::arg("plan"), nb::arg("parameters").noconvert(), nb::arg("segments"), nb::arg("features"), nb::arg("targets"),
          nb::arg("weights").none(), nb::arg("training_rows"), nb::arg("validation_rows"), nb::arg("mean").noconvert(), nb::arg("square").noconvert(), nb::arg("steps"), nb::arg("epochs"),
          nb::arg("batch_size"), nb::arg("patience"), nb::arg("learning_rate"), nb::arg("beta1"), nb::arg("beta2"), nb::arg("epsilon"), nb::arg("seed"),
          nb::arg("first_epoch"), nb::arg("time_limit"), nb::arg("shuffle"), nb::arg("restore_best"), nb::arg("n_threads"), nb::arg("on_poll").none(), nb::arg("on_epoch").none());
    m.def("top_k_f32", &top_k_of_rows<float>, nb::arg("x"), nb::arg("places").noconvert(), nb::arg("probabilities").noconvert());
    m.def("top_k_f64", &top_k_of_rows<double>, nb::arg("x"), nb::arg("places").noconvert(), nb::arg("probabilities").noconvert());
    m.def("predict_logits", &predict_logits, nb::arg("plan"), nb::arg("parameters"), nb::arg("features"), nb::arg("logits").noconvert(), nb::arg("n_threads"));
}
