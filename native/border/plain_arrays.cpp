// Plain arrays: exactly numpy.ndarray, C-contiguous, native float16, float32 or float64, along the last axis. No arithmetic here.
#include "border/plain_arrays.hpp"

#include "border/numpy.hpp"
#include "family/rows.hpp"

namespace {

using namespace normexp;

bool is_plain(PyObject* object) {
    if (!PyArray_CheckExact(object)) return false;
    PyArrayObject* array = reinterpret_cast<PyArrayObject*>(object);
    const int type = PyArray_TYPE(array);
    return (type == NPY_FLOAT || type == NPY_DOUBLE || type == NPY_HALF) && PyArray_ISCARRAY_RO(array) && PyArray_NDIM(array) > 0;
}

// Is `out` like x, writeable, and either x itself or apart from it?
bool fits(PyObject* out, PyArrayObject* x) {
    if (!is_plain(out)) return false;
    PyArrayObject* array = reinterpret_cast<PyArrayObject*>(out);
    const char *a = PyArray_BYTES(array), *b = PyArray_BYTES(x);
    const npy_intp bytes = PyArray_NBYTES(x);
    return PyArray_TYPE(array) == PyArray_TYPE(x) && PyArray_ISWRITEABLE(array) && PyArray_SAMESHAPE(array, x) && (a == b || a + bytes <= b || b + bytes <= a);
}

// The result, or null and Python's error where memory did not suffice.
template <class F> PyObject* without_gil(npy_intp size, PyObject* result, const F& body) {
    if (size <= 500) {
        guarded(body);
    } else {
        NPY_BEGIN_ALLOW_THREADS
        guarded(body);
        NPY_END_ALLOW_THREADS
    }
    if (!PyErr_Occurred()) return result;
    Py_DECREF(result);
    return nullptr;
}

#define CALL(name, type, ...)                                        \
    (type == NPY_FLOAT ? name<float>(__VA_ARGS__) : type == NPY_DOUBLE ? name<double>(__VA_ARGS__) : name<npy_half>(__VA_ARGS__))

template <bool logarithm> PyObject* plain_map(PyObject*, PyObject* const* args, Py_ssize_t count) {
    if (count != 2 || !is_plain(args[0])) Py_RETURN_NONE;
    PyArrayObject* x = reinterpret_cast<PyArrayObject*>(args[0]);
    PyObject* out = args[1];
    if (out == Py_None) out = PyArray_SimpleNew(PyArray_NDIM(x), PyArray_DIMS(x), PyArray_TYPE(x));
    else if (fits(out, x)) Py_INCREF(out);
    else Py_RETURN_NONE;
    if (!out || PyArray_SIZE(x) == 0) return out;
    const int type = PyArray_TYPE(x);
    const npy_intp size = PyArray_ITEMSIZE(x), n = PyArray_DIM(x, PyArray_NDIM(x) - 1), rows = PyArray_SIZE(x) / n;
    const RowLayout from{PyArray_BYTES(x), n * size, size}, to{PyArray_BYTES(reinterpret_cast<PyArrayObject*>(out)), n * size, size};
    return without_gil(rows * n, out, [&] {
        if constexpr (logarithm) CALL(log_softmax, type, from, to, rows, n);
        else CALL(softmax, type, from, to, rows, n);
    });
}

PyObject* plain_logsumexp(PyObject*, PyObject* x_object) {
    if (!is_plain(x_object)) Py_RETURN_NONE;
    PyArrayObject* x = reinterpret_cast<PyArrayObject*>(x_object);
    PyObject* out = PyArray_SimpleNew(PyArray_NDIM(x) - 1, PyArray_DIMS(x), PyArray_TYPE(x));
    if (!out) return nullptr;
    PyArrayObject* result = reinterpret_cast<PyArrayObject*>(out);
    const int type = PyArray_TYPE(x);
    const npy_intp size = PyArray_ITEMSIZE(x), n = PyArray_DIM(x, PyArray_NDIM(x) - 1), rows = PyArray_SIZE(result);
    const RowLayout from{PyArray_BYTES(x), n * size, size};
    const Column to{PyArray_BYTES(result), size};
    if (!without_gil(rows * n, out, [&] { CALL(logsumexp, type, from, to, rows, n); })) return nullptr;
    return PyArray_Return(result);
}

PyMethodDef plain_functions[] = {
    {"plain_softmax", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(plain_map<false>)), METH_FASTCALL, "(x, out or None): softmax of a plain array, or None if it is not plain."},
    {"plain_log_softmax", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(plain_map<true>)), METH_FASTCALL, "As plain_softmax."},
    {"plain_logsumexp", plain_logsumexp, METH_O, "(x): logsumexp along the last axis of a plain array, or None if it is not plain."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int add_plain_functions(PyObject* module) {
    import_array1(-1);
    return PyModule_AddFunctions(module, plain_functions);
}
