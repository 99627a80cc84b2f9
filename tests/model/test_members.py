"""A model of several members: a log-linear pool."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris

from normexp import SoftmaxClassifier, explain, save
from normexp.model import Model, as_model
from normexp.network import Parameters
from normexp.saving import load_model

X, Y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def two():
    return [SoftmaxClassifier(hidden, epochs=4, random_state=0, quality="fast").fit(X, Y).to_model() for hidden in ((), (6,))]


def pooled(two, weights, temperature=1.0):
    return replace(two[0], members=tuple(model.member for model in two), weights=weights, temperature=temperature)


@pytest.mark.parametrize(("weights", "temperature"), [((0.3, 0.7), 1.0), ((1.0, 0.0), 2.0), ((0.2, 1.4), 0.5)])
def test_the_pool_is_the_product_of_powers(two, weights, temperature):
    alone = [replace(model, temperature=1.0).probabilities(X) for model in two]
    product = np.prod([p**w for p, w in zip(alone, weights, strict=True)], axis=0) ** (1 / temperature)
    wanted = product / product.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(pooled(two, weights, temperature).probabilities(X), wanted, rtol=1e-12)
    np.testing.assert_allclose(pooled(two, weights, temperature).probabilities(X.astype(np.float32)), wanted, rtol=2e-5, atol=1e-7)


def test_the_order_of_members_is_no_matter_of_the_pool(two):
    turned = pooled(two[::-1], (0.7, 0.3))
    np.testing.assert_allclose(turned.probabilities(X), pooled(two, (0.3, 0.7)).probabilities(X), rtol=1e-13)


def test_what_asks_for_the_only_member_is_told_of_several(two):
    for question in ("member", "network", "parameters"):
        with pytest.raises(ValueError, match=r"expected a model of one member, of weight 1, got one of 2, of weights 0\.5, 0\.5"):
            getattr(pooled(two, (0.5, 0.5)), question)


def test_a_single_member_of_another_weight_is_not_taken_for_itself(two, tmp_path):
    sharper = replace(two[1], weights=(2.0,))
    np.testing.assert_allclose(sharper.logits(X), 2 * two[1].logits(X), rtol=1e-6)
    save(sharper, tmp_path / "m")
    np.testing.assert_array_equal(load_model(tmp_path / "m").logits(X), sharper.logits(X))
    np.testing.assert_allclose(explain(sharper, X[:9]).logits, sharper.logits(X[:9]), atol=1e-5)
    with pytest.raises(ValueError, match=r"got one of 1, of weights 2\.0"):
        _ = sharper.member


def test_members_of_a_kind_are_averaged_as_probabilities(two, tmp_path):
    first, second = (replace(model.member, parameters=Parameters(model.parameters.values * scale, model.parameters.segments)) for model, scale in ((two[1], 1), (two[1], 0.5)))
    two = tuple(replace(two[0], members=(member,)) for member in (first, second))
    members = (first, second, second)
    bias = np.array([0.3, -0.2, 0.1])
    model = replace(two[0], members=members, weights=(0.6, 0.7), kinds=(0, 0, 1), bias=bias, temperature=1.0)
    first, second = (replace(one, temperature=1.0).probabilities(X) for one in two)
    wanted = ((first + second) / 2) ** 0.6 * second**0.7 * np.exp(bias)
    np.testing.assert_allclose(model.probabilities(X), wanted / wanted.sum(axis=1, keepdims=True), rtol=1e-6)
    save(model, tmp_path / "m")
    np.testing.assert_array_equal(load_model(tmp_path / "m").probabilities(X), model.probabilities(X))
    found = explain(model, X[:20])
    np.testing.assert_allclose(found.probabilities, model.probabilities(X[:20]), atol=1e-6)
    np.testing.assert_allclose(found.baseline_differences + found.contributions.sum(axis=1), found.differences, atol=2e-3 * np.abs(found.differences).max())


def test_members_of_a_kind_are_alike(two):
    with pytest.raises(ValueError, match="expected members of a kind whose networks or forests are alike, got others"):
        replace(two[0], members=tuple(model.member for model in two), kinds=(0, 0))


@pytest.mark.parametrize(("members", "weights"), [(0, ()), (2, (1.0,)), (1, (0.5, 0.5))])
def test_a_weight_for_each_member(two, members, weights):
    with pytest.raises(ValueError, match=f"expected members and a weight for each kind, got {members} members of {members} kinds and {len(weights)} weights"):
        replace(two[0], members=tuple(model.member for model in two[:members]), weights=weights)


def test_as_model(two):
    estimator = SoftmaxClassifier.from_model(two[0])
    assert as_model(two[0]) is two[0]
    assert isinstance(as_model(estimator), Model)
    for other in (3, SoftmaxClassifier):
        with pytest.raises(TypeError, match=f"expected a SoftmaxClassifier, got {type(other).__name__}"):
            as_model(other)
