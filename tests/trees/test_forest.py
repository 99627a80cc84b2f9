"""Forests: against a slow float64 reference, with rare classes and odd data, the same bits on any number of threads."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from tests.reference.trees import first_round, leaf_numbers, questions_answered

from normexp.functional import cross_entropy
from normexp.trees import Bins, Boosting, fit


def rows_of(n_classes, n=600, n_features=5, seed=0, missing=0.1):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, n_features))
    y = ((x[:, 0] > 0.3).astype(int) + 2 * (x[:, 1] > -0.2) + (x[:, 2] > 1)) % n_classes
    x[rng.random(x.shape) < missing] = np.nan
    return x, y.astype(np.int32)


def loss(logits, targets):
    return float(cross_entropy(logits.astype(np.float64), targets, reduction="mean"))


@pytest.mark.parametrize("n_classes", [2, 3, 4])
@pytest.mark.parametrize("missing", [0, 0.2])
def test_the_first_tree_is_that_of_the_reference(n_classes, missing):
    x, y = rows_of(n_classes, missing=missing)
    bins = Bins.fit(x, np.arange(600), 12)
    boosting = Boosting(rounds=1, depth=3, learning_rate=0.5, l2=0.7, patience=0, row_share=1.0, column_share=1.0)
    forest = fit(x, y, n_classes, boosting, bins=bins).forest
    questions, leaves, base = first_round(x, y, n_classes, bins.thresholds, 3, 0.7, 0.5, 4.0)
    assert list(zip(forest.features[0].tolist(), forest.thresholds[0].tolist(), forest.missing[0].tolist(), strict=True)) == questions
    np.testing.assert_allclose(forest.leaves[0], leaves, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(forest.base, base, rtol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 4, 9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_it_answers(n_classes, dtype):
    x, y = rows_of(n_classes)
    x = x.astype(dtype)
    forest = fit(x, y, n_classes, Boosting(rounds=20, patience=0)).forest
    found = forest.logits(x)
    wanted = questions_answered(forest, x)
    assert found.shape == (600, n_classes)
    np.testing.assert_allclose(found[:, 1:] - found[:, :1] if n_classes == 2 else found, wanted, rtol=1e-5, atol=1e-5)
    for again in (forest.logits(x, 1), forest.logits(x, 7), np.concatenate([forest.logits(x[i : i + 1]) for i in range(600)]), forest.logits(np.asfortranarray(x))):
        np.testing.assert_array_equal(again, found)
    assert forest.logits(x[:0]).shape == (0, n_classes)


def test_losses_are_those_of_the_forest():
    x, y = rows_of(4)
    found = fit(x, y, 4, Boosting(rounds=30, patience=0), rows=np.arange(400), held_rows=np.arange(400, 600))
    assert found.stopped == "epochs"
    assert len(found.losses) == 30
    assert len(found.forest) == found.best_round + 1 == int(np.argmin(found.held_losses)) + 1
    assert found.held_losses[found.best_round] == pytest.approx(loss(found.forest.logits(x[400:]), y[400:]), rel=1e-5)
    assert found.losses[found.best_round] == pytest.approx(loss(found.forest.logits(x[:400]), y[:400]), rel=1e-5)
    assert (np.diff(found.losses) < 0).all()


def test_it_stops_without_a_better_loss():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((500, 4)), rng.integers(0, 3, 500).astype(np.int32)
    found = fit(x, y, 3, Boosting(rounds=500, patience=5), rows=np.arange(300), held_rows=np.arange(300, 500))
    assert found.stopped == "patience"
    assert len(found.losses) == found.best_round + 1 + 5


def test_no_tree_is_kept_where_none_is_better():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((400, 4)), rng.integers(0, 2, 400).astype(np.int32)
    found = fit(x, y, 2, Boosting(rounds=50, learning_rate=1.0), rows=np.arange(200), held_rows=np.arange(200, 400))
    assert (len(found.forest), found.best_round, found.stopped) == (0, -1, "patience")
    np.testing.assert_allclose(found.forest.logits(x)[:, 1], np.log((y[:200] == 1).sum() + 0.5) - np.log((y[:200] == 0).sum() + 0.5), rtol=1e-5)


def test_a_missing_value_may_be_all_that_is_known():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400).astype(np.int32)
    x = np.column_stack([rng.standard_normal(400), np.where(y == 1, 3.0, np.nan)])
    forest = fit(x, y, 2, Boosting(rounds=20, patience=0)).forest
    assert (forest.logits(x).argmax(axis=1) == y).all()
    known = forest.logits(np.array([[0.0, -np.inf], [0, np.inf], [0, 3]]))
    np.testing.assert_array_equal(known, np.tile(known[2], (3, 1)))


def test_it_learns_as_well_as_others_do():
    for load, most in ((load_digits, 0.13), (load_breast_cancer, 0.2)):
        x, y = load(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(y))
        learnt, held, tested = np.split(order, [len(y) // 2, len(y) * 3 // 4])
        found = fit(x, y.astype(np.int32), int(y.max()) + 1, Boosting(), rows=learnt, held_rows=held)
        assert loss(found.forest.logits(x[tested]), y[tested]) < most


@pytest.mark.parametrize("n_classes", [2, 5, 12])
@pytest.mark.parametrize("directions", [3, 7])
def test_the_same_bits_on_any_number_of_threads(n_classes, directions):
    x, y = rows_of(n_classes, n=2_000, n_features=9)
    weights = np.random.default_rng(1).uniform(0.5, 2, 2_000).astype(np.float32)
    boosting = Boosting(rounds=15, directions=directions, row_share=0.7, column_share=0.6, seed=3)
    found = [fit(x, y, n_classes, replace(boosting, n_threads=n), weights=weights).forest for n in (1, 2, 7)]
    for other in found[1:]:
        for name in ("features", "thresholds", "missing", "leaves", "base"):
            np.testing.assert_array_equal(getattr(other, name), getattr(found[0], name))
    assert (fit(x, y, n_classes, replace(boosting, seed=4), weights=weights).forest.leaves != found[0].leaves).any()


def test_weights_are_repeated_rows():
    x, y = rows_of(3, n=200)
    times = np.random.default_rng(0).integers(1, 4, 200)
    bins = Bins.fit(x, np.arange(200), 8)
    boosting = Boosting(rounds=1, depth=2, patience=0)
    weighted = fit(x, y, 3, boosting, bins=bins, weights=times.astype(np.float32)).forest
    repeated = fit(np.repeat(x, times, axis=0), np.repeat(y, times), 3, boosting, bins=bins).forest
    np.testing.assert_array_equal(weighted.features, repeated.features)
    np.testing.assert_allclose(weighted.leaves, repeated.leaves, rtol=1e-4, atol=1e-6)


def test_rare_classes_do_not_diverge():
    losses = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        shares = np.array([0.55, 0.3, 0.1, 0.04, 0.0088, 0.001, 0.0002])
        y = rng.choice(7, 5_000, p=shares)
        y[:7] = np.arange(7)
        x = rng.standard_normal((5_000, 6)) + 1.5 * np.eye(7)[y][:, :6]
        found = fit(x, y.astype(np.int32), 7, Boosting(rounds=200), rows=np.arange(4_000), held_rows=np.arange(4_000, 5_000))
        logits = found.forest.logits(x[4_000:])
        assert np.isfinite(logits).all()
        losses.append(loss(logits, y[4_000:]) - found.held_losses[0])
    assert max(losses) < np.median(losses) + 0.1


@pytest.mark.parametrize("case", ["separable", "constant", "a row a class", "equal columns", "huge weights", "one row", "all missing"])
def test_odd_data(case):
    rng = np.random.default_rng(0)
    x, y, weights = rng.standard_normal((200, 3)), rng.integers(0, 3, 200).astype(np.int32), None
    if case == "separable":
        x[:, 0] = y
    elif case == "constant":
        x[:] = 4.0
    elif case == "a row a class":
        x, y = x[:3], np.arange(3, dtype=np.int32)
    elif case == "equal columns":
        x[:, 1] = x[:, 0]
    elif case == "huge weights":
        weights = np.where(y == 0, 1e6, 1e-6).astype(np.float32)
    elif case == "one row":
        x, y = x[:1], y[:1]
    else:
        x[:] = np.nan
    forest = fit(x, y, 3, Boosting(rounds=100, patience=0), weights=weights).forest
    logits = forest.logits(np.concatenate([x, [[np.nan] * 3, [1e308, -1e308, 0]]]))
    assert np.isfinite(logits).all()
    if case == "separable":
        assert (logits[:200].argmax(axis=1) == y).all()
    if case in ("constant", "all missing"):
        assert (forest.features == -1).all()
        np.testing.assert_allclose(logits, np.tile(logits[:1], (len(logits), 1)))


def test_a_leaf_is_the_digits_of_its_answers():
    x, y = rows_of(2)
    forest = fit(x, y, 2, Boosting(rounds=3, depth=4, patience=0)).forest
    assert forest.leaves.shape == (3, 16, 1)
    counts = np.bincount(leaf_numbers(forest, 0, x), minlength=16)
    assert (forest.leaves[0, counts == 0] == 0).all()
    assert (counts > 0).sum() > 4


def test_it_can_be_stopped():
    x, y = rows_of(5, n=20_000, n_features=20)
    asked = []
    found = fit(x, y, 5, Boosting(rounds=10_000, patience=0), on_poll=lambda done: asked.append(done) or len(asked) > 2)
    assert found.stopped == "callback"
    assert 0 < len(found.forest) < 10_000
    assert fit(x, y, 5, Boosting(rounds=10_000, patience=0, time_limit=0.3)).stopped == "time_limit"


@pytest.mark.parametrize(("options", "match"), [
    ({"depth": 9}, "expected a depth from 1 to 8, got 9"), ({"directions": 4}, "expected directions to be 3 or 7, got 4"), ({"l2": 0}, "expected a finite l2 above 0, got 0"),
    ({"learning_rate": float("inf")}, "expected a finite learning_rate above 0, got inf"), ({"row_share": 0}, "expected a row_share above 0 and at most 1, got 0"),
    ({"column_share": 1.5}, "expected a column_share above 0 and at most 1, got 1.5"), ({"rounds": -1}, "expected rounds to be an integer of at least 0, got -1"),
    ({"time_limit": -1}, "expected a finite time_limit of at least 0, got -1"),
])  # fmt: skip
def test_settings_that_cannot_be(options, match):
    with pytest.raises(ValueError, match=match):
        Boosting(**options)


def test_arrays_that_do_not_fit():
    x, y = rows_of(3)
    with pytest.raises(ValueError, match="expected at least two classes, got 1"):
        fit(x, y, 1, Boosting())
    with pytest.raises(ValueError, match="expected targets from 0 to 1, got 0 to 2"):
        fit(x, y, 2, Boosting())
    with pytest.raises(ValueError, match=r"expected a matrix with a target, and a weight if any, for each row, got shapes \(600, 5\) and \(599,\)"):
        fit(x, y[1:], 3, Boosting())
    with pytest.raises(ValueError, match="expected finite numbers, or NaN for missing ones, got infinity"):
        fit(np.where(np.isnan(x), np.inf, x), y, 3, Boosting())
    with pytest.raises(ValueError, match="expected bins of 5 columns, as the matrix has, got those of 4"):
        fit(x, y, 3, Boosting(), bins=Bins.fit(x[:, :4], np.arange(600)))
    with pytest.raises(ValueError, match="expected rows to learn from, got none"):
        fit(x, y, 3, Boosting(), rows=np.empty(0, np.int64))
    with pytest.raises(ValueError, match=r"expected a matrix of at least \d columns, got shape \(600, 0\)"):
        fit(x, y, 3, Boosting(rounds=2)).forest.logits(x[:, :0])


def test_the_first_trees_and_some_of_them():
    x, y = rows_of(3)
    found = fit(x, y, 3, Boosting(rounds=12, patience=3, learning_rate=0.5), rows=np.arange(300), held_rows=np.arange(300, 600))
    assert len(found.grown) == len(found.losses) >= len(found.forest)
    np.testing.assert_array_equal(found.grown.first(len(found.forest)).logits(x), found.forest.logits(x))
    parts = [np.arange(0, len(found.forest), 2, dtype=np.int32), np.arange(1, len(found.forest), 2, dtype=np.int32)]
    together = sum(found.forest.logits(x, chosen=part) for part in parts) - found.forest.base
    np.testing.assert_allclose(together, found.forest.logits(x), atol=1e-5)


def test_gains_are_told():
    x, y = rows_of(3)
    forest = fit(x, y, 3, Boosting(rounds=10, patience=0)).forest
    assert forest.gains.shape == forest.features.shape
    assert (forest.gains[forest.features >= 0] > 0).all()
    asked = forest.features >= 0
    by_feature = np.bincount(forest.features[asked], forest.gains[asked], 5)
    assert by_feature[:3].min() > by_feature[3:].max()  # the last two say nothing


def test_rare_classes_do_not_run_away():
    losses = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        shares = np.array([0.6, 0.25, 0.1, 0.04, 0.008, 0.0018, 0.0002])
        y = rng.choice(7, 12_000, p=shares).astype(np.int32)
        x = rng.standard_normal((12_000, 6)) + 0.7 * np.eye(7)[y][:, :6]
        found = fit(x, y, 7, Boosting(rounds=300, patience=20, seed=seed), rows=np.arange(6_000), held_rows=np.arange(6_000, 9_000))
        losses.append(loss(found.forest.logits(x[9_000:]), y[9_000:]) - loss(np.tile(np.log(shares), (3_000, 1)), y[9_000:]))
    assert max(losses) < np.median(losses) + 0.02
    assert max(losses) < -0.1
