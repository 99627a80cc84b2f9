"""Headers, names of rows, and separators where none belong: every row is read, under its name."""

import numpy as np
import pandas as pd
import pytest

from normexp import DataError
from normexp.tables import read
from one_table import assert_right, put
from tabling import lines, quietly, told, write


def test_names_with_separators_and_line_ends_in_quotes(tmp_path):
    path = put(tmp_path, b'a;"charge, monthly";"two\nlines";"say ""hi"""\r\n1;2;3;4\r\n5;6;7;8\r\n')
    table = told(path)
    assert [column.name for column in table.schema.columns] == ["a", "charge, monthly", "two\nlines", 'say "hi"']
    np.testing.assert_array_equal(table.matrix, [[1, 2, 3, 4], [5, 6, 7, 8]])


def test_the_first_row_stays_whatever_the_header_looks_like(tmp_path):
    for header in ('"a\nb",c', '"a\n\n\nb","c\nd"', 'a,"c\r\nd"', '\n\n"a\nb",c', 'sep=,\n"a\nb",c'):
        table = told(put(tmp_path, (header + "\n1,2\n3,4\n5,6\n").encode()))
        np.testing.assert_array_equal(table.matrix, [[1, 2], [3, 4], [5, 6]], err_msg=repr(header))


def test_line_ends_in_cells_are_kept(tmp_path):
    table = told(put(tmp_path, b'n,c\r\n1,"a\nb"\r\n2,"c"\r\n3,"a\nb"\r\n'))
    assert table.schema.columns[1].categories == ("a\nb", "c")


def test_an_index_without_a_name_is_left_out(tmp_path):
    frame = pd.DataFrame({"n": [1.5, 2.5, 4], "c": ["u", "v", "u"]})
    note = r"^a column without a name, the 1st, is left out: it counts the rows; --keep-column 'column 1' keeps it$"
    for start in (0, 1):
        frame.index = range(start, start + 3)
        frame.to_csv(tmp_path / "t.csv")
        table = told(tmp_path / "t.csv", note)
        np.testing.assert_array_equal(table.matrix, [[1.5, 0], [2.5, 1], [4, 0]])
        kept = told(tmp_path / "t.csv", keep_columns=["column 1"])
        np.testing.assert_array_equal(kept.matrix[:, 0], np.arange(start, start + 3))
    frame.sort_values("n", ascending=False).to_csv(tmp_path / "t.csv")  # an index that does not count
    table = told(tmp_path / "t.csv", r"^a column without a name, the 1st, is left out: it names the rows; --keep-column 'column 1' keeps it$")
    assert [column.name for column in table.schema.columns] == ["n", "c"]
    frame.index = [3, 3, 5]
    frame.to_csv(tmp_path / "t.csv")  # no index
    assert [column.name for column in told(tmp_path / "t.csv", "a column without a name, the 1st, is called 'column 1'").schema.columns] == ["column 1", "n", "c"]
    new = told({"n": [2.0], "c": ["v"]}, schema=table.schema)
    np.testing.assert_array_equal(new.matrix, [[2, 1]])


def test_row_names_without_a_header_of_their_own(tmp_path):
    """R's write.table: a name less than cells."""
    path = write(tmp_path, "n,c\nr1,1.5,u\nr2,2.5,v\nr3,4,u\n")
    table = told(path, "a column without a name, the 1st, is left out: it names the rows")
    np.testing.assert_array_equal(table.matrix, [[1.5, 0], [2.5, 1], [4, 0]])
    counted = told(write(tmp_path, "n,c\n1,1.5,u\n2,2.5,v\n3,4,u\n"), "a column without a name, the 1st, is left out: it counts the rows")
    np.testing.assert_array_equal(counted.matrix, [[1.5, 0], [2.5, 1], [4, 0]])


@pytest.mark.parametrize("header", ["n,c,", "n,c"])
def test_separators_at_the_end_of_lines(header, tmp_path):
    table = told(write(tmp_path, header + "\n1.5,u,\n2.5,v,\n4,u,\n"), "a column without a name, the 3rd, is left out: it is empty")
    np.testing.assert_array_equal(table.matrix, [[1.5, 0], [2.5, 1], [4, 0]])
    assert_kept = told(write(tmp_path, "n,c,\n1.5,u\n2.5,v\n"))  # in the header only
    np.testing.assert_array_equal(assert_kept.matrix, [[1.5, 0], [2.5, 1]])


def test_no_header(tmp_path):
    path = write(tmp_path, "1.5,u\n-2,v\n7,\u00fc\n")
    assert_right(told(path, header=False), ("x0", "x1"))
    with pytest.raises(DataError, match=r"expected a column named 'c' as target, got .*the first row looks like data \('1.5'\): .*--no-header \(header=False\)"):
        read(path, target="c")
    with pytest.raises(DataError, match=r"got '1' more than once .*; if the file has no header row, say so with --no-header"):
        read(write(tmp_path, "1,1,u\n2,3,v\n"))


@pytest.mark.parametrize("name", ["ORCID", "PAR1", "BZh9", "ARROW1", "DUCK", "SQLite format 3", "PK", "Obj", "{k}", "[x]"])
def test_a_header_that_begins_like_another_kind_of_file(name, tmp_path):
    table = told(write(tmp_path, f"{name},b\n1,2\n3,4\n"))
    assert [column.name for column in table.schema.columns] == [name, "b"]
    np.testing.assert_array_equal(table.matrix, [[1, 2], [3, 4]])


def test_ragged_rows_name_their_line(tmp_path):
    rows = lines("a,b", [(i % 7, i % 5) for i in range(50)])
    with pytest.raises(DataError, match=r"expected 2 columns in every row, got 3 \(.*, line 52\); mend the row, or quote cells that contain the separator"):
        read(write(tmp_path, rows + "1,2,3\n"))
    with pytest.raises(DataError, match=r"expected 2 columns in every row, got 1 \(.*, line 52\)"):
        read(write(tmp_path, rows + "1\n"))


@pytest.mark.parametrize("n", [2_000, 20_000])
def test_wide_tables(n, tmp_path):
    values = np.random.default_rng(0).integers(0, 9, (4, n))
    path = write(tmp_path, lines(",".join(f"column_{i}" for i in range(n)), values.tolist()))
    np.testing.assert_array_equal(quietly(path).matrix, values)
