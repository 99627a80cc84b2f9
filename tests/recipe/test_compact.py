"""One network in place of many members."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from normexp import SoftmaxClassifier, explain, load, recipe, save
from normexp.model import prediction_sets, set_thresholds
from normexp.recipe._compact import SWAPPED, _with_made_up
from normexp.tables import read

X, Y = load_breast_cancer(return_X_y=True)


@pytest.fixture(scope="module")
def large():
    return SoftmaxClassifier(random_state=0, epochs=20).fit(X[::2], Y[::2])


def test_it_answers_about_as_the_members_do(large, tmp_path):
    small = large.compact(X[::2])
    assert len(small.model_.members) == 1
    assert len(large.model_.members) > 8
    p, q = large.predict_proba(X[1::2]), small.predict_proba(X[1::2])
    assert np.abs(p - q).mean() < 0.02
    divergence = (p * np.log(np.maximum(p, 1e-9) / np.maximum(q, 1e-9))).sum(axis=1).mean()
    assert divergence < 0.02
    save(small, tmp_path / "small")
    save(large, tmp_path / "large")
    assert (tmp_path / "small").stat().st_size < 0.5 * (tmp_path / "large").stat().st_size
    np.testing.assert_array_equal(load(tmp_path / "small").predict_proba(X), small.predict_proba(X))
    found = explain(small, X[:3])
    np.testing.assert_allclose(found.baseline_differences + found.contributions.sum(axis=1), found.differences, atol=1e-9)


def test_what_is_known_of_the_rows_stays(large):
    small = large.compact(X[::2])
    assert small.get_params() == large.get_params()
    assert small.model_.held_out is large.model_.held_out
    assert small.model_.profile is large.model_.profile
    np.testing.assert_array_equal(small.class_shares_, large.class_shares_)
    assert small.model_.out_of_fold is None
    sets = prediction_sets(small.predict_proba(X[1::2]), set_thresholds(small.model_.held_out, 0.9))
    assert sets[np.arange(len(sets)), Y[1::2]].mean() > 0.87


def test_the_same_bits_on_any_number_of_threads(large):
    found = [recipe.compact(large.model_, X[::2], seed=3, n_threads=n).parameters.values for n in (1, 2, 7)]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    assert (recipe.compact(large.model_, X[::2], seed=4).parameters.values != found[0]).any()


def test_tables_and_frames():
    rows = {"n": [1.5, None, 3.0] * 40, "c": ["p", "q", "r"] * 40, "y": ["u", "v", "w"] * 40}
    table = read(rows, target="y")
    model = SoftmaxClassifier(random_state=0, epochs=5).fit(table)
    small = model.compact(table)
    assert (small.predict_proba(table).argmax(axis=1) == model.predict_proba(table).argmax(axis=1)).all()
    assert small.schema_ == model.schema_


def test_made_up_rows_are_of_the_columns_own_cells():
    given = np.arange(4_000.0).reshape(1_000, 4)
    made = _with_made_up(given, 2, 0)
    assert made.shape == (3_000, 4)
    np.testing.assert_array_equal(made[:1_000], given)
    assert all(set(made[:, k]) == set(given[:, k]) for k in range(4))
    assert (made[1_000:] != np.tile(given, (2, 1))).mean() == pytest.approx(SWAPPED, abs=0.02)


def test_what_cannot_be_made_compact(large):
    with pytest.raises(ValueError, match="expected a model of several members to make one network of, got one of a single member: it is compact already"):
        large.compact(X).compact(X)
    with pytest.raises(ValueError, match="expected rows to teach a network on, got none"):
        recipe.compact(large.model_, X, np.empty(0, np.int64))
    with pytest.raises(ValueError, match="features"):
        large.compact(X[:, :3])
