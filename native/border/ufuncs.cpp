// The family's face: generalized ufuncs such as softmax (n)->(n) and ordinary ones such as sigmoid. No arithmetic here.
// Floating-point flags are cleared: vector lanes raise spurious ones.
#include "border/ufuncs.hpp"

#include <cfenv>

#include "border/numpy.hpp"
#include "family/rows.hpp"

namespace {

using namespace normexp;
using Loop = PyUFuncGenericFunction;

template <class F> void in_loop(const F& body) {
    guarded(body);
    std::feclearexcept(FE_ALL_EXCEPT);
}

template <class Stored, void (*function)(RowLayout, RowLayout, int64_t, int64_t)> void map_loop(char** data, const npy_intp* sizes, const npy_intp* steps, void*) {
    in_loop([&] { function({data[0], steps[0], steps[2]}, {data[1], steps[1], steps[3]}, sizes[0], sizes[1]); });
}

template <class Stored> void logsumexp_loop(char** data, const npy_intp* sizes, const npy_intp* steps, void*) {
    in_loop([&] { logsumexp<Stored>({data[0], steps[0], steps[2]}, {data[1], steps[1]}, sizes[0], sizes[1]); });
}

// logits, targets, scales -> losses, gradient
template <class T, bool with_gradient> void cross_entropy_loop(char** data, const npy_intp* sizes, const npy_intp* steps, void*) {
    constexpr int core = with_gradient ? 5 : 4;
    const RowLayout gradient = with_gradient ? RowLayout{data[4], steps[4], steps[core + 1]} : RowLayout{nullptr, 0, sizeof(T)};
    in_loop([&] { cross_entropy<T>({data[0], steps[0], steps[core]}, {data[1], steps[1]}, {data[2], steps[2]}, {data[3], steps[3]}, gradient, sizes[0], sizes[1]); });
}

// logits, base, targets, hots, zs, scales -> losses, gradient
template <class T, bool with_gradient> void weighted_cross_entropy_loop(char** data, const npy_intp* sizes, const npy_intp* steps, void*) {
    constexpr int core = with_gradient ? 8 : 7;
    const RowLayout gradient = with_gradient ? RowLayout{data[7], steps[7], steps[core + 2]} : RowLayout{nullptr, 0, sizeof(T)};
    in_loop([&] {
        weighted_cross_entropy<T>({data[0], steps[0], steps[core]}, {data[1], steps[1], steps[core + 1]}, {data[2], steps[2]}, {data[3], steps[3]}, {data[4], steps[4]},
                                  {data[5], steps[5]}, {data[6], steps[6]}, gradient, sizes[0], sizes[1]);
    });
}

template <class Stored, Elementwise function> void elementwise_loop(char** data, const npy_intp* sizes, const npy_intp* steps, void*) {
    in_loop([&] { elementwise<Stored>(function, {data[0], steps[0]}, {data[1], steps[1]}, sizes[0]); });
}

struct Function {
    const char* name;
    const char* signature;  // null: elementwise
    int inputs, outputs;
    Loop loops[3];
    char types[24];
    const char* doc;
};

// Doubles first: what matches no loop exactly (integers, booleans) takes the first.
#define SAME_TYPE {NPY_DOUBLE, NPY_DOUBLE, NPY_FLOAT, NPY_FLOAT, NPY_HALF, NPY_HALF}
#define MAP(name) {map_loop<double, name<double>>, map_loop<float, name<float>>, map_loop<npy_half, name<npy_half>>}
#define ELEMENTWISE(name) {elementwise_loop<double, Elementwise::name>, elementwise_loop<float, Elementwise::name>, elementwise_loop<npy_half, Elementwise::name>}

// NumPy keeps pointers into this table.
Function functions[] = {
    {"softmax", "(n)->(n)", 1, 1, MAP(softmax), SAME_TYPE, "Softmax along the last axis."},
    {"log_softmax", "(n)->(n)", 1, 1, MAP(log_softmax), SAME_TYPE, "Logarithm of the softmax along the last axis."},
    {"logsumexp", "(n)->()", 1, 1, {logsumexp_loop<double>, logsumexp_loop<float>, logsumexp_loop<npy_half>}, SAME_TYPE, "Logarithm of the sum of exponentials along the last axis."},
    {"cross_entropy", "(n),(),()->()", 3, 1, {cross_entropy_loop<double, false>, cross_entropy_loop<float, false>},
     {NPY_DOUBLE, NPY_INT64, NPY_DOUBLE, NPY_DOUBLE, NPY_FLOAT, NPY_INT64, NPY_FLOAT, NPY_FLOAT}, "logits, targets, scales -> losses"},
    {"cross_entropy_gradient", "(n),(),()->(),(n)", 3, 2, {cross_entropy_loop<double, true>, cross_entropy_loop<float, true>},
     {NPY_DOUBLE, NPY_INT64, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE, NPY_FLOAT, NPY_INT64, NPY_FLOAT, NPY_FLOAT, NPY_FLOAT}, "logits, targets, scales -> losses, gradient"},
    {"weighted_cross_entropy", "(n),(n),(),(),(),()->()", 6, 1, {weighted_cross_entropy_loop<double, false>, weighted_cross_entropy_loop<float, false>},
     {NPY_DOUBLE, NPY_DOUBLE, NPY_INT64, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE, NPY_FLOAT, NPY_FLOAT, NPY_INT64, NPY_FLOAT, NPY_FLOAT, NPY_FLOAT, NPY_FLOAT},
     "logits, base, targets, hots, zs, scales -> losses"},
    {"weighted_cross_entropy_gradient", "(n),(n),(),(),(),()->(),(n)", 6, 2, {weighted_cross_entropy_loop<double, true>, weighted_cross_entropy_loop<float, true>},
     {NPY_DOUBLE, NPY_DOUBLE, NPY_INT64, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE,
      NPY_FLOAT, NPY_FLOAT, NPY_INT64, NPY_FLOAT, NPY_FLOAT, NPY_FLOAT, NPY_FLOAT, NPY_FLOAT}, "logits, base, targets, hots, zs, scales -> losses, gradient"},
    {"exponential", nullptr, 1, 1, ELEMENTWISE(exponential), SAME_TYPE, "exp, within 1 ULP."},
    {"sigmoid", nullptr, 1, 1, ELEMENTWISE(sigmoid), SAME_TYPE,
     "1 / (1 + exp(-x)), the logistic function; within 2.5 ULP.\n\n"
     "An ordinary ufunc: `out`, `where`, `dtype` as in NumPy. float16, float32 and float64 keep their dtype, integers and booleans become float64.\n"
     "Its inverse is `logit`; softmax of the two logits (x, 0) gives (sigmoid(x), 1 - sigmoid(x)).\n\n"
     "Examples\n--------\n>>> sigmoid([-1000.0, 0.0])\narray([0. , 0.5])"},
    {"log_sigmoid", nullptr, 1, 1, ELEMENTWISE(log_sigmoid), SAME_TYPE,
     "log(sigmoid(x)) = -softplus(-x), accurate where the sigmoid rounds to 0 or 1; within 2 ULP.\n\n"
     "An ordinary ufunc: `out`, `where`, `dtype` as in NumPy. float16, float32 and float64 keep their dtype, integers and booleans become float64.\n\n"
     "Examples\n--------\n>>> log_sigmoid([-1000.0, 0.0])\narray([-1.00000000e+03, -6.93147181e-01])"},
    {"softplus", nullptr, 1, 1, ELEMENTWISE(softplus), SAME_TYPE,
     "log(1 + exp(x)) without overflow; within 2 ULP.\n\n"
     "An ordinary ufunc: `out`, `where`, `dtype` as in NumPy. float16, float32 and float64 keep their dtype, integers and booleans become float64.\n\n"
     "Examples\n--------\n>>> softplus([0.0, 1000.0])\narray([6.93147181e-01, 1.00000000e+03])"},
    {"logit", nullptr, 1, 1, ELEMENTWISE(logit), SAME_TYPE,
     "log(p / (1 - p)), the inverse of `sigmoid`; -inf at 0, inf at 1, NaN outside [0, 1]; within 3 ULP.\n\n"
     "An ordinary ufunc: `out`, `where`, `dtype` as in NumPy. float16, float32 and float64 keep their dtype, integers and booleans become float64.\n\n"
     "Examples\n--------\n>>> logit([0.0, 0.5])\narray([-inf,   0.])"},
};

}  // namespace

int add_ufuncs(PyObject* module) {
    import_array1(-1);
    import_umath1(-1);
    for (Function& f : functions) {
        static void* no_data[3] = {nullptr, nullptr, nullptr};
        const int loops = f.loops[2] ? 3 : 2;
        PyObject* ufunc = PyUFunc_FromFuncAndDataAndSignature(f.loops, no_data, f.types, loops, f.inputs, f.outputs, PyUFunc_None, f.name, f.doc, 0, f.signature);
        if (!ufunc || PyModule_AddObject(module, f.name, ufunc) < 0) return -1;
    }
    return 0;
}
