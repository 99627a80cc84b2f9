// What Python sees of the converter of columns.
#pragma once
#include <nanobind/nanobind.h>

void add_columns(nanobind::module_& module);
