// What the cells of a text column could be: counts from which the column's kind and rule are decided.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "columns/dates.hpp"
#include "columns/numbers.hpp"
#include "columns/words.hpp"

namespace normexp::columns {

// Numbers between the same prefix and suffix, by the forms that allow them.
struct Affix {
    std::string prefix, suffix;
    int64_t n = 0;
    std::array<int64_t, forms.size()> fits{};
    std::string example;
};

class Scan {
  public:
    static constexpr size_t most_affixes = 32, most_rest = 64, most_distinct = 32;

    Scan(const MissingWords& missing, const MissingWords& among_numbers, std::vector<double> missing_numbers)
        : missing_(missing), among_numbers_(among_numbers), missing_numbers_(std::move(missing_numbers)), words(most_rest), missing_found(256), among_found(256) {}

    void add(Cell cell) {
        const int64_t row = rows++;
        if (is_null(cell)) return;
        const Cell word = trimmed(cell);
        const Cell t = trimmed_all(cell);
        if (missing_.find(word) >= 0 || t.empty() || missing_.find(t) >= 0) return missing_found.add(t, row);
        if (among_numbers_.find(t) >= 0) return among_found.add(t, row);
        ++filled;
        const bool digits = has_digit(t);
        if (!digits && (equals_lower(t, "true") || equals_lower(t, "false"))) {
            ++booleans;
            return words.add(word, row);
        }
        if (!add_number(t, digits) && !digits) words.add(word, row);
    }

    int64_t rows = 0, filled = 0, booleans = 0, plain = 0, beyond = 0, integers = 0, grouped_points = 0, pointed = 0, dates = 0, no_number_no_date = 0;
    double smallest = std::numeric_limits<double>::infinity(), greatest = -std::numeric_limits<double>::infinity();
    std::array<int64_t, n_orders> orders{};
    std::string date_example;  // of digits alone, if there is one
    std::vector<Affix> affixes;
    std::vector<uint64_t> distinct;  // hashes of some cells that hold numbers

  private:
    const MissingWords& missing_;
    const MissingWords& among_numbers_;
    std::vector<double> missing_numbers_;
    std::string buffer_;

  public:
    WordCounts words, missing_found, among_found;  // words without digits; those that mean missing

  private:
    static bool has_digit(Cell cell) {
        for (const char c : cell)
            if (is_digit(c)) return true;
        return false;
    }

    bool add_number(Cell t, bool digits) {
        if (const auto value = plain_number(t)) {
            for (const double missing : missing_numbers_)
                if (*value == missing) {
                    --filled;
                    missing_found.add(t, rows - 1);
                    return true;
                }
            if (std::isnan(*value)) return --filled, true;
            add_plain(t, *value, digits);
            return true;
        }
        if (!digits) return false;
        bool known = add_date(t);
        known |= add_affixed(t);
        no_number_no_date += !known;
        return known;
    }

    void note_distinct(Cell t) {
        if (distinct.size() == most_distinct) return;
        const uint64_t hash = std::hash<std::string_view>{}(t);
        for (const uint64_t other : distinct)
            if (other == hash) return;
        distinct.push_back(hash);
    }

    void add_plain(Cell t, double value, bool digits) {
        ++plain;
        note_distinct(t);
        if (std::abs(value) > 3.4e38) ++beyond;
        else smallest = std::min(smallest, value), greatest = std::max(greatest, value);
        if (!digits) return;
        if (const size_t point = t.find('.'); point != Cell::npos) {
            ++pointed;
            const auto shape = shape_of(t);
            grouped_points += shape && shape->exponent.empty() && shape->prefix.empty() && digits_of(shape->core, {',', '.'}, buffer_);
        } else {
            integers += t.find_first_of("eE") == Cell::npos;
        }
    }

    bool add_date(Cell t) {
        const Instants found = instants_of(t);
        if (!found.orders) return false;
        ++dates;
        if (date_example.empty() && (found.orders & every_order) != every_order) date_example = std::string(t);
        for (int i = 0; i < n_orders; ++i) orders[size_t(i)] += (found.orders >> i) & 1;
        return true;
    }

    bool add_affixed(Cell t) {
        const auto shape = shape_of(t);
        if (!shape || shape->suffix.size() > 16) return false;
        Affix* affix = nullptr;
        for (Affix& one : affixes)
            if (one.prefix == shape->prefix && one.suffix == shape->suffix) affix = &one;
        if (!affix) {
            if (affixes.size() == most_affixes) return false;
            affix = &affixes.emplace_back();
            affix->prefix = shape->prefix, affix->suffix = shape->suffix, affix->example = std::string(t);
        }
        ++affix->n;
        bool fits = false;
        for (size_t i = 0; i < forms.size(); ++i)
            if (digits_of(shape->core, forms[i], buffer_)) ++affix->fits[i], fits = true;
        if (fits) note_distinct(t);
        return fits;
    }
};

}  // namespace normexp::columns
