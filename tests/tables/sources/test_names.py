"""The table's own names never become names of a database, a path is a path: every source gives every row its own cells."""

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
    model = SoftmaxClassifier((), epochs=60, random_state=0).fit_table(table)
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


FILES = ["a*b.csv", "[1].csv", "~x.csv", "a?.csv", "a'b.csv", 'a"b.csv', "a b;--.csv", "x::y.csv", "%d{1,2}.csv", "$HOME.csv", "é\u0301.csv", "file:t.csv", "y=3/t.csv",
    "a[!b]/[c].csv"]


@pytest.mark.parametrize("name", FILES)
def test_a_path_is_a_path(name, tmp_path, monkeypatch):
    """A file of that name is read, not the others that the name would match as a pattern."""
    for other in ("aXb.csv", "1.csv", "ab.csv", "x", "t.csv", "c.csv", "y=3/u.csv"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        write(tmp_path, "a,c\n7,other\n8,others\n", other)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    write(tmp_path, "a,c\n1,p\n2,q\n4,p\n", name)
    monkeypatch.chdir(tmp_path)
    for source in (name, f"./{name}", tmp_path / name):
        table = read(source, target="c")
        assert [column.name for column in table.schema.columns] == ["a"]  # no column y of the folder y=3
        assert table.matrix[:, 0].tolist() == [1, 2, 4]


def test_a_glob_is_ours_to_expand(tmp_path):
    for i, name in enumerate(["p1.csv", "p10.csv", "p2.csv", "[p3].csv", "y=3/p4.csv", "y=3/z/p5.csv"]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path, f"a\n{i + 1}\n{i + 1.5}\n", name)
    assert read(f"{tmp_path}/p*.csv").matrix[:, 0].tolist() == [1, 1.5, 2, 2.5, 3, 3.5]
    assert read(f"{tmp_path}/[[]*.csv").matrix[:, 0].tolist() == [4, 4.5]
    assert read(f"{tmp_path}/**/p[45].csv").matrix[:, 0].tolist() == [5, 5.5, 6, 6.5]
    with pytest.raises(DataError, match=r"got '.*/q\*.csv', which does not exist"):
        read(f"{tmp_path}/q*.csv")


def test_files_of_a_glob_must_be_alike_and_files(tmp_path):
    write(tmp_path, "a,b\n1,2\n", "p1.csv")
    write(tmp_path, "b,a\n1,2\n", "p2.csv")
    with pytest.raises(DataError, match=r"expected the columns of .*p1.csv in every file, got another order \(.*p2.csv\)"):
        read(f"{tmp_path}/p*.csv")
    (tmp_path / "p3.csv").mkdir()
    with pytest.raises(DataError, match=r"expected files, got the folder '.*p3.csv'"):
        read(f"{tmp_path}/p*.csv")


def test_a_nameless_column_gets_a_name_that_is_free(tmp_path):
    path = write(tmp_path, "column 2,,b\n5,7,1\n6,9,3\n5,7,4\n", "t.csv")
    table = told(path, "a column without a name, the 2nd, is called 'column 2_'")
    assert [column.name for column in table.schema.columns] == ["column 2", "column 2_", "b"]
    np.testing.assert_array_equal(table.matrix, [[5, 7, 1], [6, 9, 3], [5, 7, 4]])


OTHER_TYPES = {
    "integers, then fractions": (pa.array([1, 2]), pa.array([1.5, 2.5]), [1, 2, 1.5, 2.5]), "fractions, then integers": (pa.array([1.5, 2.5]), pa.array([1, 2]), [1.5, 2.5, 1, 2]),
    "small, then large": (pa.array([1, 2], pa.int8()), pa.array([1000, 5]), [1, 2, 1000, 5]), "booleans, then numbers": (pa.array([True, False]), pa.array([5, 0]), [1, 0, 5, 0]),
    "decimals, then doubles": (pa.array([1, 2], pa.decimal128(5, 2)), pa.array([1.555, 2.0]), [1, 2, 1.555, 2]),
    "nothing, then numbers": (pa.nulls(2), pa.array([1.5, 2]), [np.nan, np.nan, 1.5, 2]),
    "numbers, then text of numbers": (pa.array([1, 2]), pa.array(["1.5", "-"]), [1, 2, 1.5, np.nan]),
    "float32, then float64": (pa.array([1.5, 2], pa.float32()), pa.array([16777217.25, 1]), None),
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_files_of_a_glob_with_other_types_keep_their_values(kind, tmp_path):
    first, second, right = OTHER_TYPES[kind]
    for i, cells in enumerate((first, second)):
        pa.parquet.write_table(pa.table({"a": cells, "k": [i, i]}), tmp_path / f"{i}.parquet")
    table = told(f"{tmp_path}/*.parquet", *([r"column 'a': '-' \(1\) taken as missing"] if "text" in kind else []))
    centre = table.schema.columns[0].centre
    np.testing.assert_array_equal(table.matrix[:, 0], np.float32(np.array(right if right else [1.5, 2, 16777217.25, 1]) - centre))
    assert table.matrix[:, 1].tolist() == [0, 0, 1, 1]


def test_days_then_instants_keep_their_hours(tmp_path):
    pa.parquet.write_table(pa.table({"a": pa.array([18262, 18263], pa.date32())}), tmp_path / "0.parquet")
    pa.parquet.write_table(pa.table({"a": pa.array([18264 * 86_400 + 5 * 3600], pa.timestamp("s", "Asia/Tokyo"))}), tmp_path / "1.parquet")
    np.testing.assert_array_equal(read(f"{tmp_path}/*.parquet").matrix[:, 1:], [[1, 1, 3, 0], [1, 2, 4, 0], [1, 3, 5, 5]])


def test_many_rows_of_other_types_keep_their_order(tmp_path):
    cells = np.random.default_rng(0).integers(0, 1000, 400_000)
    for i, (part, dtype) in enumerate(zip(np.split(cells, [150_000, 150_001, 300_000]), (np.int16, np.int64, np.float64, np.int32), strict=True)):
        pa.parquet.write_table(pa.table({"a": part.astype(dtype)}), tmp_path / f"{i}.parquet", row_group_size=7_000)
    np.testing.assert_array_equal(read(f"{tmp_path}/*.parquet").matrix[:, 0], cells)
