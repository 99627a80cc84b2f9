"""Rows in memory: what is declared is obeyed, every library's frame gives the same matrix, and none of it goes through a database."""

import datetime as dt
import decimal
import subprocess
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pytest

from normexp import DataError, SoftmaxClassifier
from normexp.tables import read
from tabling import kinds, noted, quietly, told

DIGITS, DAYS = ["10", "2", None, "10", "7"], ["2020-01-02", "2021-05-06", None, "2020-01-02", "2019-01-01"]


def declared(words):
    """The same declared categories of text in every library."""
    plain = sorted({word for word in words if word})
    yield "pandas", pd.DataFrame({"z": pd.Categorical(words)})
    yield "pandas with more", pd.DataFrame({"z": pd.Categorical(words, categories=[*reversed(plain), "zz"])})
    yield "pandas of pyarrow", pd.DataFrame({"z": pd.Series(words, dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())))})
    yield "polars Categorical", pl.DataFrame({"z": pl.Series(words, dtype=pl.Categorical)})
    yield "polars Enum", pl.DataFrame({"z": pl.Series(words, dtype=pl.Enum([*reversed(plain), "zz"]))})
    yield "polars lazy", pl.LazyFrame({"z": pl.Series(words, dtype=pl.Categorical)})
    yield "pyarrow", pa.table({"z": pa.array(words).dictionary_encode()})
    yield "pyarrow chunks", pa.table({"z": pa.chunked_array([pa.array(words[:2]).dictionary_encode(), pa.array(words[2:]).dictionary_encode()])})
    yield "an Arrow stream", pa.table({"z": pa.array(words).dictionary_encode()}).to_reader()
    yield "a dict of Categorical", {"z": pd.Categorical(words)}
    yield "a dict of Series", {"z": pd.Series(words, dtype="category")}
    yield "a dict of polars", {"z": pl.Series(words, dtype=pl.Categorical)}


@pytest.mark.parametrize("words", [DIGITS, DAYS], ids=["digits", "days"])
@pytest.mark.parametrize("kind", [name for name, _ in declared(DIGITS)])
def test_declared_categories_are_categories_even_of_digits_and_dates(kind, words):
    table = told(dict(declared(words))[kind])
    assert kinds(table) == {"z": "category"}
    assert table.schema.columns[0].categories == tuple(sorted({word for word in words if word}))
    right = [np.nan if word is None else sorted({word for word in words if word}).index(word) for word in words]
    np.testing.assert_array_equal(table.matrix[:, 0], right)
    np.testing.assert_array_equal(read({"z": words}, schema=table.schema).matrix[:, 0], right)  # text reads the same


def test_files_of_declared_categories(tmp_path):
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute("CREATE TYPE size AS ENUM ('7', '10', '2'); CREATE TABLE t(z size)")
        connection.executemany("INSERT INTO t VALUES (?)", [[word] for word in DIGITS])
    pa.feather.write_feather(pa.table({"z": pa.array(DIGITS).dictionary_encode()}), tmp_path / "t.feather")
    for source in (f"{tmp_path}/t.duckdb::t", tmp_path / "t.feather"):
        table = told(source)
        assert (kinds(table), table.schema.columns[0].categories) == ({"z": "category"}, ("10", "2", "7"))
        np.testing.assert_array_equal(table.matrix[:, 0], [0, 1, np.nan, 0, 2])


@pytest.mark.parametrize(
    ("values", "categories"),
    [([10, 2, None, 10], ("10", "2")), ([1.0, 2.5, None, 1.0], ("1", "2.5")), ([True, False, None, True], ("False", "True")),
        ([pd.Timestamp("2020-01-02"), pd.Timestamp("2019-01-01 10:30"), None, pd.Timestamp("2020-01-02")], ("2019-01-01 10:30:00", "2020-01-02"))],
)  # fmt: skip
def test_categories_of_other_values_are_met_again_as_values(values, categories):
    table = told(pd.DataFrame({"z": pd.Categorical(values)}))
    assert table.schema.columns[0].categories == categories
    np.testing.assert_array_equal(np.isnan(table.matrix[:, 0]), [False, False, True, False])
    assert table.matrix[0, 0] == table.matrix[3, 0] != table.matrix[1, 0]
    np.testing.assert_array_equal(told({"z": list(values)}, schema=table.schema).matrix, table.matrix)


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


TRAINED = pd.DataFrame({"size": [1.0, 2, 3, 4] * 10, "colour": ["red", "blue"] * 20})


def test_columns_in_any_order_and_further_ones_as_on_the_command_line():
    labels = ["p", "q"] * 20
    for frame in (TRAINED, TRAINED[["size"]].assign(colour=TRAINED["colour"] == "red").astype(float)):
        model = SoftmaxClassifier(epochs=2, random_state=0).fit(frame, labels)
        right = model.predict_proba(frame)
        np.testing.assert_array_equal(model.predict_proba(frame[["colour", "size"]]), right)
        more = noted(lambda model=model, frame=frame: model.predict_proba(frame.assign(id=1, name="x")[["name", "colour", "id", "size"]]),
            r"^columns 'name', 'id' not used by the model$")
        np.testing.assert_array_equal(more, right)
        with pytest.raises(DataError, match=r"expected the columns that the model was trained on, got a .* without 'size'.*add or rename"):
            model.predict(frame[["colour"]])


def test_one_row_and_no_row_for_a_model_of_numbers_and_one_of_more():
    labels = ["p", "q"] * 20
    for frame in (TRAINED, TRAINED[["size"]].assign(colour=np.arange(40) % 7 / 2)):
        model = SoftmaxClassifier(epochs=2, random_state=0).fit(frame, labels)
        right, row = model.predict_proba(frame.iloc[[3]]), frame.iloc[3].to_dict()
        for form in (frame.iloc[3], row, [row], dict(reversed(row.items())), pl.DataFrame([row]), pa.Table.from_pylist([row])):
            np.testing.assert_array_equal(model.predict_proba(form), right)
        for form in ({**row, "more": 1}, [{**row, "more": 1}], pd.Series({**row, "more": 1})):
            np.testing.assert_array_equal(noted(lambda model=model, form=form: model.predict_proba(form), "^column 'more' not used by the model$"), right)
        with pytest.raises(DataError, match="got a table without 'size'"):
            model.predict({"colour": row["colour"]})
    assert SoftmaxClassifier(epochs=1).fit(TRAINED, labels).predict(TRAINED[:0]).shape == (0,)


@pytest.mark.parametrize("make", [lambda: pd.DataFrame([[1.0, 2.0]], columns=["size", "size"]), lambda: pa.table([pa.array([1.0]), pa.array([2.0])], names=["size", "size"])])
def test_a_name_twice_is_refused_by_the_estimator(make):
    for frame in (TRAINED, TRAINED[["size"]]):
        model = SoftmaxClassifier(epochs=1).fit(frame, ["p", "q"] * 20)
        with pytest.raises(DataError, match="expected distinct column names, got 'size' more than once"):
            model.predict(make())


def test_the_estimator_keeps_the_columns_that_the_caller_chose():
    """`read` leaves out what counts the rows; whoever hands a frame to an estimator has chosen its columns."""
    frame = pd.DataFrame({"id": range(40), "x": [1.0, 2.5] * 20, "c": ["u", "v"] * 20})
    told(frame, r"column 'id' is left out: it counts the rows \(0, 1, 2, …\)")
    model = noted(lambda: SoftmaxClassifier(epochs=1).fit(frame, ["p", "q"] * 20))
    assert [column.name for column in model.schema_.columns] == ["id", "x", "c"]


PURE = """
import sys
import numpy as np
from normexp.saving import load_model
from normexp.tables import read
model = load_model(sys.argv[1])
for rows in ({"size": 2.0, "colour": "blue"}, {"size": [2.0], "colour": ["blue"]}, [{"colour": "blue", "size": 2}]):
    print(model.probabilities(read(rows, schema=model.schema).matrix).tobytes().hex())
print(*sorted({"sklearn", "pandas", "duckdb", "polars", "pyarrow", "narwhals", "scipy"} & set(sys.modules)))
"""


def test_a_row_is_predicted_without_duckdb_pandas_or_scikit_learn(tmp_path):
    from normexp import save

    model = SoftmaxClassifier(epochs=2, random_state=0).fit(TRAINED, ["p", "q"] * 20)
    save(model, tmp_path / "m")
    ended = subprocess.run([sys.executable, "-c", PURE, str(tmp_path / "m")], capture_output=True, text=True, check=True, timeout=120)
    *rows, imported = ended.stdout.split("\n")[:4]
    right = model.to_model().probabilities(model.to_matrix(TRAINED.iloc[[1]])).tobytes().hex()
    assert (rows, imported) == ([right] * 3, "")


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
