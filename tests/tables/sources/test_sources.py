"""Every kind of source gives the same table; sources that are none are refused."""

import gzip

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import kinds, lines, told, write


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
