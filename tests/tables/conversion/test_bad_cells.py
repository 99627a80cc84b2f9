"""Cells that do not fit their column: placed, counted and answered by an option, or the column is one of categories."""

import numpy as np
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import kinds, lines, told, write


def test_a_bad_cell_among_numbers_names_its_place_and_the_remedies(tmp_path):
    rows = [[i % 97, "pq"[i % 2]] for i in range(1000)]
    rows[700][0] = "twelve"
    path = write(tmp_path, lines("a,y", rows))
    with pytest.raises(DataError, match=r"expected a number in column 'a', got 'twelve' \(.*table.csv, row 701\).*--bad-cells missing.*--missing 'twelve'.*--ignore 'a'"):
        read(path, target="y", bad_cells="refuse")
    table = told(path, r"column 'a': 1 cell is not a number: 'twelve' \(.*table.csv, row 701\); taken as missing", target="y")
    assert np.flatnonzero(np.isnan(table.matrix[:, 0])).tolist() == [700]


def test_words_that_are_a_part_of_a_column_are_bad_cells_or_make_it_one_of_categories(tmp_path):
    rows = [[f"word{i % 5}" if i % 50 < 2 else i % 97, "pq"[i % 2]] for i in range(1000)]
    table = told(write(tmp_path, lines("a,y", rows)), r"column 'a': 40 cells are not a number, the first: 'word0'.*taken as missing", target="y")
    assert kinds(table) == {"a": "number"}
    rows = [[["low", "mid", "high", "none given", "never"][i % 5] if i % 4 == 1 else i % 97, "pq"[i % 2]] for i in range(1000)]
    table = told(write(tmp_path, lines("a,y", rows)), r"column 'a': 750 cells of 1000 would do as numbers or dates.*: read as categories", target="y")
    assert kinds(table) == {"a": "category"}


def test_the_refused_cell_is_in_a_row_that_is_kept(tmp_path):
    rows = [[i % 7, "pq"[i % 2]] for i in range(300)]
    rows[3] = ["dropped", ""]
    rows[200][0] = "kept"
    path = write(tmp_path, lines("a,y", rows))
    with pytest.raises(DataError, match=r"^expected a number in column 'a', got 'kept' \(.*, row 201\); correct"):
        read(path, target="y", bad_cells="refuse")
    told(path, "1 row without a target dropped", r"1 cell is not a number: 'kept' \(.*, row 201\)", target="y")
