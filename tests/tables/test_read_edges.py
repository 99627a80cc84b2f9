"""Tables at their edges: words, places of errors, labels that look alike."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import quietly, told, write


@pytest.mark.parametrize("word", ["NA", "n/A", "NaN", "NULL", "?", "", "  ", " na "])
def test_missing_words_in_any_case_and_with_blanks(tmp_path, word):
    assert np.isnan(read(write(tmp_path, f"a,y\n1,p\n{word},q\n"), target="y").matrix[:, 0]).tolist() == [False, True]


def test_rows_are_counted_as_records_not_lines(tmp_path):
    rows = "".join(f'{i % 7},"two\nlines",{"pq"[i % 2]}\n' for i in range(150))
    table = told(write(tmp_path, "a,c,y\n" + rows + 'bad,"x",p\n'), r"'bad' \(.*, row 151\)", target="y")
    assert np.flatnonzero(np.isnan(table.matrix[:, 0])).tolist() == [150]


def test_a_glob_counts_rows_in_the_last_of_three_files(tmp_path):
    for i, n in enumerate((150, 70, 200)):
        cells = [str(k % 7) for k in range(n)]
        if i == 2:
            cells[199] = "oops"
        write(tmp_path, "a,y\n" + "".join(f"{c},{'pq'[k % 2]}\n" for k, c in enumerate(cells)), f"p{i}.csv")
    table = told(str(tmp_path / "p*.csv"), r"'oops' \(.*p2.csv, row 200\)", target="y")
    assert np.flatnonzero(np.isnan(table.matrix[:, 0])).tolist() == [150 + 70 + 199]


def test_dates_and_large_integers_of_frames_equal_those_of_files(tmp_path):
    when = pd.to_datetime(["2020-01-31 23:15:00", "1969-07-20 20:17:00", "2024-02-29 00:00:00"])
    frame = pd.DataFrame({"d": when, "big": np.array([1_700_000_000, 1_700_000_003, 1_700_000_001]), "y": ["p", "q", "p"]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    expected = read(tmp_path / "t.csv", target="y")
    assert expected.matrix[:, 1:5].tolist() == [[1, 31, 5, 23.25], [7, 20, 7, np.float32(20 + 17 / 60)], [2, 29, 4, 0]]
    np.testing.assert_array_equal(expected.matrix[:, 5], [-1, 2, 0])
    for source in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame)):
        table = read(source, target="y")
        np.testing.assert_array_equal(table.matrix, expected.matrix)
        assert table.schema == expected.schema


@pytest.mark.parametrize(
    ("labels", "kind"), [(np.array([3, -1, 3]), "i"), (np.array([0.5, 2, 0.5]), "f"), (np.array([True, False, True]), "b"), (np.array(["b", "a", "b"], object), "U")]
)
def test_labels_of_frames_have_their_own_type(labels, kind):
    table = read(pd.DataFrame({"a": [1.0, 2, 3], "y": labels}), target="y")
    assert table.classes.dtype.kind == kind
    assert table.labels.tolist() == labels.tolist()


def test_ignored_columns_and_names_that_are_not_there(tmp_path):
    path = write(tmp_path, "a,b,y\n1,2,p\n3,4,q\n")
    assert [c.name for c in read(path, target="y", ignore=["b"]).schema.columns] == ["a"]
    with pytest.raises(DataError, match="expected a column named 'c' as column to ignore"):
        read(path, target="y", ignore=["c"])
    with pytest.raises(TypeError, match="expected column names that are strings, got 0"):
        read(pd.DataFrame([[1, 2], [3, 4]]))


@pytest.mark.parametrize("labels", [["1", "1.0", "1"], ["9007199254740993", "9007199254740992", "9007199254740993"]], ids=["1_and_1.0", "beyond_2^53"])
def test_labels_that_become_one_class_are_refused_or_kept_apart(tmp_path, labels):
    (tmp_path / "t.csv").write_text("a,y\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels)))
    try:
        table = quietly(tmp_path / "t.csv", target="y")
    except DataError as error:
        assert "at least two classes" in str(error)  # noqa: PT017
    else:
        assert len(table.classes) == 2


def test_labels_with_leading_zeros_stay_apart(tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n1,01\n2,1\n3,02\n4,2\n")
    assert len(read(tmp_path / "t.csv", target="y").classes) == 4


def test_a_number_beyond_float32_names_its_place(tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n2,p\n1e300,q\n3,q\n")
    with pytest.raises(DataError, match=r"column 'a'.*t.csv, row 2"):
        read(tmp_path / "t.csv", target="y", bad_cells="refuse")
    told(tmp_path / "t.csv", r"column 'a': 1 cell is not a number: '1e300' \(.*t.csv, row 2\); taken as missing", target="y")
