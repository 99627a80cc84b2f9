#pragma once
#include <nanobind/nanobind.h>

// Fits and predictions of forests.
void add_trees(nanobind::module_& m);
