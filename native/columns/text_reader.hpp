// Text read from its beginning, piece by piece.
#pragma once
#include <cstdint>

#include "columns/cell.hpp"

namespace normexp::columns {

namespace detail {

struct Reader {
    Cell rest;

    bool take(char c) {
        if (!rest.starts_with(c)) return false;
        rest.remove_prefix(1);
        return true;
    }
    void skip_spaces() {
        while (take(' ')) {}
    }
    // Up to `most` digits; how many there were.
    int number(int most, int64_t& value) {
        value = 0;
        int n = 0;
        while (n < most && n < int(rest.size()) && is_digit(rest[size_t(n)])) value = 10 * value + (rest[size_t(n++)] - '0');
        rest.remove_prefix(size_t(n));
        return n;
    }
    Cell letters() {
        size_t n = 0;
        while (n < rest.size() && is_letter(rest[n])) ++n;
        const Cell word = rest.substr(0, n);
        rest.remove_prefix(n);
        return word;
    }
    bool at_end() const { return rest.empty(); }
};

}  // namespace detail

}  // namespace normexp::columns
