// NumPy's arrays and ufuncs in C, and calls that C makes without expecting an exception. A file that includes this imports NumPy's tables before they are used.
#pragma once
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#include <new>

namespace normexp {

// C calls all this, mostly without the GIL: a lack of memory becomes Python's error, no exception passes.
template <class F> void guarded(const F& body) {
    try {
        body();
    } catch (const std::bad_alloc&) {
        NPY_ALLOW_C_API_DEF
        NPY_ALLOW_C_API
        PyErr_NoMemory();
        NPY_DISABLE_C_API
    }
}

}  // namespace normexp
