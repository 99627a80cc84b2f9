"""Contributions complete the difference, slopes are those of differences, the baseline is the training's."""

import os
from pathlib import Path

import numpy as np
import pytest

from normexp import SoftmaxClassifier, explain
from normexp.classifier._planning import seed_of
from normexp.explanation._network import DenseNetworks
from normexp.tables import held_out_rows, read

DATA = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parents[3] / "shared/data"))
TABLES = {"penguins.csv": "species", "adult.csv.gz": "income", "letter.csv": "class", "splice.csv": "Class", "diamonds.csv.gz": "cut", "wine-quality.csv": "quality"}
RNG = np.random.default_rng(0)


def difference_by_the_model(model, table, found):
    logits = model.predict_log_proba(table)
    rows = np.arange(len(table))
    return logits[rows, found.predicted] - logits[rows, found.runner_up]


def assert_complete(found, expected):
    """The bar: baseline + contributions = difference within 1e-3 x max(1, |difference|), the difference being the model's own."""
    gap = abs(found.baseline_differences + found.contributions.sum(axis=1) - expected)
    assert (gap <= 1e-3 * np.maximum(1, abs(expected))).all(), gap.max()
    np.testing.assert_allclose(found.differences, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", TABLES)
def test_contributions_complete_the_difference_on_real_tables(name):
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is not there; set NORMEXP_DATA")
    table = read(DATA / name, target=TABLES[name])
    model = SoftmaxClassifier(random_state=0, epochs=4, quality="fast").fit_table(table, np.arange(0, len(table), max(1, len(table) // 5000)))
    part = table.take(np.arange(0, len(table), len(table) // 30)[:30])
    found = explain(model, part)
    assert_complete(found, difference_by_the_model(model, part, found))
    assert abs(found.contributions).max() > 0.1
    assert (found.probabilities.argmax(axis=1) == found.predicted).all()


def test_slopes_are_those_of_differences(mixed):
    table, model = mixed
    network = DenseNetworks.of(model)
    inputs = model.encoder_.encode(table.matrix[:5]).astype(np.float64)
    direction = np.array([1.0, -1.0, 0.0])
    for row in inputs:
        slope = network.weights @ network.mean_slope(network.first(row[None]), direction)
        for i in range(len(row)):
            step = np.zeros(len(row))
            step[i] = 1e-6
            ends = [network.logits(network.first((row + sign * step)[None]))[0] @ direction for sign in (1, -1)]
            assert slope[i] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


def test_a_linear_model_is_explained_exactly():
    """With one layer a contribution is weight x (input - baseline), whatever the path."""
    x = RNG.standard_normal((200, 3))
    model = SoftmaxClassifier((), epochs=20, random_state=0, quality="fast").fit(x, (x @ [1.0, -2.0, 0.0] > 0).astype(int))
    found = explain(model, x[:4])
    inputs = model.encoder_.encode(x[:4]).astype(np.float64) - model.encoder_.baseline
    weights = model.parameters_["dense_0/weights"].astype(np.float64) / model.temperature_
    for row, contributions in enumerate(found.contributions):
        expected = inputs[row] * (weights[:, found.predicted[row]] - weights[:, found.runner_up[row]])
        np.testing.assert_allclose(contributions, expected, rtol=1e-9)
    np.testing.assert_allclose(model.encoder_.encode(np.median(x[_training_rows(model, x)], axis=0)[None])[0], model.encoder_.baseline, atol=1e-6)


def _training_rows(model, x):
    targets = (x @ [1.0, -2.0, 0.0] > 0).astype(np.int32)
    return held_out_rows(targets, 0.2, seed_of(model))[0]


def test_baseline_holds_training_shares(mixed):
    table, _ = mixed
    model = SoftmaxClassifier((4,), epochs=1, random_state=0, validation_fraction=0, quality="fast").fit_table(table)
    baseline, columns = model.encoder_.baseline, model.encoder_.columns_of_inputs()
    names = [column.name for column in table.schema.matrix_columns()]
    colours = table.matrix[:, names.index("colour")]
    np.testing.assert_allclose(baseline[(columns == names.index("colour"))], np.bincount(colours.astype(int)) / len(table))
    assert baseline[columns == names.index("size")].tolist() == [0, pytest.approx(np.isnan(table.matrix[:, names.index("size")]).mean())]
    assert baseline[columns == names.index("flag")][0] == pytest.approx(2 * table.matrix[:, names.index("flag")].mean() - 1)
