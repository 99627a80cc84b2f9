"""Every library's frame gives the same matrix; frames that are none are refused."""

import datetime as dt
import decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from normexp import DataError
from normexp.tables import read
from tabling import kinds, quietly, told


def mixed():
    """Every kind of column, with missing values, as Python values."""
    return {
        "n": [1.5, None, -3.25, 4.0], "i": [7, 5, None, 7], "b": [True, None, False, True], "c": ["u", "v", None, "u"],
        "d": [dt.datetime(2020, 1, 2, 3, 30), None, dt.datetime(1969, 7, 20), dt.datetime(2024, 2, 29, 23, 15)],
        "e": [dt.date(2020, 1, 2), dt.date(2021, 1, 2), None, dt.date(2020, 1, 2)],
    }  # fmt: skip


def nullable(columns):
    return pd.DataFrame({"n": pd.array(columns["n"], "Float64"), "i": pd.array(columns["i"], "Int64"), "b": pd.array(columns["b"], "boolean"),
        "c": pd.array(columns["c"], "string"),
                         "d": pd.to_datetime(pd.Series(columns["d"])), "e": columns["e"]})  # fmt: skip


FRAMES = {
    "pandas objects": lambda columns: pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()}), "pandas nullable": nullable,
    "pandas of pyarrow": lambda columns: pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype), "polars": pl.DataFrame, "polars lazy": pl.LazyFrame, "pyarrow": pa.table,
    "a record batch": pa.record_batch, "a stream": lambda columns: pa.table(columns).to_reader(), "a dict": dict,
    "a dict of tuples": lambda columns: {name: tuple(cells) for name, cells in columns.items()},
    "a dict of Series": lambda columns: {name: pd.Series(cells) if name != "i" else pd.Series(cells, dtype="Int64") for name, cells in columns.items()},
    "a dict of pyarrow": lambda columns: {name: pa.array(cells) for name, cells in columns.items()},
    "dicts": lambda columns: [{name: cells[i] for name, cells in columns.items() if cells[i] is not None} for i in range(4)],
    "a relation of DuckDB": lambda columns: duckdb.from_arrow(pa.table(columns)),
}  # fmt: skip


@pytest.mark.parametrize("kind", FRAMES)
def test_every_frame_gives_the_same_matrix(kind):
    nan, columns = np.nan, mixed()
    table = told(FRAMES[kind](columns))
    found = {column.name: table.matrix[:, [i for i, of in enumerate(table.schema.matrix_columns()) if of.name.split(" ")[0] == column.name]] for column in table.schema.columns}
    assert kinds(table) == {"n": "number", "i": "number", "b": "boolean", "c": "category", "d": "date", "e": "date"}
    np.testing.assert_array_equal(np.hstack([found[name] for name in "nibc"]), np.float32([[1.5, 7, 1, 0], [nan, 5, nan, 1], [-3.25, nan, 0, nan], [4, 7, 1, 0]]))
    np.testing.assert_array_equal(found["d"][:, 1:], np.float32([[1, 2, 4, 3.5], [nan] * 4, [7, 20, 7, 0], [2, 29, 4, 23.25]]))
    np.testing.assert_array_equal(found["e"][:, 1:], np.float32([[1, 2, 4, 0], [1, 2, 6, 0], [nan] * 4, [1, 2, 4, 0]]))
    assert found["e"][1, 0] - found["e"][0, 0] == 366 * 86_400


def test_columns_of_other_types(tmp_path):
    frame = pl.DataFrame({"list": [[1], [2], [3]], "struct": [{"k": 1}, {"k": 2}, {"k": 3}], "n": [1.5, 2, 5]})
    told(frame, r"column 'list' is left out: its type is List\(Int64\)", r"column 'struct' is left out: its type is Struct")
    rest = pd.DataFrame({"days": pd.to_timedelta([1, 2, 5], "D"), "sparse": pd.arrays.SparseArray([0, 0, 1.5]), "decimal": [decimal.Decimal("1.50"), decimal.Decimal(2), None]})
    np.testing.assert_array_equal(told(rest[["days", "sparse"]]).matrix, [[86_400, 0], [172_800, 0], [432_000, 1.5]])
    np.testing.assert_array_equal(told(pa.table({"decimal": pa.array([decimal.Decimal("1.50"), decimal.Decimal(2), None])})).matrix[:, 0], [1.5, 2, np.nan])


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ({"a": [1, 2], "b": [1]}, DataError, r"expected columns of one length, got 2 and 1 cells \(the data frame, column 'b'\)"),
        ({"a": [1, 2], "b": 3}, TypeError, "got the cell 3 in column 'b' beside sequences"),
        (pd.DataFrame([[1, 2]]), TypeError, "expected column names that are strings, got 0; rename the columns"),
        ([{"a": 1}, 5], TypeError, "expected a list of dicts, a row each, got a list with int"),
        ([], TypeError, "got an empty list"), (pl.Series("a", [1]), TypeError, "expected a row with names"), (pd.DataFrame({"a": []}), DataError, "expected a table with rows"),
        (np.zeros((2, 0)), DataError, "expected a table with columns"),
        (np.zeros((2, 2, 2)), DataError, r"got an array of shape \(2, 2, 2\)"),
        (object(), TypeError, "expected a path, a data frame, a dict, a list of dicts or an array, got object"),
    ],
)  # fmt: skip
def test_frames_that_are_refused(source, error, message):
    with pytest.raises(error, match=message):
        read(source)


def test_structured_and_masked_arrays():
    array = np.array([(1.5, "x"), (2, "y"), (5, "x")], dtype=[("a", "f8"), ("b", "U2")])
    assert told(array).matrix.tolist() == [[1.5, 0], [2, 1], [5, 0]]
    np.testing.assert_array_equal(told({"a": np.ma.masked_array([1, 2, 3], [0, 1, 0])}).matrix[:, 0], [1, np.nan, 3])


def test_half_a_letter_is_refused_in_our_words():
    cells = {"a": [1.5, 2.5, 4.5], "c": ["x", "\ud800", "x"], "y": ["p", "q", "p"]}
    with pytest.raises(DataError, match=r"expected text that is Unicode, got the half of a pair '\\ud800' in '\\ud800' \(the data frame\); decode it anew"):
        read(cells, target="y")
    schema = read({"a": [1.5, 2.5], "c": ["x", "z"]}).schema
    with pytest.raises(DataError, match="half of a pair"):
        read({"a": 1.5, "c": "\udfff"}, schema=schema)


def test_a_few_other_cells_among_booleans_are_bad_cells(tmp_path):
    cells = {"b": ["true", "false"] * 100 + ["maybe"], "a": [i % 7 + 0.5 for i in range(201)]}
    table = told(cells, "column 'b': 1 cell is not a boolean: 'maybe' .*row 201.*taken as missing")
    np.testing.assert_array_equal(table.matrix[:, 0], [1.0, 0.0] * 100 + [np.nan])


def test_what_pandas_and_databases_declare_outlasts_a_parquet_file(tmp_path):
    frame = pd.DataFrame({"k": pd.Categorical(["10", "20"] * 10), "t": [dt.time(3, 30)] * 10 + [dt.time(4)] * 10, "y": np.array([0.1, 0.2] * 10, np.float32)})
    frame.to_parquet(tmp_path / "t.parquet")
    table = told(tmp_path / "t.parquet", "column 't': read as times of day", target="y")
    assert [(column.name, column.kind) for column in table.schema.columns] == [("k", "category"), ("t", "date")]
    assert table.classes.tolist() == [0.1, 0.2]  # not 0.10000000149
    np.testing.assert_array_equal(table.matrix[[0, 1, 19], 0], [0, 1, 1])
    np.testing.assert_array_equal(table.matrix[[0, 19], 5], [3.5, 4])


def test_weights_are_read_by_the_form_of_their_column():
    table = quietly({"a": [1.5, 2.5, 4.5, 6.5], "w": ["1,5", "2,25", "0,5", "1"], "y": ["p", "q", "p", "q"]}, target="y", weight="w")
    assert table.weights.tolist() == [1.5, 2.25, 0.5, 1.0]
