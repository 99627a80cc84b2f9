// Dates and times as people write them, in UTC: 2020-01-31T12:00:00Z · 14-02-2020 · 6/16/14 · 29-Aug-14 · Aug 29, 2014 · 27.08.2014 11:29 · 11:29.
#pragma once
#include <array>
#include <bit>
#include <optional>

#include "columns/days.hpp"
#include "columns/times.hpp"

namespace normexp::columns {

// An instant under each order that the cell allows.
struct Instants {
    uint8_t orders = 0;
    std::array<int64_t, n_orders> micros{};
};

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
