// The network engine's face. No arithmetic here.
#include "border/network.hpp"

#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "base/threads.hpp"
#include "border/arrays.hpp"
#include "border/python_monitor.hpp"
#include "network/inputs.hpp"
#include "network/prediction.hpp"
#include "network/trainer.hpp"

namespace nb = nanobind;
using namespace normexp;

namespace {

using Vectors = nb::ndarray<float, nb::ndim<2>, nb::device::cpu>;  // side by side, with room between them
// kind, activation, inputs, outputs, places of the segments, options, trained
using LayerTuple = std::tuple<int, int, int64_t, int64_t, std::array<int64_t, 4>, std::array<float, 3>, bool>;
// first, size, learning-rate factor, decay, l1, l2, largest norm, columns
using SegmentTuple = std::tuple<int64_t, int64_t, float, float, float, float, float, int64_t>;
using LossTuple = std::tuple<int, float, float, float>;  // kind, smoothing, alpha, gamma

std::vector<Layer> layers_from(const std::vector<LayerTuple>& plan) {
    std::vector<Layer> layers;
    for (const auto& [kind, activation, inputs, outputs, places, options, trained] : plan)
        layers.push_back({LayerKind(kind), Activation(activation), inputs, outputs, {places[0], places[1], places[2], places[3]}, {options[0], options[1], options[2]}, trained});
    return layers;
}

Loss loss_from(const LossTuple& loss) { return {LossKind(std::get<0>(loss)), std::get<1>(loss), std::get<2>(loss), std::get<3>(loss)}; }

int threads_or_default(int n) { return n > 0 ? n : default_threads(); }

const char* name_of(Stop stop, bool interrupted) {
    if (interrupted) return "interrupted";
    switch (stop) {
        case Stop::patience: return "patience";
        case Stop::time_limit: return "time_limit";
        case Stop::monitor: return "callback";
        default: return "epochs";
    }
}

// features, class indices, numbers for each output, weights, rows, outputs to keep
using RowsTuple = std::tuple<Mat<const float>, std::optional<Vec<const int32_t>>, std::optional<Mat<const float>>, std::optional<Vec<const float>>, Vec<const int64_t>, std::optional<Mat<float>>>;

Rows rows_from(const RowsTuple& data) {
    const auto& [features, classes, dense, weights, index, outputs] = data;
    return {features.data(), classes ? classes->data() : nullptr, dense ? dense->data() : nullptr, weights ? weights->data() : nullptr,
            std::vector<int64_t>(index.data(), index.data() + index.size()), outputs ? outputs->data() : nullptr};
}

nb::dict fit_network(const std::vector<LayerTuple>& plan, Vec<float> parameters, const std::vector<SegmentTuple>& segment_plan, const LossTuple& loss,
                     const std::tuple<int, float, float, float, bool, float, float, float, float, int64_t>& rule, std::optional<Vectors> state, Vec<const float> rates,
                     int64_t steps, const RowsTuple& training, const RowsTuple& validation, int64_t epochs, int64_t batch_size, int64_t patience, uint64_t seed,
                     int64_t first_epoch, double time_limit, bool shuffle, bool restore_best, int n_threads, nb::object on_poll, nb::object on_epoch) {
    const std::vector<Layer> layers = layers_from(plan);
    std::vector<Segment> segments;
    for (const auto& [first, size, factor, decay, l1, l2, norm, columns] : segment_plan) segments.push_back({first, size, factor, decay, l1, l2, norm, columns});
    const auto& [kind, one, two, epsilon, variant, clip_norm, clip_value, global_clip_norm, average, average_every] = rule;
    const OptimizerOptions optimizing{Rule(kind), one, two, epsilon, variant, clip_norm, clip_value, global_clip_norm, average, average_every};
    const FitOptions options{epochs, batch_size, patience, seed, first_epoch, time_limit, shuffle, restore_best, threads_or_default(n_threads)};
    const auto vector = [&](size_t i) { return state && i < state->shape(0) ? state->data() + i * size_t(state->stride(0)) : nullptr; };
    if (state && state->shape(0) > 0 && (state->shape(1) != parameters.size() || state->stride(1) != 1)) throw nb::value_error("expected a state with a column for each parameter");
    OptimizerState kept{vector(0), vector(1), vector(2), vector(3), steps};
    const Rows rows = rows_from(training), held = rows_from(validation);
    PythonMonitor monitor;
    monitor.on_poll = on_poll;
    monitor.on_epoch = on_epoch;
    Result result;
    {
        nb::gil_scoped_release no_gil;
        Optimizer optimizer(optimizing, segments, kept, parameters.data(), int64_t(parameters.size()), rates.data(), int64_t(rates.size()), options.threads);
        result = fit(layers, loss_from(loss), optimizer, rows, held, options, monitor);
    }
    monitor.raise();
    nb::list recorded;
    for (const Epoch& e : result.epochs) recorded.append(nb::make_tuple(PythonMonitor::tuple_of(e.training), PythonMonitor::tuple_of(e.validation)));
    nb::dict out;
    out["epochs"] = recorded;
    out["best_epoch"] = result.best_epoch;
    out["steps"] = kept.steps;
    out["stop"] = name_of(result.stop, monitor.interrupted);
    return out;
}

nb::tuple evaluate_network(const std::vector<LayerTuple>& plan, Vec<float> parameters, const LossTuple& loss, const RowsTuple& data, int n_threads) {
    const std::vector<Layer> layers = layers_from(plan);
    const Rows rows = rows_from(data);
    PythonMonitor monitor;
    monitor.on_poll = monitor.on_epoch = nb::none();
    Sums sums;
    {
        nb::gil_scoped_release no_gil;
        sums = evaluate(layers, loss_from(loss), parameters.data(), rows, threads_or_default(n_threads), monitor);
    }
    monitor.raise();
    if (monitor.interrupted) {
        PyErr_SetNone(PyExc_KeyboardInterrupt);
        throw nb::python_error();
    }
    return PythonMonitor::tuple_of(sums);
}

void predict_outputs(const std::vector<LayerTuple>& plan, Vec<const float> parameters, Mat<const float> features, Mat<float> outputs, int n_threads) {
    const std::vector<Layer> layers = layers_from(plan);
    nb::gil_scoped_release no_gil;
    predict(layers, parameters.data(), features.data(), int64_t(features.shape(0)), outputs.data(), threads_or_default(n_threads));
}

template <class T> void fill_inputs_of_rows(
    nb::ndarray<const T, nb::ndim<2>, nb::device::cpu> matrix, Vec<const int64_t> numbers, Vec<const double> centres, Vec<const double> scales,
    Vec<const int64_t> indicators, Vec<const int64_t> categories, Vec<const int64_t> n_codes, Vec<const int64_t> wide,
    Vec<const int64_t> n_wide_codes, Mat<const double> statistics, Vec<const int64_t> binned, Vec<const int64_t> n_edges, Vec<const double> edges,
    Mat<float> out) {
    const InputPlan plan{numbers.data(), centres.data(), scales.data(), int64_t(numbers.shape(0)), indicators.data(), int64_t(indicators.shape(0)),
                         categories.data(), n_codes.data(), int64_t(categories.shape(0)), wide.data(), n_wide_codes.data(),
                         statistics.data(), int64_t(wide.shape(0)), int64_t(statistics.shape(1)), binned.data(), n_edges.data(), edges.data(), int64_t(binned.shape(0)),
                         int64_t(out.shape(1))};
    const Cells<T> cells{matrix.data(), matrix.stride(0), matrix.stride(1)};
    nb::gil_scoped_release no_gil;
    fill_inputs(plan, cells, int64_t(out.shape(0)), out.data());
}

}  // namespace

void add_network(nb::module_& m) {
    m.def("fit_network", &fit_network, nb::arg("plan"), nb::arg("parameters").noconvert(), nb::arg("segments"), nb::arg("loss"), nb::arg("rule"), nb::arg("state").none().noconvert(),
          nb::arg("rates").noconvert(), nb::arg("steps"), nb::arg("training"), nb::arg("validation"), nb::arg("epochs"), nb::arg("batch_size"), nb::arg("patience"), nb::arg("seed"),
          nb::arg("first_epoch"), nb::arg("time_limit"), nb::arg("shuffle"), nb::arg("restore_best"), nb::arg("n_threads"), nb::arg("on_poll").none(), nb::arg("on_epoch").none());
    m.def("evaluate_network", &evaluate_network, nb::arg("plan"), nb::arg("parameters").noconvert(), nb::arg("loss"), nb::arg("data"), nb::arg("n_threads"));
    m.def("fill_inputs_f32", &fill_inputs_of_rows<float>, nb::arg("matrix"), nb::arg("numbers"), nb::arg("centres"), nb::arg("scales"), nb::arg("indicators"),
          nb::arg("categories"), nb::arg("n_codes"), nb::arg("wide"), nb::arg("n_wide_codes"), nb::arg("statistics"), nb::arg("binned"), nb::arg("n_edges"), nb::arg("edges"), nb::arg("out").noconvert());
    m.def("fill_inputs_f64", &fill_inputs_of_rows<double>, nb::arg("matrix"), nb::arg("numbers"), nb::arg("centres"), nb::arg("scales"), nb::arg("indicators"),
          nb::arg("categories"), nb::arg("n_codes"), nb::arg("wide"), nb::arg("n_wide_codes"), nb::arg("statistics"), nb::arg("binned"), nb::arg("n_edges"), nb::arg("edges"), nb::arg("out").noconvert());
    m.def("predict_outputs", &predict_outputs, nb::arg("plan"), nb::arg("parameters"), nb::arg("features"), nb::arg("outputs").noconvert(), nb::arg("n_threads"));
}
