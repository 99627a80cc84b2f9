// The module: what the rooms show to Python, on the kernels that this processor has. No arithmetic here.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdlib>
#include <string>

#include "base/threads.hpp"
#include "border/arrays.hpp"
#include "border/columns.hpp"
#include "border/network.hpp"
#include "border/plain_arrays.hpp"
#include "border/trees.hpp"
#include "border/ufuncs.hpp"
#include "dispatch/dispatch.hpp"
#include "family/rows.hpp"

namespace nb = nanobind;
using namespace normexp;

namespace {

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
    if (add_ufuncs(m.ptr()) < 0 || add_plain_functions(m.ptr()) < 0) throw nb::python_error();
    add_columns(m);
    add_network(m);
    add_trees(m);
    m.attr("isa") = kernels().isa;
    m.attr("available_isas") = available_isas();
    m.def("get_num_threads", &default_threads);
    m.def("set_num_threads", &set_default_threads, nb::arg("n"));
    m.def("top_k_f32", &top_k_of_rows<float>, nb::arg("x"), nb::arg("places").noconvert(), nb::arg("probabilities").noconvert());
    m.def("top_k_f64", &top_k_of_rows<double>, nb::arg("x"), nb::arg("places").noconvert(), nb::arg("probabilities").noconvert());
}
