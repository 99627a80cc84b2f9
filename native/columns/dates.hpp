// Dates and times as people write them, in UTC: 2020-01-31T12:00:00Z · 14-02-2020 · 6/16/14 · 29-Aug-14 · Aug 29, 2014 · 27.08.2014 11:29 · 11:29. May include words.hpp.
#pragma once
#include <bit>
#include <optional>

#include "columns/words.hpp"

namespace normexp::columns {

// yymd: years of two digits in front, which nobody guesses; clock: a time of day without a day.
enum Order : uint8_t { ymd = 1, dmy = 2, mdy = 4, yymd = 8, every_order = 15, clock = 16 };

inline constexpr int n_orders = 5;

inline constexpr int64_t micros_a_second = 1'000'000, micros_a_day = 86'400 * micros_a_second;

// Days since 1970-01-01 of a day of the Gregorian calendar (H. Hinnant, chrono-compatible low-level date algorithms).
inline int64_t days_of(int64_t year, int month, int day) {
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t year_of_era = year - era * 400, day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

struct Calendar {
    int month, day, weekday;  // weekday: Monday is 1
    double hour;
};

inline Calendar calendar_of(int64_t micros) {
    int64_t days = micros / micros_a_day;
    int64_t rest = micros % micros_a_day;
    if (rest < 0) rest += micros_a_day, --days;
    const int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097, day_of_era = shifted - era * 146097;
    const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100), part = (5 * day_of_year + 2) / 153;
    const int64_t weekday = (days % 7 + 10) % 7 + 1;
    const int64_t minutes = rest / (60 * micros_a_second);
    return {int(part < 10 ? part + 3 : part - 9), int(day_of_year - (153 * part + 2) / 5 + 1), int(weekday), double(minutes / 60) + double(minutes % 60) / 60.0};
}

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

// Which of the names (in lower case) a word is, whole or by its first three letters ("sept" too); from 1, or 0.
template <size_t n> int named(Cell word, const std::array<Cell, n>& names) {
    for (size_t i = 0; i < n; ++i)
        if (word.size() >= 3 && (equals_lower(word, names[i]) || equals_lower(word, names[i].substr(0, 3)) || (word.size() == 4 && equals_lower(word, names[i].substr(0, 4))))) return int(i + 1);
    return 0;
}

inline constexpr std::array<Cell, 12> month_names{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"};
inline constexpr std::array<Cell, 7> day_names{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

inline bool is_day(int64_t year, int64_t month, int64_t day) {
    constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= lengths[size_t(month - 1)] + (month == 2 && leap);
}

// Two digits mean 1969 to 2068, as in POSIX.
inline int64_t whole_year(int64_t year, int n_digits) { return n_digits > 2 ? year : year + (year < 69 ? 2000 : 1900); }

}  // namespace detail

// An instant under each order that the cell allows.
struct Instants {
    uint8_t orders = 0;
    std::array<int64_t, n_orders> micros{};
};

namespace detail {

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
    int64_t first = 0, second = 0, third = 0;
    const int n_first = reader.number(8, first);
    if (!n_first) return false;
    if (n_first == 8) return found.set(every_order, first / 10000, first / 100 % 100, first % 100), found.orders != 0;
    for (const Cell ending : {Cell("st "), Cell("nd "), Cell("rd "), Cell("th ")})
        if (reader.rest.starts_with(ending)) reader.rest.remove_prefix(2);
    char separator = 0, again = 0;
    if (take_separator(reader, separator) || (!reader.at_end() && is_letter(reader.rest.front()))) {
        reader.skip_spaces();
        if (!reader.at_end() && is_letter(reader.rest.front())) {
            const int month = named(reader.letters(), month_names);
            return month && month_second(reader, first, n_first, month, found);
        }
    }
    if (separator != '-' && separator != '/' && separator != '.') return false;
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

// H:MM[:SS[.f]] [AM|PM]; microseconds since midnight
inline bool read_time(Reader& reader, int64_t& micros) {
    int64_t hour = 0, minute = 0, second = 0, fraction = 0;
    int n = reader.number(2, hour);
    if (!n) return false;
    if (n == 2 && reader.rest.size() >= 2 && is_digit(reader.rest[0])) {  // 112900
        if (reader.number(2, minute) != 2) return false;
        if (!reader.at_end() && is_digit(reader.rest[0]) && reader.number(2, second) != 2) return false;
    } else {
        if (!reader.take(':') || reader.number(2, minute) != 2) return false;
        if (reader.take(':') && !reader.number(2, second)) return false;
    }
    if (reader.take('.') || reader.take(',')) {
        int64_t digit = 0, unit = micros_a_second;
        bool any = false;
        while (reader.number(1, digit)) any = true, unit /= 10, fraction += digit * unit;
        if (!any) return false;
    }
    Reader ahead = reader;
    ahead.skip_spaces();
    const Cell half = ahead.letters();
    if (equals_lower(half, "am") || equals_lower(half, "pm")) {
        if (hour < 1 || hour > 12) return false;
        hour = hour % 12 + (equals_lower(half, "pm") ? 12 : 0);
        reader = ahead;
    }
    if (hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute || second || fraction))) return false;
    micros = ((hour * 60 + minute) * 60 + second) * micros_a_second + fraction;
    return true;
}

// Z · UTC · GMT · +02 · +02:00 · +0200; what is to be taken off
inline bool read_zone(Reader& reader, int64_t& offset) {
    offset = 0;
    reader.skip_spaces();
    if (reader.at_end()) return true;
    if (const Cell word = reader.letters(); !word.empty()) return (equals_lower(word, "z") || equals_lower(word, "utc") || equals_lower(word, "gmt")) && reader.at_end();
    const bool behind = reader.take('-');
    if (!behind && !reader.take('+')) return false;
    int64_t hours = 0, minutes = 0;
    if (reader.number(2, hours) != 2) return false;
    const bool colon = reader.take(':');
    if ((colon || !reader.at_end()) && reader.number(2, minutes) != 2) return false;
    if (!reader.at_end() || hours > 15 || minutes > 59) return false;
    offset = (behind ? -1 : 1) * (hours * 60 + minutes) * 60 * micros_a_second;
    return true;
}

}  // namespace detail

inline Instants instants_of(Cell cell) {
    Instants found;
    if (cell.size() < 4 || cell.size() > 64) return found;
    detail::Reader reader{cell};
    int64_t time = 0, offset = 0;
    if (detail::Reader alone{cell}; is_digit(cell[0]) && cell.find(':') < 3 && detail::read_time(alone, time) && alone.at_end()) {  // a time of day
        found.orders = clock;
        found.micros[4] = time;
        return found;
    }
    detail::Day day;
    if (!detail::read_day(reader, day)) return found;
    time = 0;
    if (!reader.at_end()) {
        const Cell before = reader.rest;
        if (reader.take('T') || reader.take('t') || reader.take(' ') || reader.take(',')) {
            reader.skip_spaces();
            if (!reader.at_end() && is_digit(reader.rest.front())) {
                if (!detail::read_time(reader, time)) return found;
            } else {
                reader.rest = before;
            }
        }
        if (!detail::read_zone(reader, offset)) return found;
    }
    found.orders = day.orders;
    for (size_t i = 0; i < 4; ++i) found.micros[i] = day.days[i] * micros_a_day + time - offset;
    return found;
}

inline std::optional<int64_t> instant_of(Cell cell, Order order) {
    const Instants found = instants_of(cell);
    if (!(found.orders & order)) return {};
    return found.micros[size_t(std::countr_zero(uint8_t(order)))];
}

}  // namespace normexp::columns
