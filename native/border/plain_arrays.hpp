// The short way of the family for plain arrays: a generalized ufunc spends half a microsecond on its iterator.
#pragma once
#include <Python.h>

// Adds the functions to the module; -1 with a Python error set if that fails.
int add_plain_functions(PyObject* module);
