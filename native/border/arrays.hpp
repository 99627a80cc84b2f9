// Room: border - what Python sees of the others; nanobind, Python and NumPy are known here alone. May include: base, dispatch, family, network, trees, columns.
//
// Arrays of Python as the border takes them: contiguous, in memory of the processor. What is written to is never converted (`noconvert`).
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <utility>
#include <vector>

namespace normexp {

template <class T> using Vec = nanobind::ndarray<T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
template <class T> using Mat = nanobind::ndarray<T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

// An array that owns its memory.
template <class T> nanobind::object array_of(std::vector<T>&& values) {
    auto* kept = new std::vector<T>(std::move(values));
    const nanobind::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nanobind::cast(nanobind::ndarray<nanobind::numpy, T, nanobind::ndim<1>>(kept->data(), {kept->size()}, owner));
}

}  // namespace normexp
