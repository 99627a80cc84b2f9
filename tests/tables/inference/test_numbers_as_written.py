"""Numbers as people write them: one rule a column, found on all its cells, said, and frozen. Right values are written beside the cells."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normexp import DataError
from normexp.tables import read
from tabling import kinds, quietly, told


def column(folder, cells, name="a", **columns):
    """A CSV of one column (and more) with every cell quoted."""
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow([name, *columns])
        writer.writerows(zip(cells, *columns.values(), strict=True))
    return folder / "t.csv"


WRITTEN = {
    "decimal comma": (["38,60", "7,5", "1200", "-0,25"], [38.6, 7.5, 1200, -0.25], r"decimal comma\)"),
    "dollars": (["$84,835.00", "$1,000", "$12", "$0.50"], [84835, 1000, 12, 0.5], r"decimal point, commas between thousands, without '\$'\)"),
    "dollars below zero": (["-$84,835.00", "$1,000", "$-12", "($7.50)"], [-84835, 1000, -12, -7.5], r"commas between thousands, without '\$'\)"),
    "percent": (["12%", "7.5 %", "100%", "-3%"], [12, 7.5, 100, -3], r"decimal point, without '%'\)"),
    "spaces": (["1 234", "12 345 678", "5", "1 000,5"], [1234, 12345678, 5, 1000.5], r"decimal comma, spaces between thousands\)"),
    "thin spaces": (["1\u202f234", "12\u00a0345\u2009678", "5"], [1234, 12345678, 5], r"spaces between thousands\)"),
    "typographic minus": (["\u22123", "\u22124.5", "6"], [-3, -4.5, 6], None),
    "kilograms": (["12.5 kg", "3 kg", "0.25kg"], [12.5, 3, 0.25], r"decimal point, without 'kg'\)"),
    "euros": (["1.234,50 \u20ac", "12,00 \u20ac", "7 \u20ac"], [1234.5, 12, 7], r"decimal comma, points between thousands, without '\u20ac'\)"),
    "currency words": (["EUR 1,234.50", "EUR 7", "EUR 0.5"], [1234.5, 7, 0.5], r"commas between thousands, without 'EUR'\)"),
    "accountants": (["(1,234)", "5,678", "(9)", "1,000,000"], [-1234, 5678, -9, 1000000], r"commas between thousands\)"),
    "Swiss": (["1'234.5", "12\u2019345\u2019678", "3.25"], [1234.5, 12345678, 3.25], r"apostrophes between thousands\)"),
    "lakhs": (["12,34,567", "1,00,000.50", "5,000"], [1234567, 100000.5, 5000], r"commas between thousands\)"),
    "underscores": (["1_000", "2_500_000", "3"], [1000, 2500000, 3], r"underscores between thousands\)"),
    "degrees": (["21.5 °C", "-3 °C", "0 °C"], [21.5, -3, 0], r"without '°C'\)"),
    "a mark at the end": (["5-", "7.5-", "3"], [-5, -7.5, 3], None),
    "exponents": (["1.5e3", "2E-2", "-1e+2", "+7"], [1500, 0.02, -100, 7], None),
    "plain": (["1", "2.50", ".5", "-0.0", "3."], [1, 2.5, 0.5, 0, 3], None),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_cells_become_their_numbers(name, tmp_path):
    cells, right, note = WRITTEN[name]
    table = quietly(column(tmp_path, cells))
    assert kinds(table) == {"a": "number"}
    np.testing.assert_array_equal(table.matrix[:, 0], np.float32(right))
    if note is not None:
        told(tmp_path / "t.csv", r"column 'a': read as numbers \(.*" + note)
    for row, value in zip(cells, right, strict=True):  # the rule is frozen: each cell alone reads the same
        assert quietly({"a": row}, schema=table.schema).matrix[0, 0] == np.float32(value)


@pytest.mark.parametrize(
    "cells",
    [
        ["1,5", "2.5", "3.5", "1,7"], ["$5", "\u20ac5", "$7", "\u20ac9"], ["5 kg", "7 lb", "8 kg", "9 lb"], ["1st", "2nd", "3rd", "4th"], ["12,34", "1,234", "5,6,7", "8"],
        ["A1", "A2", "A3", "A1"], ["1.2.3", "1.2.4", "2.0.1", "1.2.3"], ["10-20", "20-30", "30-40", "10-20"], ["1/2", "3/4", "1/4", "1/2"], ["1,23,4", "5,67,8", "1,2", "3"],
    ],
)  # fmt: skip
def test_what_no_single_rule_reads_is_a_category(cells, tmp_path):
    table = quietly(column(tmp_path, cells * 10))
    assert kinds(table) == {"a": "category"}
    assert table.schema.columns[0].categories == tuple(sorted(set(cells)))


def test_half_a_column_of_numbers_is_said_to_be_read_as_categories(tmp_path):
    cells = ["1.5", "2.5", "3", "low", "4.5", "high"] * 10
    note = r"column 'a': 40 cells of 60 would do as numbers or dates, the others not \(such as '(low|high)', '(low|high)'\): read as categories"
    assert told(column(tmp_path, cells), note).schema.columns[0].categories == tuple(sorted(set(cells)))


def test_one_thousand_or_one_point_zero_is_decided_by_the_other_columns(tmp_path):
    """1.234 may be a thousand: the decimal comma of the next column says so."""
    alone = quietly(column(tmp_path, ["1.234", "5.678", "9.012"]))
    np.testing.assert_array_equal(alone.matrix[:, 0], np.float32([1.234, 5.678, 9.012]))
    beside = quietly(column(tmp_path, ["1.234", "5.678", "9.012"], b=["1,5", "2,25", "3,75"]))
    np.testing.assert_array_equal(beside.matrix, np.float32([[1234, 1.5], [5678, 2.25], [9012, 3.75]]))


def test_the_option_decides_what_the_cells_leave_open(tmp_path):
    path = column(tmp_path, ["1,234", "5,678", "9,012"])
    note = r"column 'a': numbers such as '1,234' are read with a decimal (point|comma), and could have a decimal (point|comma): --decimal (,|\.) \(decimal='(,|\.)'\) reads them so"
    told(path, note, "read as numbers")
    np.testing.assert_array_equal(quietly(path, decimal=".").matrix[:, 0], [1234, 5678, 9012])
    np.testing.assert_array_equal(quietly(path, decimal=",").matrix[:, 0], np.float32([1.234, 5.678, 9.012]))
    assert not any("could have" in note for decimal in ".," for note in quietly(path, decimal=decimal).notes)
    with pytest.raises(ValueError, match=r"expected decimal to be '\.' or ',', got ';'"):
        read(path, decimal=";")


def test_bad_cells_of_all_columns_come_in_one_message(tmp_path):
    rows = 200
    cells = {name: [f"{(i * 7) % 31 + 0.5}" for i in range(rows)] for name in "abc"}
    cells["a"][10], cells["a"][20], cells["b"][5], cells["c"][7] = "x1", "x1", "y?", "inf"
    path = column(tmp_path, cells.pop("a"), **cells)
    with pytest.raises(DataError) as caught:
        read(path, bad_cells="refuse")
    message = str(caught.value)
    assert r"expected a number in column 'a', got 'x1' (" in message
    assert "row 11, and in 1 more row)" in message
    assert "expected a number in column 'b', got 'y?'" in message
    assert "expected a number in column 'c', got an infinity" in message
    table = told(path, r"'a': 2 cells are not a number, the first: 'x1' \(.*row 11\); taken as missing", r"'b': 1 cell is not a number: 'y\?' \(.*row 6\)",
        r"'c': 1 cell is not a number: 'inf' \(.*row 8\)")
    assert [tuple(place) for place in np.argwhere(np.isnan(table.matrix))] == [(5, 1), (7, 2), (10, 0), (20, 0)]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(-1e9, 1e9).map(lambda value: round(value, 2)), min_size=2, max_size=20, unique=True),
    st.sampled_from([(",", "."), (",", " "), (".", ","), (".", "'"), (".", "_")]), st.sampled_from(["", "$", "EUR "]))
def test_formatted_numbers_come_back(tmp_path_factory, values, marks, prefix):
    decimal, thousands = marks
    cells = [prefix + f"{value:,.2f}".translate({ord(","): thousands, ord("."): decimal}) for value in values]
    table = quietly({"a": cells})
    assert kinds(table) == {"a": "number"}
    centre = table.schema.columns[0].centre
    right = [np.float32(float(f"{value:.2f}") - centre) for value in values]
    np.testing.assert_array_equal(table.matrix[:, 0], right)
    assert all(math.isfinite(value) for value in table.matrix[:, 0])
