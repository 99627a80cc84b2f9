"""Dates and times as people write them; right values by Python's datetime. Their order is found on all cells, said where it is open, and frozen."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normexp import DataError
from normexp.tables import read
from tabling import kinds, quietly, told, write


def parts(moment):
    return [moment.month, moment.day, moment.isoweekday(), np.float32(moment.hour + moment.minute / 60)]


def assert_moments(table, moments):
    assert kinds(table) == {"d": "date"}
    seconds = [(moment.replace(tzinfo=None) - dt.datetime(1970, 1, 1)).total_seconds() for moment in moments]
    np.testing.assert_array_equal(table.matrix[:, 0], np.float32(np.array(seconds) - table.schema.columns[0].centre))
    np.testing.assert_array_equal(table.matrix[:, 1:], np.float32([parts(moment) for moment in moments]))


def at(*numbers):
    return dt.datetime(*numbers)


DAY_FIRST, MONTH_FIRST = "column 'd': read as dates, day first", "column 'd': read as dates, month first"
WRITTEN = {
    "ISO": (["2020-02-14", "1969-07-20", "2024-02-29"], [at(2020, 2, 14), at(1969, 7, 20), at(2024, 2, 29)], None),
    "ISO with times": (["2020-02-14T11:29:00", "2020-02-14 23:05", "2020-02-15"], [at(2020, 2, 14, 11, 29), at(2020, 2, 14, 23, 5), at(2020, 2, 15)], None),
    "zones": (["2020-02-14T11:29:00Z", "2020-02-14 11:29+02:00", "2020-02-14T23:30:00-0530", "2020-02-14 11:29 UTC"],
              [at(2020, 2, 14, 11, 29), at(2020, 2, 14, 9, 29), at(2020, 2, 15, 5, 0), at(2020, 2, 14, 11, 29)], None),
    "day first": (["14-02-2020", "01-12-2019", "31-01-2021"], [at(2020, 2, 14), at(2019, 12, 1), at(2021, 1, 31)], DAY_FIRST),
    "month first": (["6/16/14", "12/1/13", "1/31/69"], [at(2014, 6, 16), at(2013, 12, 1), at(1969, 1, 31)], MONTH_FIRST),
    "names of months": (["29-Aug-14", "1-Dec-2013", "31-jan-21"], [at(2014, 8, 29), at(2013, 12, 1), at(2021, 1, 31)], None),
    "German": (["27.08.2014 11:29", "01.12.2013 00:00", "31.1.2021 23:59"], [at(2014, 8, 27, 11, 29), at(2013, 12, 1), at(2021, 1, 31, 23, 59)], DAY_FIRST),
    "American": (["Aug 29, 2014", "December 1, 2013", "Jan 31, 2021"], [at(2014, 8, 29), at(2013, 12, 1), at(2021, 1, 31)], None),
    "British": (["29 August 2014", "1st December 2013", "Fri, 31 Jan 2020"], [at(2014, 8, 29), at(2013, 12, 1), at(2020, 1, 31)], None),
    "halves of the day": (["6/16/14 3:07 PM", "12/1/13 12:00 AM", "1/31/15 12:30 pm"], [at(2014, 6, 16, 15, 7), at(2013, 12, 1), at(2015, 1, 31, 12, 30)], MONTH_FIRST),
    "year first": (["2014/08/29", "2013.12.01", "2021/1/31"], [at(2014, 8, 29), at(2013, 12, 1), at(2021, 1, 31)], None),
    "fractions of seconds": (["2020-02-14 11:29:30.250", "2020-02-14 11:29:30,5"], [at(2020, 2, 14, 11, 29, 30, 250_000), at(2020, 2, 14, 11, 29, 30, 500_000)], None),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_cells_become_their_moments(name, tmp_path):
    cells, moments, note = WRITTEN[name]
    path = write(tmp_path, "d\n" + "".join(f'"{cell}"\n' for cell in cells))
    table = told(path, *([] if note is None else [note]))
    assert_moments(table, moments)
    for cell, row in zip(cells, table.matrix, strict=True):  # the rule is frozen: each cell alone reads the same
        np.testing.assert_array_equal(read({"d": cell}, schema=table.schema).matrix[0], row)


OPEN = ["01/02/2020", "03/04/2020", "12/11/2020"]
DAYS, MONTHS = [at(2020, 2, 1), at(2020, 4, 3), at(2020, 11, 12)], [at(2020, 1, 2), at(2020, 3, 4), at(2020, 12, 11)]


def test_an_open_order_is_said_and_an_option(tmp_path):
    path = write(tmp_path, "d\n" + "\n".join(OPEN) + "\n")
    note = r"column 'd': dates such as '01/02/2020' are read month first, and could be day first: --date-format dmy \(date_format='dmy'\) reads them so"
    assert_moments(told(path, note, MONTH_FIRST), MONTHS)
    for given_format in ("dmy", "day-first", "%d/%m/%Y", "dd/mm/yyyy", "%d.%m.%Y %H:%M"):
        assert_moments(told(path, DAY_FIRST, date_format=given_format), DAYS)
    for given_format in ("mdy", "month-first", "%m/%d/%Y"):
        assert_moments(told(path, MONTH_FIRST, date_format=given_format), MONTHS)
    with pytest.raises(ValueError, match="expected a date format such as dmy, mdy, ymd or %d/%m/%Y, got 'sometimes'"):
        read(path, date_format="sometimes")


def test_points_are_read_day_first_where_the_order_is_open(tmp_path):
    path = write(tmp_path, "d\n" + "\n".join(OPEN).replace("/", ".") + "\n")
    assert_moments(told(path, "are read day first, and could be month first: --date-format mdy", DAY_FIRST), DAYS)


def test_one_cell_decides_for_its_column_and_one_column_for_the_others(tmp_path):
    assert_moments(told(write(tmp_path, "d\n" + "\n".join([*OPEN, "25/12/2020"]) + "\n"), DAY_FIRST), [*DAYS, at(2020, 12, 25)])
    path = write(tmp_path, "d,e\n" + "".join(f"{a},{b}\n" for a, b in zip(OPEN, ["25/12/2020", "26/12/2020", "27/12/2020"], strict=True)))
    table = told(path, "column 'd': dates such as '01/02/2020' are read day first as in the other columns, and could be month first", DAY_FIRST,
        "column 'e': read as dates, day first")
    np.testing.assert_array_equal(table.matrix[:, 1:3], [[day.month, day.day] for day in DAYS])


def test_the_order_is_frozen_and_other_dates_are_bad_cells(tmp_path):
    schema = quietly(write(tmp_path, "d,y\n14-02-2020,p\n15-02-2020,q\n16-02-2020,p\n"), target="y").schema
    table = told(write(tmp_path, "d\n01-02-2020\n02-14-2020\n2020-02-14\n", "new.csv"), r"column 'd': 1 cell is not a date: '02-14-2020' \(.*new.csv, row 2\); taken as missing",
        schema=schema)
    assert table.matrix[[0, 2], 1:3].tolist() == [[2, 1], [2, 14]]  # the year in front leaves nothing open
    assert np.isnan(table.matrix[1]).all()
    with pytest.raises(DataError, match=r"expected a date in column 'd', got '02-14-2020' \(.*new.csv, row 2\); correct"):
        read(tmp_path / "new.csv", schema=schema, bad_cells="refuse")


def test_days_of_one_month_are_no_numbers_with_a_unit(tmp_path):
    table = told(write(tmp_path, "d\n" + "".join(f"{day:02d} March 2020\n" for day in (3, 17, 9))))
    assert_moments(table, [at(2020, 3, 3), at(2020, 3, 17), at(2020, 3, 9)])


@pytest.mark.parametrize("cells", [["2020-02-30", "2020-02-31", "2020-13-01"], ["32.01.2020", "33.01.2020", "34.01.2020"], ["1-2-3", "4-5-6", "7-8-9"],
    ["Febtober 3, 2020", "May 41, 2020", "x"]])
def test_days_that_are_not_are_no_dates(cells, tmp_path):
    assert kinds(quietly(write(tmp_path, "d\n" + "".join(f'"{cell}"\n' for cell in cells)))) == {"d": "category"}


def test_typed_dates_and_text_agree(tmp_path):
    moments = pd.to_datetime(["2020-01-31 23:15:00", "1969-07-20 20:17:00", None, "2024-02-29 00:00:00"])
    frame = pd.DataFrame({"d": moments})
    text = frame.assign(d=moments.strftime("%d.%m.%Y %H:%M"))
    typed, written = read(frame), told(text, DAY_FIRST)
    np.testing.assert_array_equal(written.matrix, typed.matrix)
    zoned = read(frame.assign(d=moments.tz_localize("UTC").tz_convert("Asia/Kolkata")))
    np.testing.assert_array_equal(zoned.matrix, typed.matrix)
    frame.to_parquet(tmp_path / "t.parquet")
    np.testing.assert_array_equal(read(tmp_path / "t.parquet").matrix, typed.matrix)


FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d", "%d %B %Y", "%b %d, %Y %I:%M %p", "%d-%b-%Y", "%A, %d %B %Y", "%Y%m%d %H%M", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y", "%m/%d/%Y %H:%M"]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.datetimes(at(1970, 1, 1), at(2068, 12, 31)), min_size=1, max_size=10), st.sampled_from(FORMATS))
def test_formatted_moments_come_back(moments, how):
    cells = [moment.strftime(how) for moment in moments]
    order = "dmy" if how == "%d.%m.%Y" else "mdy" if how.startswith("%m/") else None
    table = quietly({"d": cells}, date_format=order)
    assert_moments(table, [dt.datetime.strptime(cell, how) for cell in cells])
