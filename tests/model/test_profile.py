"""What a model keeps of its training rows: it knows them again, counts equal ones by chance, and tells what has changed."""

from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from normexp import SoftmaxClassifier, recipe
from normexp.model import N_HASHES, Encoder, drift, near_copies, number_columns
from normexp.tables import held_out_rows, matrix_hashes, read

RNG = np.random.default_rng(0)


def fitted(x, y, **params):
    return SoftmaxClassifier((), epochs=2, random_state=0, **params, quality="fast").fit(x, y).to_model()


def rows(n, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    x[:, 0] += shift
    x[:, 1] = np.where(rng.random(n) < 0.2, np.nan, x[:, 1])
    return x, (rng.random(n) < 0.5).astype(int)


def test_training_rows_are_known_again_and_others_are_not():
    x, y = rows(1_000)
    profile = fitted(x, y).profile
    assert profile.known(x[::2]) == (500, 500, True)
    assert profile.known(x.astype(np.float32)[:3]).n_known == 3  # whatever the dtype
    assert profile.known(rows(500, seed=1)[0]) == (500, 0, False)
    mixed = np.concatenate([x[:100], rows(900, seed=2)[0]])
    assert profile.known(mixed).share == pytest.approx(0.1)
    assert profile.known(mixed).beyond_chance
    gone = profile.without_fingerprint()
    assert (gone.known(x), len(gone.hashes)) == ((0, 0, False), 0)


def test_of_many_rows_some_are_looked_up():
    x, y = rows(20_000)
    profile = fitted(x, y).profile
    assert len(profile.hashes) == N_HASHES
    known = profile.known(x)
    assert 0.15 < known.n_rows / 20_000 < 0.26
    assert known.share == 1
    assert profile.known(rows(20_000, seed=1)[0]).n_known == 0
    half = profile.known(np.concatenate([x[:5_000], rows(5_000, seed=3)[0]]))
    assert half.share == pytest.approx(0.5, abs=0.05)


def test_rows_that_are_equal_by_chance_are_not_held_against_the_model():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (600, 3)).astype(float)  # 27 different rows
    profile = fitted(x, rng.integers(0, 2, 600)).profile
    assert profile.by_chance == 1
    found = profile.known(rng.integers(0, 3, (300, 3)).astype(float))
    assert (found.share, found.beyond_chance) == (1, False)


def test_hashes_do_not_depend_on_how_zeros_and_nan_are_written():
    odd = np.array([[0.0, np.nan], [-0.0, -np.nan]])
    odd.view(np.uint64)[1, 1] |= 1
    assert len(set(matrix_hashes(odd).tolist())) == 1
    assert len(set(matrix_hashes(RNG.normal(size=(10_000, 2))).tolist())) == 10_000
    np.testing.assert_array_equal(matrix_hashes(odd, np.array([1])), matrix_hashes(odd)[1:])


def test_a_column_that_moved_is_found_and_no_other():
    x, y = rows(2_000)
    model = fitted(x, y)
    same = drift(model, rows(1_500, seed=1)[0])
    assert same.changed == ()
    moved = drift(model, rows(1_500, seed=1, shift=0.5)[0])
    assert [column.name for column in moved.changed] == ["x0"]
    exact = 2 * NormalDist().cdf(0.25) - 1  # total variation of two normal distributions half a standard deviation apart
    assert moved.columns[0].distance == pytest.approx(exact, abs=0.05)
    assert moved.columns[0].before.startswith("median ")
    gone = rows(1_500, seed=1)[0]
    gone[:, 1] = np.where(np.random.default_rng(0).random(1_500) < 0.5, np.nan, gone[:, 1])
    (column,) = drift(model, gone).changed
    assert (column.name, column.before[:8], column.now[:8]) == ("x1", "missing ", "missing ")
    assert drift(model, x[:0]) is None


def test_the_tests_of_drift_are_scipys_and_holms(tmp_path):
    rng = np.random.default_rng(0)
    words = np.array(["a", "b", "c"])
    old, new = rng.choice(words, 600, p=[0.5, 0.3, 0.2]), rng.choice([*words, "d"], 400, p=[0.4, 0.3, 0.2, 0.1])
    table = read({"word": old, "flag": rng.random(600) < 0.5, "y": np.where(rng.random(600) < 0.5, "p", "q")}, target="y")
    model = recipe.fit_table(table, recipe.plan(600, (), epochs=1))
    with pytest.warns(UserWarning, match="a category not seen in training"):
        later = read({"word": new, "flag": rng.random(400) < 0.8}, schema=model.schema)
    found = {column.name: column for column in drift(model, later.matrix).columns}
    learnt = table.matrix[held_out_rows(table.targets, 0.2, 0)[0]]  # the plan's own split
    before = [np.count_nonzero(learnt[:, 0] == k) for k in range(3)] + [0]
    now = [*(np.count_nonzero(new == word) for word in "abc"), np.count_nonzero(new == "d")]
    assert found["word"].p_value == pytest.approx(chi2_contingency([before, now], correction=False).pvalue, rel=1e-9)
    smaller, larger = sorted((found["word"], found["flag"]), key=lambda column: column.p_value)
    assert smaller.adjusted == pytest.approx(min(2 * smaller.p_value, 1))
    assert larger.adjusted == pytest.approx(max(larger.p_value, smaller.adjusted))
    assert found["word"].now == f"missing or new {now[3] / 400:.1%}" or found["word"].now.startswith("'a' ")


def test_copies_and_the_column_that_groups_them():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(100, 4))
    copies = np.repeat(centres, 5, axis=0) + 0.01 * rng.normal(size=(500, 4))
    matrix = np.column_stack([copies, np.repeat(np.arange(100), 5)])
    order = rng.permutation(500)
    learnt, tested = np.sort(order[:375]), np.sort(order[375:])
    encoder = Encoder.fit(matrix, learnt, number_columns(5))
    found = near_copies(encoder, matrix, learnt, matrix, tested)
    assert found.share > 0.9
    assert found.column == 4
    apart = np.column_stack([rng.normal(size=(500, 4)), np.repeat(np.arange(100), 5)])
    encoder = Encoder.fit(apart, learnt, number_columns(5))
    assert near_copies(encoder, apart, learnt, apart, tested) == (0.0, None)
    assert near_copies(encoder, apart, learnt[:20], apart, tested) == (0.0, None)
