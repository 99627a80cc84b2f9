"""Rows in memory for a model: columns in any order, a row alone, and none of it through a database."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from normexp import DataError, SoftmaxClassifier
from tabling import noted, told

TRAINED = pd.DataFrame({"size": [1.0, 2, 3, 4] * 10, "colour": ["red", "blue"] * 20})


def test_columns_in_any_order_and_further_ones_as_on_the_command_line():
    labels = ["p", "q"] * 20
    for frame in (TRAINED, TRAINED[["size"]].assign(colour=TRAINED["colour"] == "red").astype(float)):
        model = SoftmaxClassifier(epochs=2, random_state=0, quality="fast").fit(frame, labels)
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
        model = SoftmaxClassifier(epochs=2, random_state=0, quality="fast").fit(frame, labels)
        right, row = model.predict_proba(frame.iloc[[3]]), frame.iloc[3].to_dict()
        for form in (frame.iloc[3], row, [row], dict(reversed(row.items())), pl.DataFrame([row]), pa.Table.from_pylist([row])):
            np.testing.assert_array_equal(model.predict_proba(form), right)
        for form in ({**row, "more": 1}, [{**row, "more": 1}], pd.Series({**row, "more": 1})):
            np.testing.assert_array_equal(noted(lambda model=model, form=form: model.predict_proba(form), "^column 'more' not used by the model$"), right)
        with pytest.raises(DataError, match="got a table without 'size'"):
            model.predict({"colour": row["colour"]})
    assert SoftmaxClassifier(epochs=1, quality="fast").fit(TRAINED, labels).predict(TRAINED[:0]).shape == (0,)


@pytest.mark.parametrize("make", [lambda: pd.DataFrame([[1.0, 2.0]], columns=["size", "size"]), lambda: pa.table([pa.array([1.0]), pa.array([2.0])], names=["size", "size"])])
def test_a_name_twice_is_refused_by_the_estimator(make):
    for frame in (TRAINED, TRAINED[["size"]]):
        model = SoftmaxClassifier(epochs=1, quality="fast").fit(frame, ["p", "q"] * 20)
        with pytest.raises(DataError, match="expected distinct column names, got 'size' more than once"):
            model.predict(make())


def test_the_estimator_keeps_the_columns_that_the_caller_chose():
    """`read` leaves out what counts the rows; whoever hands a frame to an estimator has chosen its columns."""
    frame = pd.DataFrame({"id": range(40), "x": [1.0, 2.5] * 20, "c": ["u", "v"] * 20})
    told(frame, r"column 'id' is left out: it counts the rows \(0, 1, 2, …\)")
    model = noted(lambda: SoftmaxClassifier(epochs=1, quality="fast").fit(frame, ["p", "q"] * 20))
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

    model = SoftmaxClassifier(epochs=2, random_state=0, quality="fast").fit(TRAINED, ["p", "q"] * 20)
    save(model, tmp_path / "m")
    ended = subprocess.run([sys.executable, "-c", PURE, str(tmp_path / "m")], capture_output=True, text=True, check=True, timeout=120)
    *rows, imported = ended.stdout.split("\n")[:4]
    right = model.to_model().probabilities(model.to_matrix(TRAINED.iloc[[1]])).tobytes().hex()
    assert (rows, imported) == ([right] * 3, "")
