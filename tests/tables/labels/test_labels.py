"""Labels that are given beside a table come back in their type; missing ones are one error."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.exceptions import DataConversionWarning

from normexp import DataError, SoftmaxClassifier

X = pd.DataFrame({"a": [0.0, 1.5, 0.25, 1, 0, 1], "c": ["u", "v"] * 3})
NUMBERS = X[["a"]].to_numpy()
WORDS, INTEGERS, TRUTHS = ["q", "p"] * 3, [7, -2] * 3, [True, False] * 3
DAYS = [dt.datetime(2021, 1, 1), dt.datetime(2020, 1, 1)] * 3

KEPT = {
    "list": (WORDS, "UO", WORDS), "tuple": (tuple(INTEGERS), "i", INTEGERS), "int8": (np.array(INTEGERS, np.int8), "i", INTEGERS),
    "floats": (np.array([1.0, 2.0] * 3), "f", [1.0, 2.0] * 3), "booleans": (np.array(TRUTHS), "b", TRUTHS),
    "days": (np.array(DAYS, "datetime64[D]"), "M", [day.date() for day in DAYS]),
    "pandas": (pd.Series(WORDS), "O", WORDS), "pandas of another index": (pd.Series(WORDS, index=range(10, 16)), "O", WORDS), "pandas index": (pd.Index(WORDS), "O", WORDS),
    "pandas string": (pd.Series(WORDS, dtype="string"), "O", WORDS), "pandas string[pyarrow]": (pd.Series(WORDS, dtype="string[pyarrow]"), "O", WORDS),
    "pandas Int64": (pd.Series(INTEGERS, dtype="Int64"), "i", INTEGERS), "pandas Int64 array": (pd.array(INTEGERS, dtype="Int64"), "i", INTEGERS),
    "pandas UInt8": (pd.Series([1, 2] * 3, dtype="UInt8"), "u", [1, 2] * 3), "pandas int64[pyarrow]": (pd.Series(INTEGERS, dtype="int64[pyarrow]"), "i", INTEGERS),
    "pandas boolean": (pd.Series(TRUTHS, dtype="boolean"), "b", TRUTHS), "pandas dates": (pd.Series(DAYS), "M", DAYS),
    "pandas category": (pd.Series(WORDS, dtype="category"), "O", WORDS), "pandas Categorical of integers": (pd.Categorical(INTEGERS), "i", INTEGERS),
    "pandas frame": (pd.DataFrame({"y": WORDS}), "O", WORDS),
    "polars": (pl.Series(WORDS), "O", WORDS), "polars Categorical": (pl.Series(WORDS, dtype=pl.Categorical), "O", WORDS),
    "polars Enum": (pl.Series(WORDS, dtype=pl.Enum(["q", "p"])), "O", WORDS),
    "polars integers": (pl.Series(INTEGERS), "i", INTEGERS), "polars frame": (pl.DataFrame({"y": INTEGERS}), "i", INTEGERS),
    "pyarrow": (pa.array(WORDS), "O", WORDS), "pyarrow chunks": (pa.chunked_array([WORDS[:2], WORDS[2:]]), "O", WORDS), "pyarrow integers": (pa.array(INTEGERS), "i", INTEGERS),
    "pyarrow dictionary": (pa.array(WORDS).dictionary_encode(), "O", WORDS), "pyarrow table": (pa.table({"y": WORDS}), "O", WORDS),
    "pyarrow booleans": (pa.array(TRUTHS), "b", TRUTHS),
}  # fmt: skip


@pytest.mark.parametrize("rows", [X, NUMBERS], ids=["frame", "array"])
@pytest.mark.parametrize("kind", KEPT)
def test_labels_of_python_keep_their_type(kind, rows):
    labels, dtype, right = KEPT[kind]
    model = SoftmaxClassifier((), epochs=1, random_state=0, quality="fast").fit(rows, labels)
    assert model.classes_.dtype.kind in dtype
    assert model.classes_.tolist() == sorted(set(right))
    predicted = model.predict(rows)
    assert predicted.dtype == model.classes_.dtype
    assert set(predicted.tolist()) <= set(right)
    assert model.class_shares_.tolist() == [0.5, 0.5]


MISSING = {
    "None": ["p", "p", None, "q", None, "q"], "NaN": [0.0, 1, np.nan, 1, np.nan, 1], "NaN among words": ["p", "p", float("nan"), "q", float("nan"), "q"],
    "pandas.NA": np.array(["p", "p", pd.NA, "q", pd.NA, "q"], object), "NaT": np.array(["2020-01-01", "2021-01-01", "NaT", "2020-01-01", "NaT", "2021-01-01"], "datetime64[D]"),
    "pandas NaT": pd.to_datetime(pd.Series(["2020-01-01", "2021-01-01", None, "2020-01-01", None, "2021-01-01"])),
    "pandas Int64": pd.Series([0, 1, None, 1, None, 1], dtype="Int64"),
    "pandas boolean": pd.Series([True, False, None, True, None, True], dtype="boolean"), "pandas string": pd.Series(["p", "p", None, "q", None, "q"], dtype="string[pyarrow]"),
    "pandas category": pd.Series(["p", "p", None, "q", None, "q"], dtype="category"), "pandas frame": pd.DataFrame({"y": ["p", "p", None, "q", None, "q"]}),
    "polars": pl.Series(["p", "p", None, "q", None, "q"]), "pyarrow": pa.array([0, 1, None, 1, None, 1]), "masked": np.ma.masked_array([0, 1, 0, 1, 0, 1], [0, 0, 1, 0, 1, 0]),
}  # fmt: skip


@pytest.mark.parametrize("rows", [X, NUMBERS], ids=["frame", "array"])
@pytest.mark.parametrize("kind", MISSING)
def test_missing_labels_are_one_error_with_the_index(kind, rows):
    with pytest.raises(DataError, match=r"^expected a label for every row, got a missing one at index 2 and in 1 more row; leave such rows out"):
        SoftmaxClassifier(epochs=1, quality="fast").fit(rows, MISSING[kind])
    model = SoftmaxClassifier(epochs=1, quality="fast")
    with pytest.raises(DataError, match="got a missing one at index 2"):
        model.partial_fit(rows, MISSING[kind])


def test_an_array_of_one_column_is_taken_with_scikit_learns_warning():
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        assert SoftmaxClassifier((), epochs=1, quality="fast").fit(NUMBERS, np.array(INTEGERS)[:, None]).classes_.tolist() == [-2, 7]


def test_two_columns_of_labels_are_refused():
    with pytest.raises(DataError, match="expected one column of labels, got a frame with 2: 'y', 'z'; choose one of them"):
        SoftmaxClassifier(epochs=1, quality="fast").fit(X, pd.DataFrame({"y": WORDS, "z": WORDS}))
