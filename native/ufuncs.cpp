// The family's face: generalized ufuncs (n)->(n), (n)->(), (n),()->(), (n),()->(),(n). No arithmetic here.
//
// A loop gets one run of rows. Rows that are not contiguous go through a buffer, so the bits do not depend on strides;
// many rows are shared among the threads. Floating-point flags are cleared: vector lanes raise spurious ones.
#include "ufuncs.hpp"

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#include <cfenv>
#include <vector>

#include "dispatch.hpp"
#include "threads.hpp"

namespace {

// A run of rows as NumPy describes it, all distances in bytes.
struct Run {
    char* data;
    npy_intp row, entry;
};

template <class T> bool contiguous(const Run& run, npy_intp n) {
    return (run.entry == npy_intp(sizeof(T)) || n == 1) && run.row % npy_intp(sizeof(T)) == 0;
}

template <class T> T* row_of(const Run& run, npy_intp i) { return reinterpret_cast<T*>(run.data + i * run.row); }

template <class T> void gather(const Run& run, npy_intp i, npy_intp n, T* row) {
    for (npy_intp k = 0; k < n; ++k) row[k] = *reinterpret_cast<const T*>(run.data + i * run.row + k * run.entry);
}

template <class T> void scatter(const T* row, const Run& run, npy_intp i, npy_intp n) {
    for (npy_intp k = 0; k < n; ++k) *reinterpret_cast<T*>(run.data + i * run.row + k * run.entry) = row[k];
}

// Calls body(first, end) for shares of the rows.
template <class F> void for_rows(npy_intp rows, npy_intp n, const F& body) {
    constexpr npy_intp worth_a_thread = 16'384;
    const npy_intp shares = rows * n / worth_a_thread;
    const int threads = normexp::default_threads();
    normexp::parallel(shares < threads ? int(shares) : threads, rows, body);
    std::feclearexcept(FE_ALL_EXCEPT);
}

template <class T> using MapKernel = void (*)(const T*, int64_t, T*, int64_t, int64_t, int64_t);

template <class T, MapKernel<T> RowKernels<T>::*kernel> void map_rows(char** data, const npy_intp* sizes, const npy_intp* steps, void*) {
    const npy_intp rows = sizes[0], n = sizes[1];
    const Run from{data[0], steps[0], steps[2]}, to{data[1], steps[1], steps[3]};
    if (n == 0) return;
    const auto call = row_kernels<T>().*kernel;
    for_rows(rows, n, [&](npy_intp first, npy_intp end) {
        if (contiguous<T>(from, n) && contiguous<T>(to, n)) {
            constexpr npy_intp size = sizeof(T);
            return call(row_of<T>(from, first), from.row / size, row_of<T>(to, first), to.row / size, end - first, n);
        }
        std::vector<T> row(size_t(n), T(0));
        for (npy_intp i = first; i < end; ++i) {
            gather(from, i, n, row.data());
            call(row.data(), n, row.data(), n, 1, n);
            scatter(row.data(), to, i, n);
        }
    });
}

template <class T> void logsumexp_rows(char** data, const npy_intp* sizes, const npy_intp* steps, void*) {
    const npy_intp rows = sizes[0], n = sizes[1];
    const Run from{data[0], steps[0], steps[2]}, to{data[1], steps[1], 0};
    const auto call = row_kernels<T>().logsumexp;
    for_rows(rows, n, [&](npy_intp first, npy_intp end) {
        std::vector<T> row(contiguous<T>(from, n) ? 0 : size_t(n), T(0));
        for (npy_intp i = first; i < end; ++i) {
            if (n == 0) { *row_of<T>(to, i) = T(-NPY_INFINITY); continue; }
            if (!row.empty()) gather(from, i, n, row.data());
            call(row.empty() ? row_of<T>(from, i) : row.data(), n, row_of<T>(to, i), 1, n);
        }
    });
}

// Targets are trusted to be in [0, n): the Python face has looked.
template <class T, bool with_gradient> void cross_entropy_rows(char** data, const npy_intp* sizes, const npy_intp* steps, void*) {
    const npy_intp rows = sizes[0], n = sizes[1];
    const Run from{data[0], steps[0], steps[with_gradient ? 4 : 3]}, targets{data[1], steps[1], 0}, losses{data[2], steps[2], 0};
    const Run gradients = with_gradient ? Run{data[3], steps[3], steps[5]} : Run{nullptr, 0, sizeof(T)};
    const RowKernels<T>& call = row_kernels<T>();
    for_rows(rows, n, [&](npy_intp first, npy_intp end) {
        const bool buffered = !contiguous<T>(from, n) || !contiguous<T>(gradients, n);
        std::vector<T> row(buffered ? size_t(n) : 0, T(0));
        for (npy_intp i = first; i < end; ++i) {
            if (buffered) gather(from, i, n, row.data());
            const T* logits = buffered ? row.data() : row_of<T>(from, i);
            const npy_int64 target = *row_of<npy_int64>(targets, i);
            if constexpr (with_gradient) {
                *row_of<T>(losses, i) = call.cross_entropy_gradient(logits, target, buffered ? row.data() : row_of<T>(gradients, i), n);
                if (buffered) scatter(row.data(), gradients, i, n);
            } else {
                *row_of<T>(losses, i) = call.cross_entropy(logits, target, n);
            }
        }
    });
}

template <class T> void exponentials(char** data, const npy_intp* sizes, const npy_intp* steps, void*) {
    for (npy_intp i = 0; i < sizes[0]; ++i)
        row_kernels<T>().exponential(reinterpret_cast<T*>(data[0] + i * steps[0]), reinterpret_cast<T*>(data[1] + i * steps[1]), 1);
    std::feclearexcept(FE_ALL_EXCEPT);
}

#define FLOAT_AND_DOUBLE(loop) {(PyUFuncGenericFunction)loop<float>, (PyUFuncGenericFunction)loop<double>}

template <class T> void softmax(char** d, const npy_intp* n, const npy_intp* s, void* e) { map_rows<T, &RowKernels<T>::softmax>(d, n, s, e); }
template <class T> void log_softmax(char** d, const npy_intp* n, const npy_intp* s, void* e) { map_rows<T, &RowKernels<T>::log_softmax>(d, n, s, e); }
template <class T> void cross_entropy(char** d, const npy_intp* n, const npy_intp* s, void* e) { cross_entropy_rows<T, false>(d, n, s, e); }
template <class T> void cross_entropy_gradient(char** d, const npy_intp* n, const npy_intp* s, void* e) { cross_entropy_rows<T, true>(d, n, s, e); }

struct Function {
    const char* name;
    const char* signature;  // null: elementwise
    int inputs, outputs;
    PyUFuncGenericFunction loops[2];
    char types[8];
};

// NumPy keeps pointers into this table.
Function functions[] = {
    {"softmax", "(n)->(n)", 1, 1, FLOAT_AND_DOUBLE(softmax), {NPY_FLOAT, NPY_FLOAT, NPY_DOUBLE, NPY_DOUBLE}},
    {"log_softmax", "(n)->(n)", 1, 1, FLOAT_AND_DOUBLE(log_softmax), {NPY_FLOAT, NPY_FLOAT, NPY_DOUBLE, NPY_DOUBLE}},
    {"logsumexp", "(n)->()", 1, 1, FLOAT_AND_DOUBLE(logsumexp_rows), {NPY_FLOAT, NPY_FLOAT, NPY_DOUBLE, NPY_DOUBLE}},
    {"cross_entropy", "(n),()->()", 2, 1, FLOAT_AND_DOUBLE(cross_entropy), {NPY_FLOAT, NPY_INT64, NPY_FLOAT, NPY_DOUBLE, NPY_INT64, NPY_DOUBLE}},
    {"cross_entropy_gradient", "(n),()->(),(n)", 2, 2, FLOAT_AND_DOUBLE(cross_entropy_gradient),
     {NPY_FLOAT, NPY_INT64, NPY_FLOAT, NPY_FLOAT, NPY_DOUBLE, NPY_INT64, NPY_DOUBLE, NPY_DOUBLE}},
    {"exponential", nullptr, 1, 1, FLOAT_AND_DOUBLE(exponentials), {NPY_FLOAT, NPY_FLOAT, NPY_DOUBLE, NPY_DOUBLE}},
};

}  // namespace

int add_ufuncs(PyObject* module) {
    import_array1(-1);
    import_umath1(-1);
    for (Function& f : functions) {
        static void* no_data[2] = {nullptr, nullptr};
        PyObject* ufunc = PyUFunc_FromFuncAndDataAndSignature(f.loops, no_data, f.types, 2, f.inputs, f.outputs, PyUFunc_None, f.name, "", 0, f.signature);
        if (!ufunc || PyModule_AddObject(module, f.name, ufunc) < 0) return -1;
    }
    return 0;
}
