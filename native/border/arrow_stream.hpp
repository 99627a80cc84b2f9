// An Arrow stream as Python sees it: batches of columns, each text or arrays of numbers that own their memory.
#pragma once
#include <nanobind/nanobind.h>

#include <optional>
#include <string>
#include <vector>

#include "border/arrays.hpp"
#include "columns/arrow_reader.hpp"

namespace normexp::columns {

namespace nb = nanobind;

// A stream whose batches are read one at a time; it keeps the capsule that owns it.
struct Stream {
    nb::capsule owner;
    ArrowReader reader;

    explicit Stream(nb::capsule capsule) : owner(std::move(capsule)), reader(static_cast<ArrowArrayStream*>(owner.data())) {}

    // (number of rows, columns), or None at the end; a column is a TextColumn or (type, values, missing or None).
    nb::object next() {
        std::optional<ArrowBatch> batch;
        {
            nb::gil_scoped_release no_gil;
            batch = reader.next();
        }
        if (!batch) return nb::none();
        nb::list columns;
        for (ArrowColumn& column : batch->columns) {
            if (column.text) {
                columns.append(nb::cast(std::move(*column.text)));
                continue;
            }
            nb::object missing = column.missing.empty() ? nb::object(nb::none()) : array_of(std::move(column.missing));
            nb::object values = column.type == 'g' ? array_of(std::move(column.doubles)) : array_of(std::move(column.integers));
            columns.append(nb::make_tuple(std::string(1, column.type), values, missing));
        }
        return nb::make_tuple(batch->n_rows, columns);
    }
};

}  // namespace normexp::columns
