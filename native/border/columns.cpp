// The face of the converter of columns. No arithmetic here.
#include "border/columns.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <limits>

#include "border/arrow_stream.hpp"
#include "border/cells.hpp"
#include "columns/convert.hpp"
#include "columns/scan.hpp"

namespace nb = nanobind;
using namespace normexp;
using namespace normexp::columns;

namespace {

using Matrix = nb::ndarray<float, nb::ndim<2>, nb::device::cpu>;
using Doubles = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void scan_columns(const std::vector<Scan*>& scans, const nb::list& cells, const Keep& keep, int n_threads) {
    over_columns(cells, keep, n_threads, [&](size_t column, auto&& visit) {
        Scan& scan = *scans[column];
        visit([&](int64_t, Cell cell, bool kept) { kept ? scan.add(cell) : void(++scan.rows); });
    });
}

// Into the columns of `out` from places[i] on.
void convert_columns(const std::vector<ColumnRule*>& rules, const std::vector<Tally*>& tallies, const nb::list& cells, const Keep& keep, Matrix out, const std::vector<int64_t>& places,
                     int n_threads) {
    float* const data = out.data();
    const int64_t line = out.stride(0);
    if (out.size() && out.shape(1) > 1 && out.stride(1) != 1) throw nb::value_error("expected rows that lie together");
    over_columns(cells, keep, n_threads, [&](size_t column, auto&& visit) {
        Converter converter(*rules[column], *tallies[column]);
        float* const at = data + places[column];
        visit([&](int64_t i, Cell cell, bool kept) { kept ? converter.convert(cell, at + i * line) : void(++tallies[column]->rows); });
    });
}

void values_of(const ColumnRule& rule, Tally& tally, nb::handle cells, const Keep& keep, Doubles out) {
    Converter converter(rule, tally);
    double* const data = out.data();
    for_each(cells, keep ? keep->data() : nullptr, [&](int64_t i, Cell cell, bool kept) {
        if (kept) data[i] = converter.value(cell);
        else ++tally.rows, data[i] = std::numeric_limits<double>::quiet_NaN();
    });
}

// The words of a column, trimmed, in the order of their first rows: for categories and labels.
struct Words {
    const MissingWords& missing_words;
    WordCounts words, missing;
    int64_t rows = 0;

    Words(const MissingWords& missing_words, size_t most) : missing_words(missing_words), words(most), missing(256) {}
    void add(Cell cell) {
        const int64_t row = rows++;
        const Cell word = trimmed(cell);
        if (is_null(cell)) return missing.add(Cell("", 0), row);
        if (means_missing(missing_words, word)) return missing.add(word, row);
        words.add(word, row);
    }
};

void count_words(Words& words, nb::handle cells, const Keep& keep) {
    for_each(cells, keep ? keep->data() : nullptr, [&](int64_t, Cell cell, bool kept) { kept ? words.add(cell) : void(++words.rows); });
}

// For each cell its number in a table of words, -1 where it is missing, -2 where it is another word.
void numbers_of_words(const WordTable& table, const MissingWords& missing, nb::handle cells, nb::ndarray<int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu> out) {
    int32_t* const data = out.data();
    for_each(cells, nullptr, [&](int64_t i, Cell cell, bool) {
        const Cell word = trimmed(cell);
        if (is_null(cell) || means_missing(missing, word)) {
            data[i] = -1;
            return;
        }
        const int number = table.find(word);
        data[i] = number < 0 ? -2 : number;
    });
}

nb::list strings_of(nb::handle cells) {
    nb::list found;
    for_each(cells, nullptr, [&](int64_t, Cell cell, bool) {
        if (is_null(cell)) found.append(nb::none());
        else found.append(nb::steal(PyUnicode_DecodeUTF8(cell.data(), Py_ssize_t(cell.size()), "replace")));
    });
    return found;
}

nb::list described(const WordCounts& counts) {
    nb::list found;
    for (const auto& [word, count] : counts.counts()) found.append(nb::make_tuple(nb::steal(PyUnicode_DecodeUTF8(word.data(), Py_ssize_t(word.size()), "replace")), count.n, count.first_row));
    return found;
}

// Seconds less the centre, month, day, weekday, hour of instants in microseconds; NaN where `missing` is 1.
void calendar_columns(nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu> micros, const Keep& missing, double centre, Matrix out) {
    for (size_t i = 0; i < micros.shape(0); ++i) {
        float* const at = out.data() + int64_t(i) * out.stride(0);
        if (missing && missing->data()[i]) std::fill(at, at + 5, std::numeric_limits<float>::quiet_NaN());
        else write_calendar(micros.data()[i], centre, at);
    }
}

ColumnRule* rule_from(int kind, double centre, const std::string& decimal, const std::string& thousands, const std::string& prefix, const std::string& suffix, int order,
                      const std::vector<std::string>& categories, bool has_other, const std::vector<std::string>& missing,
                      int n_missing_anywhere, const std::vector<double>& missing_numbers, const std::vector<int>& alias_codes) {
    const Form form{decimal.empty() ? '.' : decimal[0], thousands.empty() ? char(0) : thousands[0]};
    return new ColumnRule{Kind(kind), centre, {form, prefix, suffix}, Order(order), WordTable(categories), int(categories.size() - alias_codes.size()), alias_codes, has_other, MissingWords(missing),
                          n_missing_anywhere, missing_numbers};
}

void add_words(nb::module_& m) {
    nb::class_<TextColumn>(m, "TextColumn").def("__len__", &TextColumn::size).def("part", &TextColumn::part).def("to_list", [](nb::handle self) { return strings_of(self); });
    nb::class_<MissingWords>(m, "MissingWords").def(nb::init<const std::vector<std::string>&>()).def("find", [](const MissingWords& self, std::string_view word) {
        return self.find(trimmed(word));
    });
    nb::class_<WordTable>(m, "WordTable").def(nb::init<const std::vector<std::string>&>());
    nb::class_<Words>(m, "Words")
        .def(nb::init<const MissingWords&, size_t>(), nb::keep_alive<1, 2>())
        .def_ro("rows", &Words::rows)
        .def_prop_ro("n", [](const Words& self) { return self.words.total(); })
        .def_prop_ro("others", [](const Words& self) { return self.words.others(); })
        .def_prop_ro("words", [](const Words& self) { return described(self.words); })
        .def_prop_ro("missing", [](const Words& self) { return described(self.missing); });
}

void add_scan(nb::module_& m) {
    nb::class_<Affix>(m, "Affix").def_ro("prefix", &Affix::prefix).def_ro("suffix", &Affix::suffix).def_ro("n", &Affix::n).def_ro("fits", &Affix::fits).def_ro("example", &Affix::example);
    nb::class_<Scan>(m, "Scan")
        .def(nb::init<const MissingWords&, const MissingWords&, std::vector<double>>(), nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>())
        .def_ro("rows", &Scan::rows).def_ro("filled", &Scan::filled).def_ro("booleans", &Scan::booleans).def_ro("plain", &Scan::plain).def_ro("beyond", &Scan::beyond)
        .def_ro("integers", &Scan::integers).def_ro("pointed", &Scan::pointed).def_ro("grouped_points", &Scan::grouped_points).def_ro("smallest", &Scan::smallest)
        .def_ro("greatest", &Scan::greatest).def_ro("dates", &Scan::dates).def_ro("orders", &Scan::orders).def_ro("affixes", &Scan::affixes)
        .def_ro("date_example", &Scan::date_example)
        .def_ro("no_number_no_date", &Scan::no_number_no_date)
        .def_prop_ro("n_distinct", [](const Scan& self) { return self.distinct.size(); })
        .def_prop_ro("words", [](const Scan& self) { return described(self.words); })
        .def_prop_ro("other_words", [](const Scan& self) { return self.words.others(); })
        .def_prop_ro("missing_found", [](const Scan& self) { return described(self.missing_found); })
        .def_prop_ro("among_found", [](const Scan& self) { return described(self.among_found); });
    m.attr("number_forms") = [] {
        nb::list found;
        for (const Form& form : forms) found.append(nb::make_tuple(std::string(1, form.decimal), form.thousands ? std::string(1, form.thousands) : std::string()));
        return found;
    }();
}

void add_conversion(nb::module_& m) {
    nb::class_<ColumnRule>(m, "ColumnRule");
    m.def("column_rule", &rule_from, nb::rv_policy::take_ownership);
    nb::class_<Tally>(m, "Tally")
        .def(nb::init<>())
        .def_rw("rows", &Tally::rows)
        .def_prop_ro("bad", [](const Tally& self) { return described(self.bad); })
        .def_ro("missing_numbers", &Tally::missing_numbers)
        .def_prop_ro("taken", [](const Tally& self) { return described(self.taken_as_missing); })
        .def_prop_ro("unseen", [](const Tally& self) { return described(self.unseen); });
}

}  // namespace

void add_columns(nb::module_& m) {
    add_words(m);
    add_scan(m);
    add_conversion(m);
    nb::class_<Stream>(m, "ArrowStream").def(nb::init<nb::capsule>()).def("next", &Stream::next);
    m.def("join_text", [](const std::vector<const TextColumn*>& parts) { return TextColumn::joined(parts); }, nb::arg("parts"));
    m.def("scan_columns", &scan_columns, nb::arg("scans"), nb::arg("cells"), nb::arg("keep").none(), nb::arg("n_threads"));
    m.def("convert_columns", &convert_columns, nb::arg("rules"), nb::arg("tallies"), nb::arg("cells"), nb::arg("keep").none(), nb::arg("out").noconvert(), nb::arg("places"), nb::arg("n_threads"));
    m.def("values_of", &values_of, nb::arg("rule"), nb::arg("tally"), nb::arg("cells"), nb::arg("keep").none(), nb::arg("out").noconvert());
    m.def("count_words", &count_words, nb::arg("words"), nb::arg("cells"), nb::arg("keep").none());
    m.def("numbers_of_words", &numbers_of_words, nb::arg("table"), nb::arg("missing"), nb::arg("cells"), nb::arg("out").noconvert());
    m.def("calendar_columns", &calendar_columns, nb::arg("micros"), nb::arg("missing").none(), nb::arg("centre"), nb::arg("out").noconvert());
}
