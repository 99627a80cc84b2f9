// Numbers as people write them: 38,60 · $84,835.00 · 12% · 1 234 · (5) · −3 · 12.5 kg.
//
// A form is a decimal mark and a mark between groups of three digits (or of two before the last three, as in India).
// A column has one form and one affix (what stands before and after the digits); `shape_of` says which forms a cell allows.
#pragma once
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "columns/cell.hpp"

namespace normexp::columns {

struct Form {
    char decimal, thousands;  // thousands: 0 for none; ' ' for any space, '\'' also for the typographic one
};

inline constexpr std::array<Form, 9> forms{{{'.', 0}, {'.', ','}, {'.', ' '}, {'.', '\''}, {'.', '_'}, {',', 0}, {',', '.'}, {',', ' '}, {',', '\''}}};

// The whole cell as C writes numbers, without locale; also +5, inf and nan. Correctly rounded.
inline std::optional<double> plain_number(Cell cell) {
    if (cell.starts_with('+')) {
        cell.remove_prefix(1);
        if (cell.starts_with('-') || cell.starts_with('+')) return {};
    }
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (end != cell.data() + cell.size() || error == std::errc::invalid_argument) return {};
    if (error == std::errc::result_out_of_range) {
        const size_t e = cell.find_first_of("eE");
        const bool tiny = e != Cell::npos ? e + 1 < cell.size() && cell[e + 1] == '-' : cell.starts_with("0.") || cell.starts_with("-0.") || cell.starts_with(".") || cell.starts_with("-.");
        value = tiny ? 0.0 : std::numeric_limits<double>::infinity();
        if (cell.starts_with('-')) value = -value;
    }
    return value;
}

// A cell taken apart: sign, prefix, digits with marks, exponent, suffix.
struct Shape {
    bool negative = false;
    Cell prefix, core, exponent, suffix;
};

namespace detail {

// The length of a mark between digits at the beginning of `rest`, and its kind.
inline int mark(Cell rest, char& kind) {
    if (rest.empty()) return 0;
    const char c = rest.front();
    if (c == '.' || c == ',' || c == '\'' || c == '_' || c == ' ') return kind = c, 1;
    if (const int wide = wide_space(rest)) return kind = ' ', wide;
    if (rest.starts_with("\xE2\x80\x99")) return kind = '\'', 3;
    return 0;
}

inline int minus(Cell rest) {
    if (rest.starts_with('-')) return 1;
    return rest.starts_with("\xE2\x88\x92") || rest.starts_with("\xE2\x80\x93") ? 3 : 0;  // the typographic minus, the en dash
}

inline bool take_sign(Cell& rest, bool& negative) {
    if (const int n = minus(rest)) {
        negative = !negative;
        rest.remove_prefix(size_t(n));
        return true;
    }
    if (!rest.starts_with('+')) return false;
    rest.remove_prefix(1);
    return true;
}

// How far digits and the marks between them reach.
inline size_t length_of_core(Cell cell) {
    size_t end = 0;
    for (char kind = 0; end < cell.size();) {
        if (is_digit(cell[end])) {
            ++end;
            continue;
        }
        const int n = mark(cell.substr(end), kind);
        const bool digit_follows = n && end + size_t(n) < cell.size() && is_digit(cell[end + size_t(n)]);
        const bool closes = n == 1 && (kind == '.' || kind == ',') && end && is_digit(cell[end - 1]) && !digit_follows;  // "5."
        if (!digit_follows && !closes) break;
        end += size_t(n);
        if (closes) break;
    }
    return end;
}

// The exponent that a cell begins with, such as e-5; empty if there is none.
inline Cell exponent_of(Cell cell) {
    if (cell.empty() || lower(cell.front()) != 'e') return {};
    size_t end = 1;
    if (end < cell.size() && (cell[end] == '+' || cell[end] == '-')) ++end;
    const size_t first = end;
    while (end < cell.size() && is_digit(cell[end])) ++end;
    return end > first ? cell.substr(0, end) : Cell{};
}

}  // namespace detail

// What stands before digits may be a currency; its letters are checked where the column's rule is made.
inline std::optional<Shape> shape_of(Cell cell) {
    Shape shape;
    if (cell.size() > 2 && cell.front() == '(' && cell.back() == ')') {
        shape.negative = true;
        cell = trimmed_all(cell.substr(1, cell.size() - 2));
        if (detail::minus(cell) || cell.starts_with('+')) return {};
    }
    bool has_sign = detail::take_sign(cell, shape.negative);
    cell = trimmed_all(cell);
    size_t at = 0;
    while (at < cell.size() && !is_digit(cell[at]) && !((cell[at] == '.' || cell[at] == ',') && at + 1 < cell.size() && is_digit(cell[at + 1])) && at <= 16) {
        if (!has_sign && at && detail::minus(cell.substr(at))) break;
        ++at;
    }
    shape.prefix = trimmed_all(cell.substr(0, at));
    cell = trimmed_all(cell.substr(at));
    if (!has_sign) detail::take_sign(cell, shape.negative);
    cell = trimmed_all(cell);
    if (cell.empty() || shape.prefix.size() > 16) return {};
    const size_t end = detail::length_of_core(cell);
    if (!end) return {};
    shape.core = cell.substr(0, end);
    shape.exponent = detail::exponent_of(cell.substr(end));
    shape.suffix = trimmed_all(cell.substr(end + shape.exponent.size()));
    if (detail::minus(shape.suffix) && size_t(detail::minus(shape.suffix)) == shape.suffix.size() && !shape.negative) shape.negative = true, shape.suffix = {};  // 5-
    return shape;
}

// The digits of a core under a form, with '.' as decimal mark; false where the form does not allow it.
inline bool digits_of(Cell core, Form form, std::string& digits) {
    digits.clear();
    std::array<int, 64> groups;
    int n_groups = 0, run = 0;
    bool fraction = false;
    for (size_t i = 0; i < core.size();) {
        if (is_digit(core[i])) {
            digits += core[i++];
            ++run;
            continue;
        }
        char kind = 0;
        const int n = detail::mark(core.substr(i), kind);
        if (!n || fraction) return false;
        if (kind == form.decimal) {
            fraction = true;
            if (n_groups) {
                if (run != 3) return false;
            }
            digits += '.';
        } else if (kind == form.thousands) {
            if (n_groups == 64 || run == 0 || run > 3 || (n_groups && run != 3 && run != 2)) return false;
            if (!n_groups && core.front() == '0') return false;
            groups[size_t(n_groups++)] = run;
        } else {
            return false;
        }
        run = 0;
        i += size_t(n);
    }
    if (n_groups && !fraction && run != 3) return false;
    for (int i = 2; i < n_groups; ++i)
        if (groups[size_t(i)] != groups[1]) return false;
    return true;
}

inline std::optional<double> number_of(const Shape& shape, Form form, std::string& buffer) {
    if (!digits_of(shape.core, form, buffer)) return {};
    buffer += shape.exponent;
    const auto value = plain_number(buffer);
    return value && shape.negative ? -*value : value;
}

// How a column's numbers are written.
struct NumberRule {
    Form form{'.', 0};
    std::string prefix, suffix;

    bool has_affix() const { return !prefix.empty() || !suffix.empty(); }

    std::optional<double> read(Cell cell, std::string& buffer) const {
        if (form.decimal == '.' && !form.thousands && !has_affix())
            if (const auto value = plain_number(cell)) return value;
        const auto shape = shape_of(cell);
        if (!shape || shape->prefix != prefix || shape->suffix != suffix) return {};
        return number_of(*shape, form, buffer);
    }
};

}  // namespace normexp::columns
