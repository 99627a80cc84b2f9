// The text of one cell: trimming, letters, digits.
#pragma once
#include <cstddef>
#include <string_view>

namespace normexp::columns {

// A cell without text (a null) is a view without data.
using Cell = std::string_view;

inline bool is_null(Cell cell) { return cell.data() == nullptr; }

inline Cell trimmed(Cell cell) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!cell.empty() && blank(cell.front())) cell.remove_prefix(1);
    while (!cell.empty() && blank(cell.back())) cell.remove_suffix(1);
    return cell;
}

// Spaces that typesetters put between digits, in UTF-8: no-break, thin, narrow no-break, figure.
inline int wide_space(Cell cell) {
    if (cell.starts_with("\xC2\xA0")) return 2;
    return cell.starts_with("\xE2\x80\x89") || cell.starts_with("\xE2\x80\xAF") || cell.starts_with("\xE2\x80\x87") ? 3 : 0;
}

inline int wide_space_at_end(Cell cell) {
    if (cell.size() >= 2 && wide_space(cell.substr(cell.size() - 2)) == 2) return 2;
    return cell.size() >= 3 && wide_space(cell.substr(cell.size() - 3)) == 3 ? 3 : 0;
}

// As `trimmed`, and without the spaces of typesetters and line ends: what numbers and dates are read from.
inline Cell trimmed_all(Cell cell) {
    for (;;) {
        const Cell before = cell;
        cell = trimmed(cell);
        while (!cell.empty() && cell.front() == '\n') cell.remove_prefix(1);
        while (!cell.empty() && cell.back() == '\n') cell.remove_suffix(1);
        cell.remove_prefix(size_t(wide_space(cell)));
        cell.remove_suffix(size_t(wide_space_at_end(cell)));
        if (cell.size() == before.size()) return cell;
    }
}

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

inline bool equals_lower(Cell cell, Cell word) {
    if (cell.size() != word.size()) return false;
    for (size_t i = 0; i < cell.size(); ++i)
        if (lower(cell[i]) != word[i]) return false;
    return true;
}

}  // namespace normexp::columns
