// NumPy's universal functions over the row kernels.
#pragma once
#include <Python.h>

// Adds the functions to the module; -1 with a Python error set if that fails.
int add_ufuncs(PyObject* module);
