// Room: border - what Python sees of the others; nanobind, Python and NumPy are known here alone. May include: base, dispatch, family, network, trees, columns.
//
// Arrays of Python as the border takes them: contiguous, in memory of the processor. What is written to is never converted (`noconvert`).
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

namespace normexp {

template <class T> using Vec = nanobind::ndarray<T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
template <class T> using Mat = nanobind::ndarray<T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

}  // namespace normexp
