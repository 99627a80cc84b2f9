"""tables.read: kinds, missing values, categories and frozen schemas; every row in its order."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import kinds, lines, quietly, told, write

MIXED = "n,c,b,d,y\n1.5,red,true,2024-02-29 06:30:00,p\n,blue,False,2024-03-01,q\n-2e3,NA,TRUE,?,p\nn/a,red,,2023-12-31,q\n"


def test_kinds_missing_words_and_values(tmp_path):
    table = read(write(tmp_path, MIXED), target="y")
    assert kinds(table) == {"n": "number", "c": "category", "b": "boolean", "d": "date"}
    assert table.classes.tolist() == ["p", "q"]
    assert table.targets.tolist() == [0, 1, 0, 1]
    nan = np.nan
    np.testing.assert_array_equal(table.matrix[:, :3], np.array([[1.5, 1, 1], [nan, 0, 0], [-2000, nan, 1], [nan, 1, nan]], np.float32))
    month, day, weekday, hour = table.matrix[:, 4:].T
    np.testing.assert_array_equal(month, np.array([2, 3, nan, 12], np.float32))
    np.testing.assert_array_equal(day, np.array([29, 1, nan, 31], np.float32))
    np.testing.assert_array_equal(weekday, np.array([4, 5, nan, 7], np.float32))
    np.testing.assert_array_equal(hour, np.array([6.5, 0, nan, 0], np.float32))
    assert table.matrix[1, 3] - table.matrix[0, 3] == 17.5 * 3600


def test_further_words_for_missing(tmp_path):
    path = write(tmp_path, "a,y\n1,p\n-999,q\nnone,p\n4,q\n")
    assert np.isnan(read(path, target="y", missing=["none", "-999"]).matrix[:, 0]).tolist() == [False, True, True, False]


def test_large_numbers_are_centred_before_they_become_float32(tmp_path):
    base = 1_700_000_000
    table = read(write(tmp_path, lines("a,y", [[base + i, "pq"[i % 2]] for i in range(101)])), target="y", keep_columns=["a"])
    np.testing.assert_array_equal(np.diff(table.matrix[:, 0]), 1)
    assert table.schema.columns[0].centre == base + 50
    later = read(write(tmp_path, f"a\n{base + 7}\n", "later.csv"), schema=table.schema)
    assert later.matrix[0, 0] == 7 - 50


def test_many_categories_and_identifiers(tmp_path):
    rows = [[f"w{i % 300}" if i < 900 else f"once{i}", f"id{i}", "pq"[i % 2]] for i in range(945)] + [["w0", "id945", "p"]]
    notes = (r"column 'many' has 345 categories: the 300 most frequent are kept, the rest \(45 rows\) count as 'other'",
        "column 'id' is left out: it has a different text in every row")
    table = told(write(tmp_path, lines("many,id,y", rows)), *notes, target="y")
    column = table.schema.columns[0]
    assert (kinds(table), len(column.categories), column.n_codes, column.has_other) == ({"many": "category"}, 300, 301, True)
    assert (table.matrix[:, 0] == 300).sum() == 45
    new = read(write(tmp_path, "many\nw0\nnever\n", "new.csv"), schema=table.schema)
    assert new.matrix[1, 0] == 300


def test_the_most_frequent_of_rare_categories_are_kept(tmp_path):
    rows = [[f"w{min(i, 900 - i):03d}" if i < 200 else f"once{i:03d}", "pq"[i % 2]] for i in range(900)] + [[f"w{i:03d}", "q"] for i in range(100)] * 2
    table = quietly(write(tmp_path, lines("many,y", rows)), target="y")
    column = table.schema.columns[0]
    assert (len(column.categories), column.has_other) == (255, True)  # 100 that occur three times, and as many others as are one-hot
    assert set(column.categories) >= {f"w{i:03d}" for i in range(100)}


def test_a_frozen_schema_decides_whatever_the_file_looks_like(tmp_path):
    table = quietly(write(tmp_path, "zip,n,y\nA1,1,p\n22,2,q\n33,3,p\n22,4,q\n"), target="y")
    assert kinds(table)["zip"] == "category"
    new = told(write(tmp_path, "extra,n,zip\nx,5,22\ny,,33\nz,7,99\n", "new.csv"), r"column 'zip': 1 row with a category not seen in training \('99'\)", schema=table.schema)
    np.testing.assert_array_equal(new.matrix, np.array([[0, 5], [1, np.nan], [-1, 7]], np.float32))
    frame = read(pd.DataFrame({"n": [5, 6], "zip": [22, 33.0]}), schema=table.schema)
    np.testing.assert_array_equal(frame.matrix[:, 0], [0, 1])
    with pytest.raises(DataError, match=r"expected a number in column 'n', got 'many' \(.*bad.csv, row 2\)"):
        read(write(tmp_path, "n,zip\n1,22\nmany,22\n", "bad.csv"), schema=table.schema, bad_cells="refuse")
    with pytest.raises(DataError, match=r"expected the columns that the model was trained on, got a table without 'zip'"):
        read(write(tmp_path, "n,zap\n1,22\n", "bad.csv"), schema=table.schema)


def test_many_pieces_keep_their_order():
    n = 150_001
    numbers = np.arange(n) * 7919 % 100_003  # in an order of its own, some of them twice
    frame = pd.DataFrame({"a": numbers.astype(np.float32), "y": np.where(np.arange(n) % 3 == 0, None, np.array(["p", "q"])[np.arange(n) % 2])})
    table = told(frame, "50001 rows without a target dropped", target="y")
    kept = np.flatnonzero(np.arange(n) % 3)
    np.testing.assert_array_equal(table.matrix[:, 0], numbers[kept])
    np.testing.assert_array_equal(table.row_numbers, kept + 1)
    np.testing.assert_array_equal(table.targets, kept % 2)


def test_a_header_of_very_many_columns(tmp_path):
    names = [f"a_rather_long_name_of_column_{i}" for i in range(2200)]
    table = read(write(tmp_path, ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n"))
    assert table.matrix.shape == (1, 2200)


def test_columns_of_other_types_are_left_out_with_a_word(tmp_path):
    path = str(tmp_path / "t.parquet")
    duckdb.execute(f"COPY (SELECT range AS a, [1, 2] AS pair, TIME '10:00:00' AS clock, 1.5::DECIMAL(9, 2) AS price FROM range(5)) TO '{path}'")
    table = told(path, r"column 'pair' is left out: its type is INTEGER\[\]", "column 'clock': read as times of day")
    assert kinds(table) == {"a": "number", "clock": "date", "price": "number"}


def test_pandas_columns_of_every_kind():
    frame = pd.DataFrame({
        "category": pd.Categorical(["a", "b", None] * 10), "integer": pd.array([1, None, 3] * 10, dtype="Int64"), "boolean": pd.array([True, None, False] * 10, dtype="boolean"),
        "date": pd.to_datetime(["2020-01-01 00:00", None, "2021-05-05 10:00"] * 10), "object": np.array([1, 2.5, None] * 10, object),
    })  # fmt: skip
    table = read(frame)
    assert kinds(table) == {"category": "category", "integer": "number", "boolean": "boolean", "date": "date", "object": "number"}
    assert np.isnan(table.matrix).sum() == 10 * (1 + 1 + 1 + 5 + 1)
