"""Categories of very many: what is learnt of them, and that no row sees its own class."""

from math import lgamma

import numpy as np
import pandas as pd
import pytest

from normexp import SoftmaxClassifier, load, save
from normexp.explanation import explain, permutation_importance
from normexp.model import MOST_STATISTICS, Encoder, drift
from normexp.recipe._statistics import STRENGTHS, Labelled, training_inputs, with_statistics
from normexp.tables import MatrixColumn, read

pytestmark = pytest.mark.filterwarnings("ignore:column 'zip' has .* are kept")
N_CODES = 300
COLUMNS = (MatrixColumn("x", "number"), MatrixColumn("zip", "category", N_CODES), MatrixColumn("colour", "category", 3))


def encoded(matrix, targets, folds, groups=None):
    """The encoder of all rows, and what they are encoded as to learn from."""
    rows = np.arange(len(matrix))
    data = Labelled.of(matrix, targets, None, groups, int(targets.max()) + 1, rows)
    encoder = with_statistics(Encoder.fit(matrix, rows, COLUMNS), data, rows)
    return encoder, training_inputs(encoder, data, rows, folds, 0)


def some_rows(n: int = 900, n_classes: int = 2, seed: int = 0):
    rng = np.random.default_rng(seed)
    matrix = np.column_stack([rng.normal(size=n), rng.integers(-1, N_CODES, n), rng.integers(0, 3, n)])
    return matrix, rng.integers(0, n_classes, n).astype(np.int32)


def by_hand(codes, targets, weights, n_classes):
    """Slow and plain."""
    totals = np.array([weights[targets == k].sum() + 0.5 for k in range(n_classes)])
    shares = totals / totals.sum()
    counts = np.array([[weights[(codes == c) & (targets == k)].sum() for k in range(n_classes)] for c in range(N_CODES)])

    def likelihood(m):
        found = 0.0
        for row in counts[counts.sum(axis=1) > 0]:
            found += lgamma(m) - lgamma(row.sum() + m) + sum(lgamma(n + m * s) - lgamma(m * s) for n, s in zip(row, shares, strict=True))
        return found

    m = max(STRENGTHS, key=likelihood)
    logs = np.array([[np.log((row[k] + m * shares[k]) / (row.sum() + m) / shares[k]) for k in range(n_classes)] for row in counts])
    logs = logs[:, 1:] - logs[:, :1] if n_classes == 2 else logs
    return logs / np.sqrt(1 + (logs / 3) ** 2)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_statistics_as_by_hand(n_classes):
    matrix, targets = some_rows(n_classes=n_classes)
    rows, weights = np.arange(0, 900, 2), np.random.default_rng(1).uniform(0.5, 2, 900)
    encoder = with_statistics(Encoder.fit(matrix, rows, COLUMNS), Labelled.of(matrix, targets, 1e-5 * weights, None, n_classes, rows), rows)
    wanted = by_hand(matrix[rows, 1], targets[rows], weights[rows] / weights[rows].mean(), n_classes)  # of weights counts what they are to each other
    np.testing.assert_allclose(encoder.statistics, wanted, atol=1e-12)
    width = wanted.shape[1]
    assert encoder.n_inputs == 1 + 3 + width
    assert encoder.columns_of_inputs().tolist() == [0, 2, 2, 2] + [1] * width
    asked = np.array([[0, 5, 1], [0, -1, 1], [0, np.nan, 1], [0, N_CODES, 1]])
    got = encoder.encode(asked)[:, 4:]
    np.testing.assert_array_equal(got[0], wanted[5].astype(np.float32))
    assert not got[1:].any()
    np.testing.assert_array_equal(encoder.encode_code(1, np.array([5])), got[:1])
    names = encoder.input_names(COLUMNS, [[str(i) for i in range(N_CODES)], ["r", "g", "b"]])
    assert names == ["x", "colour = r", "colour = g", "colour = b", *(f"zip, statistic {k + 1}" for k in range(width))]


def test_no_row_sees_its_own_class():
    matrix, targets = some_rows()
    rows = np.arange(900)
    folds = [(rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(2)]  # a third of the rows is never held out
    encoder, before = encoded(matrix, targets, folds)
    for row in (0, 1, 2, 5):
        other = targets.copy()
        other[row] = 1 - other[row]
        after = encoded(matrix, other, folds)[1]
        np.testing.assert_array_equal(after[row], before[row])
        if row % 3 < 2:
            np.testing.assert_array_equal(after[rows % 3 == row % 3], before[rows % 3 == row % 3])
        assert (after != before).any()
    np.testing.assert_array_equal(before[:, :4], encoder.encode(matrix)[:, :4])


def test_no_row_sees_the_classes_of_its_group():
    matrix, targets = some_rows()
    groups = np.arange(900) // 9
    before = encoded(matrix, targets, (), groups)[1]
    other = np.where(groups == 7, 1 - targets, targets).astype(np.int32)
    after = encoded(matrix, other, (), groups)[1]
    np.testing.assert_array_equal(after[groups == 7], before[groups == 7])
    assert (after != before).any()


def test_a_category_of_one_group_says_nothing():
    matrix, targets = some_rows()
    groups = np.where(matrix[:, 1] < 150, matrix[:, 1], np.arange(900) % 7 + 1_000).astype(np.int64)  # below 150 the category is the group
    encoder, inputs = encoded(matrix, targets, (), groups)
    assert not encoder.statistics[:150].any()
    assert encoder.statistics[150:].any()
    assert not inputs[(matrix[:, 1] >= 0) & (matrix[:, 1] < 150), 4:].any()
    X, y = zipped(n=1_200, n_levels=300, effect=3)
    model = SoftmaxClassifier(quality="fast", random_state=0).fit(X, y, groups=X.zip)
    kept = X[X.zip.map(X.zip.value_counts()) > 1]  # the others are one category, of many groups
    np.testing.assert_array_equal(model.predict_proba(kept), model.predict_proba(kept.assign(zip=kept.zip.iloc[0])))


def test_the_same_classes_are_told_in_every_fold():
    rng = np.random.default_rng(0)
    n_classes = MOST_STATISTICS + 30
    targets = rng.permutation(np.arange(4_000) % n_classes).astype(np.int32)
    matrix = np.column_stack([rng.normal(size=4_000), targets % N_CODES, np.zeros(4_000)])  # a category is a class
    rows = np.arange(4_000)
    encoder, inputs = encoded(matrix, targets, [(rows[rows % 4 != k], rows[rows % 4 == k]) for k in range(4)])
    told = Labelled.of(matrix, targets, None, None, n_classes, rows).told
    assert (len(told), encoder.statistics.shape[1]) == (MOST_STATISTICS, MOST_STATISTICS)
    for row in np.flatnonzero(np.isin(targets, told))[:50]:
        assert told[inputs[row, 4:].argmax()] == told[encoder.encode(matrix[[row]])[0, 4:].argmax()] == targets[row]


def test_a_fit_that_goes_on_keeps_rows_from_their_own_class():
    X, _ = zipped(n=2_000)
    y = np.random.default_rng(5).choice(["no", "yes"], 2_000)
    model = SoftmaxClassifier(random_state=0)
    for _ in range(30):
        model.partial_fit(X[:1_500], y[:1_500])
    p = model.predict_proba(X[1_500:])[np.arange(500), (y[1_500:] == "yes").astype(int)]
    assert -np.log(p).mean() < 0.73


def test_coefficients_of_features_alone():
    X, y = zipped(n=1_500, n_levels=400)
    model = SoftmaxClassifier((), random_state=0, epochs=2).fit(X[["zip", "x"]], y)
    with pytest.raises(AttributeError, match="expected a feature to be one input for coef_ and intercept_"):
        _ = model.coef_


def zipped(n=3_000, n_levels=600, seed=0, effect=1.5):
    rng = np.random.default_rng(seed)
    zips, x, of_zip = rng.integers(0, n_levels, n), rng.normal(size=n), rng.normal(0, effect, n_levels)
    y = np.where(rng.uniform(size=n) < 1 / (1 + np.exp(-x - of_zip[zips])), "yes", "no")
    return pd.DataFrame({"x": x, "zip": [f"z{z:04d}" for z in zips]}), y


@pytest.mark.parametrize("quality", ["good", "fast"])
def test_zip_codes_help(quality):
    X, y = zipped(n_levels=300, effect=3)
    losses = []
    for columns in (["x", "zip"], ["x"]):
        model = SoftmaxClassifier(quality=quality, random_state=0).fit(X[columns][:2_000], y[:2_000])
        p = model.predict_proba(X[columns][2_000:])[np.arange(1_000), (y[2_000:] == "yes").astype(int)]
        losses.append(-np.log(p).mean())
    assert losses[0] < 0.9 * losses[1]


def test_chance_is_not_taken_for_knowledge():
    X, _ = zipped()
    y = np.random.default_rng(5).choice(["no", "yes"], len(X))
    for quality in ("good", "fast"):
        p = SoftmaxClassifier(quality=quality, random_state=0).fit(X[:2_000], y[:2_000]).predict_proba(X[2_000:])
        assert -np.log(p[np.arange(1_000), (y[2_000:] == "yes").astype(int)]).mean() < 0.72  # ln 2 is 0.693


def test_everything_else_takes_them(tmp_path):
    X, y = zipped(n=1_500, n_levels=400)
    model = SoftmaxClassifier(random_state=0, epochs=3, cv=2).fit(X, y)
    save(model, tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").predict_proba(X), model.predict_proba(X))
    found = explain(model, X[:5])
    np.testing.assert_allclose(found.baseline_differences + found.contributions.sum(axis=1), found.differences, atol=1e-9)
    table = read(X.assign(y=y), target="y")
    importance = permutation_importance(SoftmaxClassifier(random_state=0, epochs=3, cv=2).fit(table), table)
    assert importance.mean[1] > 0.05
    model.partial_fit(X, y)
    assert np.isfinite(SoftmaxClassifier(random_state=0).partial_fit(X, y).predict_proba(X)).all()


def test_drift_of_a_category_beside_numbers_with_bins():
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"x": rng.normal(size=600), "colour": rng.choice(["red", "green", "blue"], 600, p=[0.5, 0.3, 0.2]), "zip": [f"z{i}" for i in rng.integers(0, 290, 600)]})
    y = np.where(X.x + (X.colour == "red") > 0.5, "p", "q")
    model = SoftmaxClassifier(random_state=0, epochs=2, cv=2).fit(X, y).to_model()
    assert model.encoder.n_inputs > model.encoder.n_plain_inputs
    later = X.assign(colour=rng.choice(["red", "green", "blue"], 600, p=[0.1, 0.3, 0.6]))
    same, moved = (drift(model, SoftmaxClassifier.from_model(model).to_matrix(frame)) for frame in (X, later))
    assert all(column.distance < 1e-9 for column in same.columns)
    assert (moved.columns[0].name, moved.columns[0].has_changed) == ("colour", True)
    assert moved.columns[0].distance == pytest.approx(0.4, abs=0.06)
