"""The table's own names never become names of a database."""

import json
import sqlite3

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from normexp import DataError, SoftmaxClassifier
from normexp.tables import read
from tabling import told, write

NAMES = ["rowid", "ROWID", "Rowid", "c0", "c1", "raw", "objects", "source", 'a"b', '"x"; DROP TABLE raw; --', "a'b", "select", "é", "a.b", "a/b~c", "filename", "file_row_number",
    "Mass", "mass", "1", "x,y", "p\nq"]
N = 23
VALUES = np.random.default_rng(0).integers(0, 19, (len(NAMES), N))  # some twice: no column looks like an identifier
LABELS = np.array(["a", "A"])[VALUES[0] % 2]
COLUMNS = {**{name: VALUES[i].tolist() for i, name in enumerate(NAMES)}, "Y": LABELS.tolist()}
PLAIN_NAMES = [name for name in NAMES if name not in ("ROWID", "Rowid", "mass")]  # DuckDB's and SQLite's own tables do not tell case apart


def as_csv(folder):
    pd.DataFrame(COLUMNS).to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def as_tsv(folder):
    pd.DataFrame(COLUMNS).to_csv(folder / "t.tsv", index=False, sep="\t")
    return folder / "t.tsv"


def as_parquet(folder):
    pa.parquet.write_table(pa.table(COLUMNS), folder / "t.parquet")
    return folder / "t.parquet"


def as_feather(folder):
    pa.feather.write_feather(pa.table(COLUMNS), folder / "t.feather")
    return folder / "t.feather"


def rows():
    return [{name: column[i] for name, column in COLUMNS.items()} for i in range(N)]


def as_json_lines(folder):
    return write(folder, "".join(json.dumps(row) + "\n" for row in rows()), "t.jsonl")


def as_json_array(folder):
    return write(folder, json.dumps(rows()), "t.json")


SOURCES = {
    "csv": as_csv, "tsv": as_tsv, "parquet": as_parquet, "feather": as_feather, "json lines": as_json_lines, "json": as_json_array,
    "pandas": lambda _: pd.DataFrame(COLUMNS), "polars": lambda _: pl.DataFrame(COLUMNS), "pyarrow": lambda _: pa.table(COLUMNS), "dict": lambda _: COLUMNS,
    "dicts": lambda _: rows(),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOURCES)
def test_any_name_is_a_name(kind, tmp_path):
    table = read(SOURCES[kind](tmp_path), target="Y")
    assert [column.name for column in table.schema.columns] == NAMES
    np.testing.assert_array_equal(table.matrix, VALUES.T.astype(np.float32))
    assert (table.classes.tolist(), table.labels.tolist()) == (["A", "a"], LABELS.tolist())


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def filled(connection):
    names = [*PLAIN_NAMES, "Y"]
    typed = ", ".join(f"{quoted(name)} {'VARCHAR' if name == 'Y' else 'INTEGER'}" for name in names)
    connection.execute(f"CREATE TABLE {quoted('t ; ')} ({typed})")
    connection.executemany(f"INSERT INTO {quoted('t ; ')} VALUES ({', '.join('?' for _ in names)})", [[row[name] for name in names] for row in rows()])
    return connection


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_any_name_is_a_name_in_a_database(kind, tmp_path):
    path = tmp_path / f"t.{kind}"
    if kind == "duckdb":
        filled(duckdb.connect(str(path))).close()
    else:
        connection = filled(sqlite3.connect(path))
        connection.commit()
        connection.close()
    table = read(f"{path}::t ; ", target="Y")
    assert [column.name for column in table.schema.columns] == PLAIN_NAMES
    np.testing.assert_array_equal(table.matrix, VALUES[[NAMES.index(name) for name in PLAIN_NAMES]].T.astype(np.float32))
    assert table.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("name", ["rowid", "ROWID", "RowId"])
@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "duckdb", "pandas"])
def test_rows_keep_their_order_beside_a_column_named_rowid(kind, name, tmp_path):
    n = 3000
    backwards, x = np.arange(n)[::-1] // 2, np.random.default_rng(1).permutation(n) / 8
    frame = pd.DataFrame({name: backwards, "x": x, "y": np.where(x > n / 16, "b", "a")})
    source = frame
    if kind == "csv":
        frame.to_csv(source := tmp_path / "t.csv", index=False)
    elif kind == "parquet":
        frame.to_parquet(source := tmp_path / "t.parquet", row_group_size=500)
    elif kind == "jsonl":
        frame.to_json(source := tmp_path / "t.jsonl", orient="records", lines=True)
    elif kind == "duckdb":
        with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
            connection.execute("CREATE TABLE t AS SELECT * FROM frame")
        source = f"{tmp_path}/t.duckdb::t"
    table = read(source, target="y")
    np.testing.assert_array_equal(table.matrix, np.stack([backwards, x], axis=1).astype(np.float32))
    assert table.labels.tolist() == frame["y"].tolist()


def test_columns_that_differ_in_case_only_are_predicted_by_their_own_name():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"Mass": rng.normal(size=400), "mass": rng.normal(size=400)})
    labels = np.where(frame["mass"] > 0, "a", "A")
    table = read(frame.assign(y=labels), target="y")
    model = SoftmaxClassifier((), epochs=60, random_state=0, quality="fast").fit_table(table)
    assert model.predict({"Mass": [9.0, -9.0], "mass": [-1.0, 1.0]}).tolist() == ["A", "a"]


def test_the_same_name_twice_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected distinct column names, got 'a' more than once \(.*t.csv, header\); rename one of each"):
        read(write(tmp_path, "a,b,a\n1,2,3\n", "t.csv"))
    with pytest.raises(DataError, match="expected distinct column names, got 'a' more than once"):
        read(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(DataError, match="expected distinct column names, got 'a' more than once"):
        read(table)
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(DataError, match="expected distinct column names, got 'a'"):
        read(tmp_path / "t.parquet")


def test_a_nameless_column_gets_a_name_that_is_free(tmp_path):
    path = write(tmp_path, "column 2,,b\n5,7,1\n6,9,3\n5,7,4\n", "t.csv")
    table = told(path, "a column without a name, the 2nd, is called 'column 2_'")
    assert [column.name for column in table.schema.columns] == ["column 2", "column 2_", "b"]
    np.testing.assert_array_equal(table.matrix, [[5, 7, 1], [6, 9, 3], [5, 7, 4]])
