// Times of day and time zones as people write them: 12:00:00.5 · 11:29 pm · 112900 · Z · +02:00.
#pragma once
#include "columns/calendar.hpp"
#include "columns/text_reader.hpp"

namespace normexp::columns {

namespace detail {

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

}  // namespace normexp::columns
