// Days as people write them: 2020-01-31 · 14-02-2020 · 6/16/14 · 29-Aug-14 · Aug 29, 2014 · 27.08.2014.
#pragma once
#include <array>

#include "columns/calendar.hpp"
#include "columns/text_reader.hpp"

namespace normexp::columns {

// yymd: years of two digits in front, which nobody guesses; clock: a time of day without a day.
enum Order : uint8_t { ymd = 1, dmy = 2, mdy = 4, yymd = 8, every_order = 15, clock = 16 };

inline constexpr int n_orders = 5;

namespace detail {

// Which of the names (in lower case) a word is, whole or by its first three letters ("sept" too); from 1, or 0.
template <size_t n> int named(Cell word, const std::array<Cell, n>& names) {
    for (size_t i = 0; i < n; ++i)
        if (word.size() >= 3 && (equals_lower(word, names[i]) || equals_lower(word, names[i].substr(0, 3)) || (word.size() == 4 && equals_lower(word, names[i].substr(0, 4))))) return int(i + 1);
    return 0;
}

inline constexpr std::array<Cell, 12> month_names{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"};
inline constexpr std::array<Cell, 7> day_names{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

// Two digits mean 1969 to 2068, as in POSIX.
inline int64_t whole_year(int64_t year, int n_digits) { return n_digits > 2 ? year : year + (year < 69 ? 2000 : 1900); }

struct Day {
    uint8_t orders = 0;
    std::array<int64_t, 4> days{};

    void set(Order order, int64_t year, int64_t month, int64_t day) {
        if (!is_day(year, month, day)) return;
        for (int i = 0; i < 4; ++i)
            if (order & (1 << i)) days[size_t(i)] = days_of(year, int(month), int(day)), orders |= uint8_t(1 << i);
    }
};

inline bool take_separator(Reader& reader, char& separator) {
    if (reader.at_end()) return false;
    const char c = reader.rest.front();
    if (c != '-' && c != '/' && c != '.' && c != ' ' && c != ',') return false;
    separator = c;
    reader.rest.remove_prefix(1);
    if (c == ',' || c == '.') reader.skip_spaces();
    return true;
}

// Mon D, Y · Mon Y · Mon-YY
inline bool month_first(Reader& reader, int month, Day& found) {
    char separator = 0;
    take_separator(reader, separator);
    int64_t first = 0, year = 0;
    const int n_first = reader.number(4, first);
    if (n_first == 4) return found.set(every_order, first, month, 1), found.orders != 0;
    if (n_first == 2 && separator == '-' && reader.at_end()) return found.set(every_order, whole_year(first, 2), month, 1), found.orders != 0;  // Dec-15, as Excel writes months
    if (n_first < 1 || n_first > 2) return false;
    for (const Cell ending : {Cell("st"), Cell("nd"), Cell("rd"), Cell("th")})
        if (reader.rest.starts_with(ending)) reader.rest.remove_prefix(2);
    if (!take_separator(reader, separator)) return false;
    const int n_year = reader.number(4, year);
    if (n_year != 2 && n_year != 4) return false;
    found.set(every_order, whole_year(year, n_year), month, first);
    return found.orders != 0;
}

// D Mon Y · Y Mon D, after the first number
inline bool month_second(Reader& reader, int64_t first, int n_first, int month, Day& found) {
    char separator = 0;
    if (reader.rest.starts_with('.')) reader.take('.');
    take_separator(reader, separator);
    int64_t third = 0;
    const int n_third = reader.number(4, third);
    if (n_first == 4 && (n_third == 1 || n_third == 2)) found.set(every_order, first, month, third);
    else if (n_first <= 2 && (n_third == 2 || n_third == 4)) found.set(every_order, whole_year(third, n_third), month, first);
    return found.orders != 0;
}

// The rest of a date of digits alone, whose first number of `n_first` digits and separator have been read.
inline bool day_of_digits(Reader& reader, int64_t first, int n_first, char separator, Day& found) {
    int64_t second = 0, third = 0;
    char again = 0;
    const int n_second = reader.number(4, second);
    if (n_second == 4 && n_first <= 2 && separator != '.' && reader.at_end()) return found.set(every_order, second, first, 1), found.orders != 0;  // a month: 05/2020
    if (!n_second || n_second > 2) return false;
    if (n_first == 4 && (reader.at_end() || reader.rest.front() != separator)) {  // a month: 2014-08
        if (reader.at_end() && separator != '.') found.set(every_order, first, second, 1);
        return found.orders != 0;
    }
    if (!take_separator(reader, again) || again != separator) return false;
    const int n_third = reader.number(4, third);
    if (n_first == 4) {
        if (n_third == 1 || n_third == 2) found.set(every_order, first, second, third);
    } else if (n_first <= 2 && (n_third == 2 || n_third == 4)) {
        found.set(dmy, whole_year(third, n_third), second, first);
        found.set(mdy, whole_year(third, n_third), first, second);
        if (n_first == 2 && n_third == 2) found.set(yymd, whole_year(first, 2), second, third);
    }
    return found.orders != 0;
}

// The day at the beginning; what follows is left in the reader.
inline bool read_day(Reader& reader, Day& found) {
    Reader ahead = reader;
    if (const Cell word = ahead.letters(); named(word, day_names)) {
        ahead.take(',');
        ahead.take('.');
        ahead.skip_spaces();
        reader = ahead;
    }
    if (!reader.at_end() && is_letter(reader.rest.front())) {
        const int month = named(reader.letters(), month_names);
        return month && month_first(reader, month, found);
    }
    int64_t first = 0;
    const int n_first = reader.number(8, first);
    if (!n_first) return false;
    if (n_first == 8) return found.set(every_order, first / 10000, first / 100 % 100, first % 100), found.orders != 0;
    for (const Cell ending : {Cell("st "), Cell("nd "), Cell("rd "), Cell("th ")})
        if (reader.rest.starts_with(ending)) reader.rest.remove_prefix(2);
    char separator = 0;
    if (take_separator(reader, separator) || (!reader.at_end() && is_letter(reader.rest.front()))) {
        reader.skip_spaces();
        if (!reader.at_end() && is_letter(reader.rest.front())) {
            const int month = named(reader.letters(), month_names);
            return month && month_second(reader, first, n_first, month, found);
        }
    }
    return (separator == '-' || separator == '/' || separator == '.') && day_of_digits(reader, first, n_first, separator, found);
}

}  // namespace detail

}  // namespace normexp::columns
