// Cells of a column to float32 by a frozen rule, with a tally of what could not be read.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "columns/column_rule.hpp"

namespace normexp::columns {

inline constexpr double float32_max = 3.4e38;

inline std::optional<bool> boolean_of(Cell t) {
    for (const Cell yes : {Cell("true"), Cell("t"), Cell("1"), Cell("yes"), Cell("y")})
        if (equals_lower(t, yes)) return true;
    for (const Cell no : {Cell("false"), Cell("f"), Cell("0"), Cell("no"), Cell("n")})
        if (equals_lower(t, no)) return false;
    return {};
}

inline void write_calendar(int64_t micros, double centre, float* out) {
    const Calendar calendar = calendar_of(micros);
    out[0] = float(double(micros) / double(micros_a_second) - centre);
    out[1] = float(calendar.month), out[2] = float(calendar.day), out[3] = float(calendar.weekday), out[4] = float(calendar.hour);
}

class Converter {
  public:
    Converter(const ColumnRule& rule, Tally& tally) : rule_(rule), tally_(tally) {}

    void convert(Cell cell, float* out) {
        const int64_t row = tally_.rows++;
        if (read(cell, row, out)) return;
        for (int i = 0; i < rule_.width(); ++i) out[i] = std::numeric_limits<float>::quiet_NaN();
    }

    // A number before its centre is taken off, the seconds of a date, 0 or 1; NaN where there is none.
    double value(Cell cell) {
        const int64_t row = tally_.rows++;
        const Cell t = trimmed_all(cell);
        if (is_missing(cell, t, row)) return std::numeric_limits<double>::quiet_NaN();
        if (rule_.kind == Kind::boolean) {
            if (const auto truth = boolean_of(t)) return *truth;
        } else if (rule_.kind == Kind::date) {
            if (const auto micros = instant_of(t, rule_.order)) return double(*micros) / double(micros_a_second);
        } else if (const auto number = rule_.number.read(t, buffer_)) {
            if (is_missing_number(*number)) ++tally_.missing_numbers;
            else if (!is_beyond(*number, t, row)) return *number;
            return std::numeric_limits<double>::quiet_NaN();
        }
        tally_.bad.add(t, row);
        return std::numeric_limits<double>::quiet_NaN();
    }

  private:
    bool is_missing(Cell cell, Cell t, int64_t row) {
        if (is_null(cell) || t.empty()) return true;
        const int word = rule_.missing.find(t);
        if (word >= rule_.n_missing_anywhere) tally_.taken_as_missing.add(t, row);
        return word >= 0;
    }

    bool is_missing_number(double value) const {
        for (const double missing : rule_.missing_numbers)
            if (value == missing) return true;
        return std::isnan(value);
    }

    bool is_beyond(double value, Cell t, int64_t row) {
        if (!(std::abs(value) > float32_max)) return false;
        tally_.bad.add(t, row);
        return true;
    }

    bool read(Cell cell, int64_t row, float* out) {
        if (rule_.kind == Kind::category) return read_category(cell, row, out);
        const Cell t = trimmed_all(cell);
        if (is_missing(cell, t, row)) return false;
        if (rule_.kind == Kind::number) {
            const auto number = rule_.number.read(t, buffer_);
            if (number && is_missing_number(*number)) return false;
            if (number && is_beyond(*number, t, row)) return false;
            if (number) return *out = float(std::clamp(*number - rule_.centre, -float32_max, float32_max)), true;  // a difference may leave float32
        } else if (rule_.kind == Kind::boolean) {
            if (const auto truth = boolean_of(t)) return *out = *truth, true;
        } else if (const auto micros = instant_of(t, rule_.order)) {
            return write_calendar(*micros, rule_.centre, out), true;
        }
        tally_.bad.add(t, row);
        return false;
    }

    bool read_category(Cell cell, int64_t row, float* out) {
        if (is_null(cell)) return false;
        const Cell word = trimmed(cell);
        if (means_missing(rule_.missing, word)) return false;
        int code = rule_.categories.find(word);
        if (code >= rule_.n_categories) code = rule_.alias_codes[size_t(code - rule_.n_categories)];
        if (code < 0) {
            if (rule_.has_other) code = rule_.n_categories;
            else tally_.unseen.add(word, row);
        }
        *out = float(code);
        return true;
    }

    const ColumnRule& rule_;
    Tally& tally_;
    std::string buffer_;
};

}  // namespace normexp::columns
