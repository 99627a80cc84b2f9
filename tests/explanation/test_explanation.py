"""What an explanation says in words and as a dictionary, of saved models and old ones; what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest

import normexp
from normexp import SoftmaxClassifier, explain
from normexp.tables import Table


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
    old = SoftmaxClassifier((4,), epochs=1, random_state=0, quality="fast").fit_table(table)
    old.encoder_ = replace(old.encoder_, shares=None, low=None, high=None, is_boolean=None)
    normexp.save(old, tmp_path / "old")
    loaded = normexp.load(tmp_path / "old")
    assert loaded.predict(table).shape == (len(table),)
    with pytest.raises(ValueError, match="saved by an older normexp; train it again"):
        explain(loaded, table)


def test_wrong_arguments_are_refused(mixed):
    table, model = mixed
    with pytest.raises(TypeError, match="expected a SoftmaxClassifier, got int"):
        explain(3, table)
    with pytest.raises(ValueError, match=r"expected one label a row, 2 in all, got labels of shape \(3,\)"):
        explain(model, table.take(np.arange(2)), ["big"] * 3)
    with pytest.raises(ValueError, match="expected labels out of 'big', 'middling', 'small', got 'huge'"):
        explain(model, table.take(np.arange(1)), ["huge"])


def test_a_model_is_explained_on_a_table_or_a_matrix(mixed):
    table, classifier = mixed
    model = classifier.to_model()
    of_table, of_matrix, of_estimator = explain(model, table.take(np.arange(3))), explain(model, table.matrix[:3]), explain(classifier, table.take(np.arange(3)))
    for found in (of_table, of_matrix):
        np.testing.assert_array_equal(found.contributions, of_estimator.contributions)
        assert found.flips == of_estimator.flips
    with pytest.raises(TypeError, match="expected a Table or a matrix to explain a Model on, got DataFrame; read it with the model's schema"):
        explain(model, pd.DataFrame({"a": [1]}))


def test_a_mistake_is_compared_with_the_truth(mixed):
    table, model = mixed
    usual = explain(model, table)
    wrong = np.flatnonzero(usual.predicted != usual.targets)
    others = np.flatnonzero(usual.predicted == usual.targets)[:20]
    rows = np.concatenate([wrong, others])
    assert len(wrong)
    found = explain(model, table.take(rows), against_truth=True)
    np.testing.assert_array_equal(found.runner_up[: len(wrong)], table.targets[wrong])
    np.testing.assert_array_equal(found.runner_up[len(wrong) :], usual.runner_up[others])
    np.testing.assert_allclose(found.baseline_differences + found.contributions.sum(axis=1), found.differences, atol=1e-2)
    logits = found.logits[np.arange(len(rows)), found.predicted] - found.logits[np.arange(len(rows)), found.runner_up]
    np.testing.assert_allclose(found.differences, logits)
