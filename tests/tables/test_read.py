"""tables.read: kinds, missing values, types of labels, frozen schemas, sources."""

import gzip

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from normexp import DataError
from normexp.tables import held_out_rows, read
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


def test_large_numbers_are_centred_before_they_become_float32(tmp_path):
    base = 1_700_000_000
    table = read(write(tmp_path, lines("a,y", [[base + i, "pq"[i % 2]] for i in range(101)])), target="y", keep_columns=["a"])
    np.testing.assert_array_equal(np.diff(table.matrix[:, 0]), 1)
    assert table.schema.columns[0].centre == base + 50
    later = read(write(tmp_path, f"a\n{base + 7}\n", "later.csv"), schema=table.schema)
    assert later.matrix[0, 0] == 7 - 50


def test_many_categories_and_identifiers(tmp_path):
    rows = [[f"w{i % 300}", f"id{i}", "pq"[i % 2]] for i in range(900)] + [["w0", "id900", "p"]]
    notes = (r"column 'many' has 300 categories: the 255 most frequent are kept, the rest \(135 rows\) count as 'other'",
        "column 'id' is left out: it has a different text in every row")
    table = told(write(tmp_path, lines("many,id,y", rows)), *notes, target="y")
    column = table.schema.columns[0]
    assert (kinds(table), len(column.categories), column.n_codes, column.has_other) == ({"many": "category"}, 255, 256, True)
    assert (table.matrix[:, 0] == 255).sum() == 45 * 3
    new = read(write(tmp_path, "many\nw0\nnever\n", "new.csv"), schema=table.schema)
    assert new.matrix[1, 0] == 255


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


@pytest.mark.parametrize(
    ("cells", "classes"),
    [(["3", "-1", "3"], [-1, 3]), (["0.5", "1.5", "0.5"], [0.5, 1.5]), (["true", "false", "true"], [False, True]), (["true", "False", "true"], ["False", "true"]),
        (["b", "a", "b"], ["a", "b"]), (["1", "x", "1"], ["1", "x"])],
)
def test_labels_have_their_own_type(tmp_path, cells, classes):
    table = read(write(tmp_path, lines("a,y", [[i, cell] for i, cell in enumerate(cells)])), target="y")
    assert table.classes.tolist() == classes
    assert [str(label).lower() if isinstance(label, bool) else str(label) for label in table.labels.tolist()] == cells


def test_rows_without_target_are_dropped_and_counted(tmp_path):
    table = told(write(tmp_path, "a,y\n1,p\n2,\n3,q\n4,?\n"), r"2 rows without a target dropped: 1 with '\?' \(--keep-words '\?' keeps it as a class\)", target="y")
    assert table.matrix[:, 0].tolist() == [1, 3]
    assert table.row_numbers.tolist() == [1, 3]


def test_weights(tmp_path):
    path = write(tmp_path, "a,w,y\n1,0.5,p\n2,2,q\n")
    assert read(path, target="y", weight="w").weights.tolist() == [0.5, 2]
    with pytest.raises(DataError, match="expected weights of at least 0 in column 'a', got -1"):
        read(write(tmp_path, "a,x,y\n1,0,p\n-1,1,q\n"), target="y", weight="a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got an empty file"), ("a,y\n", "got a header only"), ("a,a,y\n1,2,p\n", "got 'a' more than once"),
        ("a,y\n1,p\n2\n", r"expected 2 columns in every row, got 1 \(.*line 3\)"), ('a,y\n1,"p\n2,q\n', "expected a closing quote"), ("a,y\n1,p\n2,p\n", "got only 'p'"),
        ("a,y\n1,\n2,?\n", "expected rows with a target, got none"),
        ("y\np\nq\n", "expected at least one column to learn from"), (lines("a,y", [(i, i / 7) for i in range(100)]), "looks like regression"),
        (lines("a,y", [(i, f"t{i}") for i in range(100)]), "got 100 different texts in 100 rows"),
        ("a,b\n1,2\n", "expected a column named 'y' as target, got a table with columns 'a', 'b'"),
    ],
)  # fmt: skip
def test_tables_that_are_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, text), target="y")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no_such_file.csv", "which does not exist"), ("example:irs", "did you mean 'iris'"),
        ("none.duckdb::t", "expected a DuckDB or SQLite file, got 'none.duckdb', which does not exist"),
        (".", "got the folder"), (np.zeros(3), "rows and columns"), ({}, "got none"),
    ],
)
def test_sources_that_are_refused(source, message):
    with pytest.raises(DataError, match=message):
        read(source)
    with pytest.raises(TypeError, match="expected a path, a data frame, a dict, a list of dicts or an array, got int"):
        read(7)


def test_bytes_that_are_no_table_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    cut = gzip.compress(b"a,y\n1,p\n" * 9)[:-15]
    for content, message in ((b"a\0b\n", "got a binary file"), ("a,y\n\u00e9,p\n".encode("latin-1"), "expected a UTF-8 file"), (cut, "damaged file")):
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            read(path)


def test_dialects(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffname;y\r\n"a; ""b""\nc";p\r\n"d";q\r\n'.encode())
    table = read(path, target="y")
    assert table.schema.columns[0].name == "name"
    assert table.schema.columns[0].categories == ('a; "b"\nc', "d")
    assert len(read(write(tmp_path, "a\ty\n1\tp\n2\tq\n", "t.tsv"), target="y")) == 2


def test_every_kind_of_source_gives_the_same_table(tmp_path, monkeypatch):
    frame = pd.DataFrame({"n": [1.5, np.nan, 3], "c": ["u", None, "v"], "b": [True, False, True], "y": ["p", "q", "p"]})
    text = "n,c,b,y\n1.5,u,true,p\n,,false,q\n3,v,true,p\n"
    monkeypatch.chdir(tmp_path)
    write(tmp_path, text)
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(text.encode()))
    frame.to_parquet("table.parquet")
    frame.to_json("table.jsonl", orient="records", lines=True)
    with duckdb.connect("t.duckdb") as connection:
        connection.execute("CREATE TABLE one AS SELECT * FROM 'table.parquet'")

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.Table.from_pandas(frame).__arrow_c_stream__(requested_schema)

    expected = read("table.csv", target="y")
    assert kinds(expected) == {"n": "number", "c": "category", "b": "boolean"}
    for source in ("table.csv.gz", "table.parquet", "table.jsonl", "t.duckdb::one", frame, pl.from_pandas(frame), pa.Table.from_pandas(frame), Stream()):
        table = read(source, target="y")
        np.testing.assert_array_equal(table.matrix, expected.matrix)
        assert (table.schema, table.classes.tolist(), table.targets.tolist()) == (expected.schema, ["p", "q"], [0, 1, 0])


def test_a_glob_names_the_file_and_its_row(tmp_path):
    write(tmp_path, lines("a,y", [[i % 7, "pq"[i % 2]] for i in range(300)]), "part1.csv")
    rows = [[i % 7, "pq"[i % 2]] for i in range(300)]
    assert len(read(str(tmp_path / "part*.csv"), target="y")) == 300
    rows[9][0] = "oops"
    write(tmp_path, lines("a,y", rows), "part2.csv")
    told(str(tmp_path / "part*.csv"), r"'oops' \(.*part2.csv, row 10\)", target="y")
    with pytest.raises(DataError, match=r"got 'oops' \(.*part2.csv, row 10\)"):
        read(str(tmp_path / "part*.csv"), target="y", bad_cells="refuse")
    write(tmp_path, "b,y\n1,p\n", "part3.csv")
    with pytest.raises(DataError, match=r"expected the columns of .*part1.csv in every file, got 'b', 'y'"):
        read(str(tmp_path / "part*.csv"), target="y")


def test_arrays_and_examples():
    table = read(np.arange(6.0).reshape(3, 2))
    assert [column.name for column in table.schema.columns] == ["x0", "x1"]
    np.testing.assert_array_equal(table.matrix, np.arange(6.0).reshape(3, 2))
    with pytest.raises(DataError, match="expected a table with a target, got one read without"):
        _ = table.labels
    blobs = read("example:blobs", target="class")
    assert blobs.matrix.shape == (1000, 2)
    centres = [blobs.matrix[blobs.targets == k].mean(axis=0).round() for k in range(4)]
    np.testing.assert_allclose(centres, [(15, 0), (15, 15), (0, 15), (30, 15)], atol=0.5)


def test_many_pieces_keep_their_order():
    n = 150_001
    numbers = np.arange(n) * 7919 % 100_003  # in an order of its own, some of them twice
    frame = pd.DataFrame({"a": numbers.astype(np.float32), "y": np.where(np.arange(n) % 3 == 0, None, np.array(["p", "q"])[np.arange(n) % 2])})
    table = told(frame, "50001 rows without a target dropped", target="y")
    kept = np.flatnonzero(np.arange(n) % 3)
    np.testing.assert_array_equal(table.matrix[:, 0], numbers[kept])
    np.testing.assert_array_equal(table.row_numbers, kept + 1)
    np.testing.assert_array_equal(table.targets, kept % 2)


def test_held_out_rows_are_stratified_disjoint_and_seeded():
    classes = np.repeat(np.arange(4, dtype=np.int32), [500, 90, 9, 1])
    large, held = held_out_rows(classes, 0.25, 3)
    assert sorted([*large, *held]) == list(range(600))
    assert np.bincount(classes[held], minlength=4).tolist() == [125, 23, 2, 0]
    np.testing.assert_array_equal(held, held_out_rows(classes, 0.25, 3)[1])
    assert not np.array_equal(held, held_out_rows(classes, 0.25, 4)[1])
    some = np.arange(0, 600, 2)
    assert set(np.concatenate(held_out_rows(classes, 0.2, 0, some))) == set(some)


def test_a_header_of_very_many_columns(tmp_path):
    names = [f"a_rather_long_name_of_column_{i}" for i in range(2200)]
    table = read(write(tmp_path, ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n"))
    assert table.matrix.shape == (1, 2200)


def test_the_refused_cell_is_in_a_row_that_is_kept(tmp_path):
    rows = [[i % 7, "pq"[i % 2]] for i in range(300)]
    rows[3] = ["dropped", ""]
    rows[200][0] = "kept"
    path = write(tmp_path, lines("a,y", rows))
    with pytest.raises(DataError, match=r"^expected a number in column 'a', got 'kept' \(.*, row 201\); correct"):
        read(path, target="y", bad_cells="refuse")
    told(path, "1 row without a target dropped", r"1 cell is not a number: 'kept' \(.*, row 201\)", target="y")


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
