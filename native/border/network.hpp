// What Python sees of the network engine.
#pragma once
#include <nanobind/nanobind.h>

void add_network(nanobind::module_& module);
