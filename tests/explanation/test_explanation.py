"""Explanations: contributions complete the difference, gradients are those of differences, flips flip, words are the table's."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import normexp
from normexp import SoftmaxClassifier, explain
from normexp.explanation import NO_FLIP, permutation_importance
from normexp.explanation._network import ReluNetwork
from normexp.tables import Table, held_out_rows, read

DATA = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parents[3] / "shared/data"))
TABLES = {"penguins.csv": "species", "adult.csv.gz": "income", "letter.csv": "class", "splice.csv": "Class", "diamonds.csv.gz": "cut", "wine-quality.csv": "quality"}
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def mixed():
    """A table of every kind of column, and a model of it."""
    n = 300
    size, flag = RNG.normal(50, 10, n), RNG.random(n) < 0.4
    colour, day = RNG.choice(["red", "green", "blue"], n), pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 300, n), "D")
    label = np.where(size + 15 * (colour == "red") + 10 * flag > 55, "big", np.where(colour == "green", "small", "middling"))
    frame = pd.DataFrame({"size": np.where(RNG.random(n) < 0.05, np.nan, size), "flag": flag, "colour": colour, "day": day, "label": label})
    table = read(frame, target="label")
    return table, SoftmaxClassifier((16,), epochs=60, random_state=0).fit_table(table)


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
    model = SoftmaxClassifier(random_state=0, epochs=4).fit_table(table, np.arange(0, len(table), max(1, len(table) // 5000)))
    part = table.take(np.arange(0, len(table), len(table) // 30)[:30])
    found = explain(model, part)
    assert_complete(found, difference_by_the_model(model, part, found))
    assert abs(found.contributions).max() > 0.1
    assert (found.probabilities.argmax(axis=1) == found.predicted).all()


def test_slopes_are_those_of_differences(mixed):
    table, model = mixed
    network = ReluNetwork.of(model)
    inputs = model.encoder_.encode(table.matrix[:5]).astype(np.float64)
    direction = np.array([1.0, -1.0, 0.0])
    for row in inputs:
        slope = network.weights[0] @ network.mean_slope(network.first(row[None]), direction)
        for i in range(len(row)):
            step = np.zeros(len(row))
            step[i] = 1e-6
            ends = [network.logits(network.first((row + sign * step)[None]))[0] @ direction for sign in (1, -1)]
            assert slope[i] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


def test_a_linear_model_is_explained_exactly():
    """With one layer a contribution is weight x (input - baseline), whatever the path."""
    x = RNG.standard_normal((200, 3))
    model = SoftmaxClassifier((), epochs=20, random_state=0).fit(x, (x @ [1.0, -2.0, 0.0] > 0).astype(int))
    found = explain(model, x[:4])
    inputs = model.encoder_.encode(x[:4]).astype(np.float64) - model.encoder_.baseline
    weights = model.parameters_["dense_0/weights"].astype(np.float64) / model.temperature_
    for row, contributions in enumerate(found.contributions):
        expected = inputs[row] * (weights[:, found.predicted[row]] - weights[:, found.runner_up[row]])
        np.testing.assert_allclose(contributions, expected, rtol=1e-9)
    np.testing.assert_allclose(model.encoder_.encode(np.median(x[_training_rows(model, x)], axis=0)[None])[0], model.encoder_.baseline, atol=1e-6)


def _training_rows(model, x):
    targets = (x @ [1.0, -2.0, 0.0] > 0).astype(np.int32)
    return held_out_rows(targets, 0.2, model._seed())[0]


def test_baseline_holds_training_shares(mixed):
    table, _ = mixed
    model = SoftmaxClassifier((4,), epochs=1, random_state=0, validation_fraction=0).fit_table(table)
    baseline, columns = model.encoder_.baseline, model.encoder_.columns_of_inputs()
    names = [column.name for column in table.schema.matrix_columns()]
    colours = table.matrix[:, names.index("colour")]
    np.testing.assert_allclose(baseline[(columns == names.index("colour"))], np.bincount(colours.astype(int)) / len(table))
    assert baseline[columns == names.index("size")].tolist() == [0, pytest.approx(np.isnan(table.matrix[:, names.index("size")]).mean())]
    assert baseline[columns == names.index("flag")][0] == pytest.approx(2 * table.matrix[:, names.index("flag")].mean() - 1)


def test_flips_change_the_answer_and_are_within_training(mixed):
    table, model = mixed
    found = explain(model, table.take(np.arange(60)))
    assert sum(flip is not None for flip in found.flips) > 30
    names = [column.name for column in table.schema.columns]
    for row, flip in enumerate(found.flips):
        if flip is None:
            continue
        assert "day" not in flip
        label, rest = flip.removeprefix("the answer would be '").split("' if ", 1)
        feature, values = rest.split(" were ")
        after, before = values.split(" instead of ")
        assert before == found.values[row, names.index(feature)]
        changed = table.matrix[row : row + 1].copy()
        column = [c.name for c in table.schema.matrix_columns()].index(feature)
        kind = table.schema.columns[names.index(feature)].kind
        if kind == "category":
            changed[0, column] = table.schema.columns[names.index(feature)].categories.index(after)
        else:
            changed[0, column] = float(after) if kind == "number" else after == "true"
        assert model.predict(Table(table.schema, changed))[0] == label
        if kind == "number":
            assert np.nanmin(table.matrix[:, column]) <= changed[0, column] <= np.nanmax(table.matrix[:, column])


def test_flips_are_the_smallest_that_brute_force_finds():
    """One number: the least change is where the answer changes, and a narrow window far away is found too."""
    x = np.concatenate([np.linspace(0, 100, 400), np.full(100, 52.0)])[:, None]
    y = ((x[:, 0] > 50) & (x[:, 0] < 54)).astype(int)
    model = SoftmaxClassifier((32,), epochs=400, patience=0, random_state=0, learning_rate=0.01).fit(x, y)
    asked = np.array([[40.0], [60.0], [95.0], [52.0]])
    grid = np.linspace(0, 100, 20_001)
    answers = model.predict(grid[:, None])
    assert set(answers) == {0, 1}
    for row, flip in zip(asked[:, 0], explain(model, asked).flips, strict=True):
        other = grid[answers != model.predict([[row]])[0]]
        least = abs(other - row).min()
        assert flip is not None, row
        value = float(flip.split(" were ")[1].split(" instead of ")[0])
        assert least <= abs(value - row) + 0.01 <= max(1.12 * least, 1) + 0.02
    constant = SoftmaxClassifier((), epochs=1, learning_rate=1e-9, random_state=0).fit(x, y)
    found = explain(constant, asked[:1])
    flips = constant.predict(grid[:, None]) != found.classes[found.predicted[0]]
    assert (found.flips[0] is None) == (not flips.any())
    assert str(found).endswith(NO_FLIP) or flips.any()


def test_a_number_centred_on_one_half_is_no_boolean():
    x = np.tile(np.linspace(0, 1, 101), 3)[:, None]
    model = SoftmaxClassifier((8,), epochs=40, random_state=0).fit(x, (x[:, 0] > 0.5).astype(int))
    assert all(flip is not None for flip in explain(model, [[0.2], [0.9]]).flips)


def test_large_numbers_are_told_apart_in_words():
    big = 1.7e9 + np.arange(300.0) ** 2 // 40 * 7
    frame = pd.DataFrame({"big": big, "label": np.where(big > np.median(big), "late", "early")})
    table = read(frame, target="label")
    model = SoftmaxClassifier((8,), epochs=60, random_state=0).fit_table(table)
    flip = explain(model, table.take(np.array([100]))).flips[0]
    after, before = (float(word) for word in flip.split(" were ")[1].split(" instead of "))
    assert before == big[100]
    assert after > before
    changed = frame.iloc[[100]].assign(big=after)
    assert model.predict(read(changed.drop(columns="label"), schema=model.schema_))[0] == "late"


def test_words_and_dictionary(mixed):
    table, model = mixed
    found = explain(model, table.take(np.arange(12)))
    facts = found.to_dict(0)
    assert json.loads(json.dumps(facts)) == facts
    assert {item["feature"] for item in facts["features"]} == {"size", "flag", "colour", "day"}
    sizes = [abs(item["contribution"]) for item in facts["features"]]
    assert sizes == sorted(sizes, reverse=True)
    values = dict(zip(found.feature_names, found.values[0], strict=True))
    assert values["colour"] in ("red", "green", "blue")
    assert values["flag"] in ("true", "false")
    assert values["day"].startswith("2024-")
    text = str(found)
    assert f"predicted {facts['predicted']}" in text
    assert text.endswith("…")
    assert facts["loss"] == pytest.approx(-np.log(facts["classes"][model.classes_.tolist().index(facts["target"])]["probability"]))
    missing = explain(model, Table(table.schema, np.full((1, table.matrix.shape[1]), np.nan, np.float32)))
    assert set(missing.values[0]) == {"missing"}
    unseen = table.matrix[:1].copy()
    unseen[0, [c.name for c in table.schema.matrix_columns()].index("colour")] = -1
    assert "not seen in training" in explain(model, Table(table.schema, unseen)).values[0]
    assert missing.losses is None


def test_it_survives_saving(mixed, tmp_path):
    table, model = mixed
    normexp.save(model, tmp_path / "m")
    again = explain(normexp.load(tmp_path / "m"), table.take(np.arange(3)))
    np.testing.assert_array_equal(again.contributions, explain(model, table.take(np.arange(3))).contributions)


def test_old_models_without_shares_say_so(mixed, tmp_path):
    from dataclasses import replace

    table, _ = mixed
    old = SoftmaxClassifier((4,), epochs=1, random_state=0).fit_table(table)
    old.encoder_ = replace(old.encoder_, shares=None, low=None, high=None, is_boolean=None)
    normexp.save(old, tmp_path / "old")
    loaded = normexp.load(tmp_path / "old")
    assert loaded.predict(table).shape == (len(table),)
    with pytest.raises(ValueError, match="saved by an older normexp; train it again"):
        explain(loaded, table)


def test_importance_finds_what_matters(mixed):
    table, model = mixed
    found = permutation_importance(model, table)
    means = dict(zip(found.feature_names, found.mean, strict=True))
    assert [found.feature_names[i] for i in found.order()[:2]] in (["size", "colour"], ["colour", "size"])
    assert means["size"] > 10 * abs(means["day"])
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()
    shuffled = table.matrix.copy()
    column = [c.name for c in table.schema.matrix_columns()].index("size")
    shuffled[:, column] = RNG.permutation(shuffled[:, column])
    losses = [-model.predict_log_proba(Table(table.schema, matrix))[np.arange(len(table)), table.targets].mean() for matrix in (table.matrix, shuffled)]
    assert means["size"] == pytest.approx(losses[1] - losses[0], rel=0.4)
    assert permutation_importance(model, table.take(np.arange(0))).n_rows == 0
    with pytest.raises(ValueError, match="expected a table with targets, got one read without"):
        permutation_importance(model, Table(table.schema, table.matrix))


def test_wrong_arguments_are_refused(mixed):
    table, model = mixed
    with pytest.raises(TypeError, match="expected a SoftmaxClassifier, got int"):
        explain(3, table)
    with pytest.raises(ValueError, match=r"expected one label a row, 2 in all, got labels of shape \(3,\)"):
        explain(model, table.take(np.arange(2)), ["big"] * 3)
    with pytest.raises(ValueError, match="expected labels out of 'big', 'middling', 'small', got 'huge'"):
        explain(model, table.take(np.arange(1)), ["huge"])
