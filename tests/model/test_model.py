"""The model as data: what it answers, that it shares what the estimator has, and that the encoder gives the bits of its formulas."""

import math
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from normexp import SoftmaxClassifier
from normexp.model import Encoder, Model, number_columns
from normexp.network import predict_logits
from normexp.tables import MatrixColumn, Table, read

RNG = np.random.default_rng(0)
N = 3_000
FRAME = pd.DataFrame({
    "word": RNG.choice([*"pqrstuv", None], N), "x": np.where(RNG.random(N) < 0.2, np.nan, RNG.standard_cauchy(N)), "flag": np.where(RNG.random(N) < 0.1, None, RNG.random(N) < 0.5),
    "day": pd.date_range("2001-02-03", periods=N, freq="31h").where(RNG.random(N) < 0.9), "other": RNG.choice(["a", "b"], N), "same": RNG.choice([1.0, 1.0, 2.0], N),
})  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    return SoftmaxClassifier((5,), epochs=2, random_state=0, quality="fast").fit(FRAME, RNG.choice(["a", "b", "c"], N))


def encoded_cell_by_cell(encoder, matrix):
    """The formulas, a Python float at a time: IEEE arithmetic has one answer."""
    out = np.zeros((len(matrix), encoder.n_inputs), np.float32)
    numbers, indicators, categories = np.flatnonzero(encoder.n_codes == 0), np.flatnonzero(encoder.has_indicator), np.flatnonzero(encoder.n_codes)
    for row, line in enumerate(matrix):
        for at, i in enumerate(numbers):
            x = (float(line[i]) - encoder.centre[i]) * encoder.scale[i]
            x = 0.0 if math.isnan(x) else min(max(x, -1e15), 1e15)
            out[row, at] = x / math.sqrt(1 + (x / 3) * (x / 3))
        for at, i in enumerate(indicators, len(numbers)):
            out[row, at] = math.isnan(line[i])
        at = len(numbers) + len(indicators)
        for i in categories:
            if 0 <= line[i] < encoder.n_codes[i]:
                out[row, at + int(line[i])] = 1
            at += encoder.n_codes[i]
    return out


def test_the_encoder_has_the_bits_of_its_formulas(fitted):
    table = read(FRAME, schema=fitted.schema_)
    matrix = table.matrix.copy()
    words = [i for i, column in enumerate(table.schema.matrix_columns()) if column.kind == "category"]
    for i, code in enumerate([-1, np.nan, np.inf, -np.inf, 300, 1.5]):
        matrix[i::29, words[i % len(words)]] = code
    matrix[::31, 1], matrix[1::31, 1], matrix[2::31, 2] = np.inf, -3e38, -np.inf
    assert len(words) == 2
    wanted = encoded_cell_by_cell(fitted.encoder_, matrix)
    for x in (matrix, np.asfortranarray(matrix), matrix.astype(np.float64)):
        assert fitted.encoder_.encode(x).tobytes() == wanted.tobytes()
    assert np.concatenate([fitted.encoder_.encode(row[None]) for row in matrix[:200]]).tobytes() == wanted[:200].tobytes()
    rows = np.arange(N)[::-3].copy()
    assert fitted.encoder_.encode(matrix, rows).tobytes() == wanted[rows].tobytes()


@pytest.mark.parametrize("columns", [number_columns(3), (MatrixColumn("a", "category", 2), MatrixColumn("b", "category", 200)), (MatrixColumn("a", "boolean"),)], ids=len)
def test_tables_of_one_kind_of_column_in_float64(columns):
    matrix = np.column_stack([RNG.choice([0, 1, -1, np.nan, 1e300, -1e-300] if column.kind == "number" else [0, 1], 9_000) for column in columns])
    encoder = Encoder.fit(matrix, np.arange(0, 9_000, 2), columns)
    wanted = encoded_cell_by_cell(encoder, matrix)
    assert encoder.encode(matrix).tobytes() == wanted.tobytes()
    pieces = [piece.copy() for piece in encoder.pieces(matrix)]  # each takes the place of the one before it
    assert [len(piece) for piece in pieces] == [8_192, 808]
    assert np.concatenate(pieces).tobytes() == wanted.tobytes()
    assert encoder.encode(matrix[:0]).shape == (0, encoder.n_inputs)
    assert list(encoder.pieces(matrix[:0])) == []


def test_what_an_encoder_has_found_is_no_part_of_it(fitted):
    fresh = pickle.loads(pickle.dumps(fitted.encoder_))
    assert fresh.n_inputs == fitted.encoder_.n_inputs == fitted.network_.n_inputs
    assert [name for name in Encoder.__dataclass_fields__ if name.startswith("_") or name == "n_inputs"] == []
    assert repr(fresh) == repr(fitted.encoder_)


def test_logits_are_those_of_the_network_over_the_temperature(fitted):
    model, table = fitted.to_model(), read(FRAME, schema=fitted.schema_)
    plain = predict_logits(model.network, model.parameters, model.encoder.encode(table.matrix))
    assert model.temperature != 1
    np.testing.assert_array_equal(model.logits(table.matrix), plain / np.float32(model.temperature))
    np.testing.assert_array_equal(model.logits(table.matrix, dtype=np.float64), plain.astype(np.float64) / model.temperature)
    np.testing.assert_array_equal(model.logits(table.matrix.astype(np.float64), n_threads=2), plain.astype(np.float64) / model.temperature)
    assert [model.probabilities(table.matrix.astype(dtype)).dtype for dtype in (np.float32, np.float64)] == [np.float32, np.float64]
    np.testing.assert_allclose(model.probabilities(table.matrix).sum(axis=1), 1, rtol=1e-6)
    assert model.logits(table.matrix[:0]).shape == (0, 3)


def test_the_estimator_answers_as_its_model(fitted):
    model, table = fitted.to_model(), read(FRAME, schema=fitted.schema_)
    np.testing.assert_array_equal(fitted.predict_proba(Table(model.schema, table.matrix)), model.probabilities(table.matrix))
    np.testing.assert_array_equal(fitted.predict_proba(FRAME), model.probabilities(table.matrix, dtype=np.float64))
    assert model.parameters is fitted.parameters_
    assert model.encoder is fitted.encoder_
    assert (model.n_features, model.feature_names) == (6, tuple(FRAME.columns))
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'temperature'"):
        model.temperature = 2.0


def test_there_and_back(fitted):
    again = SoftmaxClassifier.from_model(fitted.to_model())
    np.testing.assert_array_equal(again.predict_proba(FRAME), fitted.predict_proba(FRAME))
    assert isinstance(again.to_model(), Model)
    assert again.feature_names_in_.tolist() == FRAME.columns.tolist()
    again.temperature_ *= 2  # as the report's advice says
    np.testing.assert_allclose(again.decision_function(FRAME) * 2, fitted.decision_function(FRAME))


def test_it_needs_nothing_heavy():
    heavy = ("sklearn", "scipy", "pandas", "duckdb", "narwhals", "click", "safetensors", "matplotlib")
    code = f"import sys, normexp.model; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
