"""A row alone is the row of the whole table, bit for bit; text and typed columns agree; pieces keep their order."""

import csv
import datetime as dt
import string

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normexp import SoftmaxClassifier
from normexp.tables import open_source, read
from tabling import quietly, told

PIECE = 61_440
WORDS = st.sampled_from(["red", "green", "dark blue", "\u00e9t\u00e9", "a,b", 'say "hi"', "two\nlines", "x"])
CELLS = {
    "n": st.floats(-1e12, 1e12, allow_nan=False).map(lambda value: float(f"{value:.6g}")), "i": st.integers(-(2**53), 2**53), "b": st.booleans(), "c": WORDS,
    "d": st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
}  # fmt: skip
ROWS = st.lists(st.fixed_dictionaries({name: cells | st.none() for name, cells in CELLS.items()}), min_size=1, max_size=18)  # too few to look like identifiers
TYPES = {"n": "Float64", "i": "Int64", "b": "boolean", "c": "string", "d": "datetime64[us]"}


def frame_of(rows):
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=TYPES[name]) for name in CELLS})


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_a_row_alone_is_the_row_of_the_whole(rows):
    frame = frame_of(rows)
    whole = quietly(frame)
    for i, row in enumerate(rows):
        filled = {name: cell for name, cell in row.items() if cell is not None}
        forms = [row, [row], {name: [cell] for name, cell in row.items()}, frame.iloc[[i]], frame.iloc[i], pl.DataFrame([row], schema=pl.from_pandas(frame).schema)]
        if set(filled) == set(row):
            forms.append([dict(reversed(row.items()))])
        for form in forms:
            np.testing.assert_array_equal(quietly(form, schema=whole.schema).matrix, whole.matrix[[i]])


def as_text(value):
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_text_and_typed_columns_agree(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(CELLS)
        writer.writerows([[as_text(row[name]) for name in CELLS] for row in rows])
    typed, text = quietly(frame_of(rows)), quietly(path)
    empty = [name for name in CELLS if all(row[name] is None for row in rows)]
    np.testing.assert_array_equal(text.matrix[:, [i for i, column in enumerate(text.schema.matrix_columns()) if column.name not in empty]],
                                  typed.matrix[:, [i for i, column in enumerate(typed.schema.matrix_columns()) if column.name.split(" ")[0] not in empty]])  # fmt: skip
    np.testing.assert_array_equal(quietly(path, schema=typed.schema).matrix, typed.matrix)
    in_memory = {name: [as_text(row[name]) for row in rows] for name in CELLS}
    np.testing.assert_array_equal(quietly(in_memory, schema=typed.schema).matrix, typed.matrix)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(string.printable + "\u00a0\u2009\u00e9\u2212", max_size=12) | st.none(), min_size=1, max_size=30), st.sampled_from(["1.5", "2020-01-02", "true", "red"]))
def test_any_text_converts_the_same_alone_and_in_company(cells, first):
    """Whatever the cells are: the frozen schema gives each its own value, in a list, in an Arrow column and alone."""
    schema = quietly({"a": [first, first, *cells]}, keep_columns=["a"]).schema
    if not schema.columns:
        return
    whole = quietly({"a": cells}, schema=schema).matrix
    np.testing.assert_array_equal(quietly(pl.DataFrame({"a": pl.Series(cells, dtype=pl.String)}), schema=schema).matrix, whole)
    np.testing.assert_array_equal(quietly(pa.table({"a": pa.array(cells, pa.large_string())}), schema=schema).matrix, whole)
    np.testing.assert_array_equal(np.concatenate([quietly({"a": cell}, schema=schema).matrix for cell in cells]), whole)


def test_the_estimator_answers_a_row_as_it_answers_the_whole():
    rng = np.random.default_rng(0)
    n = 60
    frame = pd.DataFrame({"n": rng.normal(size=n), "c": rng.choice(["u", "v", "w"], n), "b": rng.random(n) < 0.5,
        "d": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "h")})
    model = SoftmaxClassifier(epochs=3, random_state=0, quality="fast").fit(frame, rng.choice(["p", "q"], n))
    whole = model.to_matrix(frame)
    for i in range(n):
        row = frame.iloc[i]
        for form in (row, row.to_dict(), [row.to_dict()], frame.iloc[[i]], pl.from_pandas(frame.iloc[[i]]), pa.Table.from_pandas(frame.iloc[[i]])):
            np.testing.assert_array_equal(model.to_matrix(form), whole[[i]])
    np.testing.assert_array_equal(model.to_matrix([frame.iloc[i].to_dict() for i in range(n)]), whole)
    np.testing.assert_array_equal(model.to_matrix(frame[::-1]), whole[::-1])


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """More than three pieces, some labels missing, nothing that repeats with a piece."""
    n = 3 * PIECE + 4321
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 1 << 20, n), "c": np.array(["u", "v", "w", None], object)[rng.integers(0, 4, n)], "w": rng.integers(1, 9, n) / 4,
                          "y": np.array(["p", "q", None], object)[rng.integers(0, 3, n)]})  # fmt: skip
    folder = tmp_path_factory.mktemp("large")
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_parquet(folder / "t.parquet", row_group_size=50_000)
    frame[:100_000].to_csv(folder / "part0.csv", index=False)
    frame[100_000:100_007].to_csv(folder / "part1.csv", index=False)
    frame[100_007:].to_csv(folder / "part2.csv", index=False)
    return folder, frame


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "part*.csv", "frame", "polars"])
def test_pieces_keep_their_order(large, name):
    folder, frame = large
    kept = frame["y"].notna().to_numpy()
    codes = frame["c"].map({"u": 0, "v": 1, "w": 2}).to_numpy(np.float32)
    right = np.stack([frame["a"].to_numpy(np.float32), codes], axis=1)[kept]
    source = {"frame": frame, "polars": pl.from_pandas(frame)}.get(name, str(folder / name))
    table = told(source, f"^{(~kept).sum()} rows without a target dropped$", target="y", weight="w")
    np.testing.assert_array_equal(table.matrix, right)
    assert table.labels.tolist() == frame["y"][kept].tolist()
    np.testing.assert_array_equal(table.weights, frame["w"].to_numpy(np.float32)[kept])
    np.testing.assert_array_equal(table.row_numbers, np.flatnonzero(kept) + 1)
    with open_source(source, schema=table.schema) as opened:
        pieces = [matrix.copy() for matrix, _, _ in opened.pieces()]
        one = opened.row(2 * PIECE + 17).matrix
    assert [len(piece) for piece in pieces] == [PIECE, PIECE, PIECE, 4321]
    every = np.concatenate(pieces)
    np.testing.assert_array_equal(every[kept], right)
    np.testing.assert_array_equal(one[0], every[2 * PIECE + 16])


def test_a_missing_key_of_a_row_is_a_missing_cell():
    schema = read({"a": [1.5, 2], "c": ["u", "v"]}).schema
    np.testing.assert_array_equal(read([{"a": 2, "c": "v"}, {"a": 1}, {"c": "u"}], schema=schema).matrix, [[2, 1], [1, np.nan], [np.nan, 0]])
