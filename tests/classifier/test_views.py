"""The fitted attributes are views of `model_`; a fit that fails leaves the estimator as it was."""

import copy
import pickle
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from normexp import SoftmaxClassifier, explain, load, save

X, Y = load_iris(return_X_y=True)
FRAME = pd.DataFrame(X, columns=[*"abcd"])
MIXED = FRAME.assign(t=["u", "v", "w"] * 50)
VIEWS = {"classes_": "classes", "schema_": "schema", "class_shares_": "class_shares", "temperature_": "temperature", "history_": "history"}
OF_THE_MEMBER = {"encoder_": "encoder", "network_": "network", "parameters_": "parameters", "optimizer_state_": "state"}


def quick(**params):
    return SoftmaxClassifier((4,), epochs=2, random_state=0, **params, quality="fast")


def test_reading_asks_the_model():
    model = quick().fit(MIXED, Y)
    assert set(vars(model)) - set(model.get_params()) == {"model_", "n_features_in_", "feature_names_in_"}
    for view, field in VIEWS.items():
        assert getattr(model, view) is getattr(model.model_, field)
    for view, field in OF_THE_MEMBER.items():
        assert getattr(model, view) is getattr(model.model_.member, field)


def test_writing_puts_another_model_in_its_place():
    model = quick().fit(X, Y)
    before, probabilities = model.model_, model.predict_proba(X)
    model.temperature_ *= 2
    model.encoder_ = replace(model.encoder_, centre=model.encoder_.centre + 1)
    assert before.temperature * 2 == model.temperature_
    assert before.encoder.centre[0] + 1 == model.model_.encoder.centre[0]
    np.testing.assert_array_equal(before.probabilities(X), probabilities)
    assert (model.predict_proba(X) != probabilities).any()
    with pytest.raises(ValueError, match="expected members with a logit a class, got one of 3 logits for 2 classes"):
        model.classes_ = np.array(["a", "b"])


@pytest.mark.parametrize("view", [*VIEWS, *OF_THE_MEMBER])
def test_before_a_fit_there_are_none(view):
    model = quick()
    assert not hasattr(model, view)
    with pytest.raises(AttributeError, match=f"'SoftmaxClassifier' object has no attribute '{view}' before it is fitted"):
        setattr(model, view, None)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"])
def test_copies_answer_alike_and_share_nothing(again):
    model = quick().fit(MIXED, Y)
    probabilities, other = model.predict_proba(MIXED), again(model)
    np.testing.assert_array_equal(other.predict_proba(MIXED), probabilities)
    other.parameters_.values[:] = 0
    np.testing.assert_array_equal(model.predict_proba(MIXED), probabilities)


@pytest.mark.parametrize("fail", [
    lambda model: model.fit(MIXED, Y[:-1]), lambda model: model.fit(FRAME[[*"dcba"]], Y[:-1]), lambda model: model.set_params(epochs=0).fit(MIXED, Y),
    lambda model: model.fit(X[:, :2], Y, sample_weight=[1]), lambda model: model.fit([{"a": 1}, 3] * 75, Y), lambda model: model.partial_fit(FRAME, [9] * 150),
])  # fmt: skip
@pytest.mark.parametrize("warm_start", [False, True])
def test_a_fit_that_fails_leaves_it_as_it_was(fail, warm_start, tmp_path):
    model = quick(warm_start=warm_start).fit(FRAME, Y)
    probabilities = model.predict_proba(FRAME)
    with pytest.raises((ValueError, TypeError)):
        fail(model)
    np.testing.assert_array_equal(model.set_params(epochs=2).predict_proba(FRAME), probabilities)
    assert (model.n_features_in_, model.feature_names_in_.tolist()) == (4, [*"abcd"])
    save(model, tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").predict_proba(FRAME), probabilities)


def test_partial_fit_asks_for_no_parameter_that_it_does_not_use():
    model = quick(validation_fraction=1).partial_fit(X, Y)
    assert np.isfinite(model.predict_proba(X)).all()


def test_columns_are_what_the_estimator_knows_of_them(tmp_path):
    model = quick().fit(FRAME, Y)
    model.feature_names_in_ = np.array([*"pqrs"], object)
    assert explain(model, FRAME.set_axis([*"pqrs"], axis=1)[:1]).feature_names == tuple("pqrs")
    save(model, tmp_path / "m")
    assert load(tmp_path / "m").feature_names_in_.tolist() == [*"pqrs"]


def test_what_is_explained_needs_no_parameters_that_a_file_can_hold(tmp_path):
    model = quick(class_weight=MappingProxyType({0: 1.0, 1: 2.0})).fit(X, Y)
    save(model, tmp_path / "m")
    assert load(tmp_path / "m").class_weight is None
    model.set_params(hidden_layer_sizes=("wide",))
    assert len(explain(model, X[:2])) == 2
    with pytest.raises(ValueError, match="got one that cannot be written: expected the parameter hidden_layer_sizes to be an integer"):
        save(model, tmp_path / "m")


def test_the_model_knows_its_parameters(tmp_path):
    model = quick(weight_decay=0.5).fit(X, Y)
    save(model.model_, tmp_path / "m")
    assert load(tmp_path / "m").get_params() == model.get_params()
