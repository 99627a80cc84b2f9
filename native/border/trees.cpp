// Forests: arrays of Python in, arrays of NumPy out.
#include "border/trees.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <tuple>

#include "base/threads.hpp"
#include "border/arrays.hpp"
#include "border/python_monitor.hpp"
#include "trees/binning.hpp"
#include "trees/booster.hpp"
#include "trees/prediction.hpp"

namespace nb = nanobind;
using namespace normexp;

namespace {

using PartTuple = std::tuple<Mat<const uint8_t>, Vec<const int32_t>, std::optional<Vec<const float>>>;

Part part_from(const PartTuple& data, Vec<const int32_t> n_bins) {
    const auto& [bins, targets, weights] = data;
    return {{bins.data(), int64_t(bins.shape(1)), int(bins.shape(0)), n_bins.data()}, targets.data(), weights ? weights->data() : nullptr};
}

struct PythonWatcher final : Watcher {
    PythonMonitor monitor;

    bool stop(int round) override { return monitor.poll(round, 0, {}); }
};

const char* why(const Boosted& fitted, bool interrupted) {
    return interrupted ? "interrupted" : fitted.stopped ? "callback" : fitted.timed_out ? "time_limit" : fitted.stopped_early ? "patience" : "epochs";
}

nb::dict fit_trees(const PartTuple& training, const PartTuple& held, Vec<const int32_t> n_bins, int n_classes, int rounds, int patience, int depth, int directions,
                   float learning_rate, float l2, float most_step, float row_share, float feature_share, uint64_t seed, double time_limit, int n_threads, nb::object on_poll) {
    const Part seen = part_from(training, n_bins), unseen = part_from(held, n_bins);
    const BoostOptions options{rounds, patience, depth, directions, learning_rate, l2, most_step, row_share, feature_share, seed, time_limit, n_threads > 0 ? n_threads : default_threads()};
    PythonWatcher watcher;
    watcher.monitor.on_poll = on_poll;
    watcher.monitor.on_epoch = nb::none();
    Boosted fitted;
    {
        nb::gil_scoped_release no_gil;
        fitted = boost(seen, unseen, n_classes, options, watcher);
    }
    watcher.monitor.raise();
    const size_t n_splits = fitted.forest.splits.size();
    std::vector<int32_t> features(n_splits), bins(n_splits);
    std::vector<uint8_t> missing(n_splits);
    for (size_t i = 0; i < n_splits; ++i) {
        const Split& split = fitted.forest.splits[i];
        features[i] = split.feature, bins[i] = split.bin, missing[i] = split.missing;
    }
    nb::dict out;
    out["features"] = array_of(std::move(features));
    out["bins"] = array_of(std::move(bins));
    out["missing"] = array_of(std::move(missing));
    out["gains"] = array_of(std::move(fitted.gains));
    out["leaves"] = array_of(std::move(fitted.forest.leaves));
    out["base"] = array_of(std::move(fitted.base));
    out["losses"] = fitted.losses;
    out["held_losses"] = fitted.held_losses;
    out["best_round"] = fitted.best_round;
    out["stop"] = why(fitted, watcher.monitor.interrupted);
    return out;
}

template <class T> void logits_of_forest(
    nb::ndarray<const T, nb::ndim<2>, nb::device::cpu> matrix, Mat<const int32_t> features, Mat<const double> thresholds, Mat<const bool> missing, Vec<const float> leaves,
    Vec<const float> base, Mat<float> out, int n_threads, std::optional<Vec<const int32_t>> chosen) {
    const Questions forest{int(features.shape(0)), int(features.shape(1)), int(base.size()), features.data(), thresholds.data(), missing.data(), leaves.data(), base.data(),
                           chosen ? chosen->data() : nullptr, chosen ? int(chosen->size()) : int(features.shape(0))};
    const Values<T> values{matrix.data(), matrix.stride(0), matrix.stride(1)};
    nb::gil_scoped_release no_gil;
    forest_logits(forest, values, int64_t(matrix.shape(0)), out.data(), n_threads > 0 ? n_threads : default_threads());
}

template <class T> void bins_of_matrix(
    nb::ndarray<const T, nb::ndim<2>, nb::device::cpu> matrix, Vec<const int64_t> rows, Vec<const double> thresholds, Vec<const int64_t> firsts, Mat<uint8_t> out, int n_threads) {
    const Values<T> values{matrix.data(), matrix.stride(0), matrix.stride(1)};
    nb::gil_scoped_release no_gil;
    bins_of(values, rows.data(), int64_t(rows.size()), int(firsts.size()) - 1, thresholds.data(), firsts.data(), out.data(), n_threads > 0 ? n_threads : default_threads());
}

}  // namespace

void add_trees(nb::module_& m) {
    m.def("bins_f32", &bins_of_matrix<float>, nb::arg("matrix"), nb::arg("rows"), nb::arg("thresholds"), nb::arg("firsts"), nb::arg("out").noconvert(), nb::arg("n_threads"));
    m.def("bins_f64", &bins_of_matrix<double>, nb::arg("matrix"), nb::arg("rows"), nb::arg("thresholds"), nb::arg("firsts"), nb::arg("out").noconvert(), nb::arg("n_threads"));
    m.def("fit_trees", &fit_trees, nb::arg("training"), nb::arg("held"), nb::arg("n_bins"), nb::arg("n_classes"), nb::arg("rounds"), nb::arg("patience"), nb::arg("depth"),
          nb::arg("directions"), nb::arg("learning_rate"), nb::arg("l2"), nb::arg("most_step"), nb::arg("row_share"), nb::arg("feature_share"), nb::arg("seed"),
          nb::arg("time_limit"), nb::arg("n_threads"), nb::arg("on_poll").none());
    m.def("forest_logits_f32", &logits_of_forest<float>, nb::arg("matrix"), nb::arg("features"), nb::arg("thresholds"), nb::arg("missing"), nb::arg("leaves"), nb::arg("base"),
          nb::arg("out").noconvert(), nb::arg("n_threads"), nb::arg("chosen").none());
    m.def("forest_logits_f64", &logits_of_forest<double>, nb::arg("matrix"), nb::arg("features"), nb::arg("thresholds"), nb::arg("missing"), nb::arg("leaves"), nb::arg("base"),
          nb::arg("out").noconvert(), nb::arg("n_threads"), nb::arg("chosen").none());
}
