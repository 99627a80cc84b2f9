// The frozen rule by which the cells of a column are read, and a tally of what could not be.
#pragma once
#include <cstdint>
#include <vector>

#include "columns/dates.hpp"
#include "columns/numbers.hpp"
#include "columns/words.hpp"

namespace normexp::columns {

enum class Kind { number, category, boolean, date };

struct ColumnRule {
    Kind kind;
    double centre;
    NumberRule number;
    Order order;
    WordTable categories;
    int n_categories;
    std::vector<int> alias_codes;  // of the words of `categories` after the first n_categories
    bool has_other;
    MissingWords missing;
    int n_missing_anywhere;  // of the missing words; finds of the others are counted
    std::vector<double> missing_numbers;

    int width() const { return kind == Kind::date ? 5 : 1; }
};

// What happened to the cells of a column since the tally began.
struct Tally {
    int64_t rows = 0, missing_numbers = 0;
    WordCounts bad{1000}, unseen{10'000}, taken_as_missing{1000};  // cells that the rule does not read; categories that training had not; words beside the usual ones
};

}  // namespace normexp::columns
