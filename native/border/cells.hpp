// The cells of columns: of a Python list of str and None, which is read under the GIL, or of Arrow's text, which all threads read without it.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/threads.hpp"
#include "columns/text_column.hpp"

namespace normexp::columns {

namespace nb = nanobind;

// A byte a row, 0 where its cell is passed over.
using Keep = std::optional<nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>>;

// A cell of a Python list: a str, or None.
inline Cell cell_of(PyObject* object) {
    if (object == Py_None) return {};
    Py_ssize_t n = 0;
    const char* data = PyUnicode_AsUTF8AndSize(object, &n);
    if (!data) throw nb::python_error();
    return {data, size_t(n)};
}

template <class F> void for_each_text(const TextColumn& text, const uint8_t* keep, F&& use) {
    for (int64_t i = 0; i < text.size(); ++i) use(i, text[i], !keep || keep[i]);
}

// Calls use(i, cell) for the cells of a list or a TextColumn that are kept.
template <class F> void for_each(nb::handle cells, const uint8_t* keep, F&& use) {
    if (nb::isinstance<TextColumn>(cells)) return for_each_text(nb::cast<const TextColumn&>(cells), keep, use);
    if (!PyList_CheckExact(cells.ptr())) throw nb::type_error("expected a list of str and None, or a TextColumn");
    const int64_t n = PyList_GET_SIZE(cells.ptr());
    for (int64_t i = 0; i < n; ++i) use(i, cell_of(PyList_GET_ITEM(cells.ptr(), i)), !keep || keep[i]);
}

// Calls work(column, visit) for every column: Python's lists here, Arrow's text on the threads.
template <class Work> void over_columns(const nb::list& cells, const Keep& keep, int n_threads, const Work& work) {
    const uint8_t* mask = keep ? keep->data() : nullptr;
    std::vector<std::pair<size_t, const TextColumn*>> texts;
    for (size_t i = 0; i < nb::len(cells); ++i) {
        const nb::handle column = cells[i];
        if (nb::isinstance<TextColumn>(column)) texts.emplace_back(i, &nb::cast<const TextColumn&>(column));
        else work(i, [&](auto&& use) { for_each(column, mask, use); });
    }
    std::exception_ptr failure;
    std::mutex lock;
    {
        nb::gil_scoped_release no_gil;
        parallel(n_threads > 0 ? n_threads : default_threads(), int64_t(texts.size()), [&](int64_t first, int64_t end) {
            try {
                for (int64_t i = first; i < end; ++i) work(texts[size_t(i)].first, [&](auto&& use) { for_each_text(*texts[size_t(i)].second, mask, use); });
            } catch (...) {
                const std::lock_guard guard(lock);
                failure = std::current_exception();
            }
        });
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace normexp::columns
