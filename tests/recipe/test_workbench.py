"""Members that a search may make: of some columns, of balanced classes, of other activations; and one model of whichever were fitted."""

from dataclasses import replace

import numpy as np
import pytest

from normexp import recipe
from normexp.functional import softmax
from normexp.network import CLASSIFIER_ACTIVATIONS
from normexp.recipe import Stop, with_one_round
from normexp.tables import MatrixColumn

N = 240
COLUMNS = (
    MatrixColumn("a", "number", 0), MatrixColumn("b", "number", 0), MatrixColumn("few", "category", 4), MatrixColumn("many", "category", 400), MatrixColumn("c", "number", 0),
)  # fmt: skip


@pytest.fixture(scope="module")
def table():
    """Numbers, two of them alike, a category of few and one of very many; missing values."""
    rng = np.random.default_rng(0)
    matrix = np.column_stack([rng.standard_normal((N, 2)), rng.integers(0, 4, N), rng.integers(0, 400, N), np.zeros(N)])
    matrix[:, 4] = matrix[:, 0] + 0.3 * rng.standard_normal(N)
    targets = ((matrix[:, 0] + matrix[:, 2] > 1.5).astype(np.int32) + (matrix[:, 1] > 1.2)).astype(np.int32)
    matrix[::17, 1], matrix[::23, 2] = np.nan, np.nan
    return matrix, targets


@pytest.fixture(scope="module")
def bench(table):
    matrix, targets = table
    plan = replace(recipe.portfolio(N, COLUMNS, 3, seed=0), n_folds=3)
    return recipe.workbench(matrix, COLUMNS, targets, None, plan, classes=np.arange(3)), plan


def fitted(bench, how):
    return with_one_round([(task, task()) for task in bench.tasks(how, 9, Stop())])


def configuration(plan, family):
    return next(how for how in plan.configurations if how.family == family)


@pytest.mark.parametrize("family", ["network", "linear", "trees"])
@pytest.mark.parametrize("columns", [(0, 3), (2,), (1, 2, 4)])
def test_a_member_of_some_columns_does_not_look_at_the_others(bench, table, family, columns):
    bench, plan = bench
    changes = {"epochs": 3} if family != "trees" else {"rounds": 30}
    done = fitted(bench, replace(configuration(plan, family), columns=columns, **changes))
    matrix, rng = table[0], np.random.default_rng(1)
    others = [i for i in range(5) if i not in columns]
    shuffled, own = matrix.copy(), matrix.copy()
    shuffled[:, others] = rng.permutation(matrix[:, others])
    own[:, columns] = rng.permutation(matrix[:, columns])
    for _, learnt in done:
        logits = learnt.member.logits(matrix)
        np.testing.assert_array_equal(learnt.member.logits(shuffled), logits)
        assert np.abs(learnt.member.logits(own) - logits).max() > 1e-3
    assert np.isfinite(bench.out_of_fold(done)).all()


def test_balanced_classes_are_put_back_to_the_shares_of_the_data():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1_500, 3))
    p = 1 / (1 + np.exp(-(1.2 * x[:, 0] - 2.6)))
    y = (rng.random(1_500) < p).astype(np.int32)
    columns = tuple(MatrixColumn(name, "number", 0) for name in "abc")
    plan = replace(recipe.portfolio(1_500, columns, 2, seed=0), n_folds=3)
    found = recipe.workbench(x, columns, y, None, plan, classes=np.arange(2))
    for family, epochs in (("linear", 30), ("network", 8)):
        means = []
        for balanced in (False, True):
            done = fitted(found, replace(configuration(plan, family), balanced=balanced, epochs=epochs, bins=False))
            means.append(softmax(found.out_of_fold(done))[:, 1].mean())
        assert means == pytest.approx([p.mean()] * 2, abs=0.035)


@pytest.mark.parametrize("activation", CLASSIFIER_ACTIVATIONS)
def test_hidden_layers_have_the_activation_that_was_asked_for(bench, table, activation):
    bench, plan = bench
    how = replace(configuration(plan, "network"), activation=activation, epochs=3)
    (_, learnt), *_ = fitted(bench, how)
    inputs = learnt.member.encoder.encode(table[0]).astype(np.float64)
    for i in range(len(how.hidden) + 1):
        inputs = inputs @ learnt.member.parameters[f"dense_{i}/weights"].astype(np.float64) + learnt.member.parameters[f"dense_{i}/bias"]
        if i < len(how.hidden):
            inputs = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "silu": lambda z: z / (1 + np.exp(-z)), "gelu": _gelu}[activation](inputs)
    np.testing.assert_allclose(learnt.member.logits(table[0]), inputs, rtol=2e-3, atol=2e-4)


def _gelu(z):
    from math import erf

    return z * (1 + np.vectorize(erf)(z / np.sqrt(2))) / 2


def test_linear_members_of_other_inputs_stay_apart(bench, table):
    bench, plan = bench
    linear = configuration(plan, "linear")
    kept = [fitted(bench, how) for how in (replace(linear, name="bins", epochs=4), replace(linear, name="plain", bins=False, epochs=4))]
    model = bench.model(kept, "", nothing=kept[0][0][0], combination=np.array([0.5, 0.6]))
    assert len(model.members) == 2
    logits = [np.mean([learnt.member.logits(table[0], dtype=np.float64) for _, learnt in done], axis=0) for done in kept]
    expected = softmax(bench.log_shares + sum(w * (z - bench.log_shares) for w, z in zip((0.5, 0.6), logits, strict=True)))
    np.testing.assert_allclose(model.probabilities(table[0]), expected, atol=2e-6)
    alike = [fitted(bench, replace(linear, name=name, epochs=epochs)) for name, epochs in (("a", 3), ("b", 5))]
    assert len(bench.model(alike, "", nothing=kept[0][0][0]).members) == 1
