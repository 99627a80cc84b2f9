// The Gregorian calendar: days and their numbers since 1970-01-01, in UTC.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace normexp::columns {

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

inline bool is_day(int64_t year, int64_t month, int64_t day) {
    constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= lengths[size_t(month - 1)] + (month == 2 && leap);
}

}  // namespace normexp::columns
