"""The encoder against its formulas."""

import numpy as np

from normexp.evaluation import fit_temperature
from normexp.functional import softmax
from normexp.model import Encoder
from normexp.tables import MatrixColumn

NUMBER = MatrixColumn("n", "number")


def encoded(matrix, *columns):
    matrix = np.asarray(matrix, np.float32)
    return Encoder.fit(matrix, np.arange(len(matrix)), columns).encode(matrix)


def test_numbers_are_scaled_robustly_and_clipped_smoothly():
    x = np.array([[0.0], [1], [2], [3], [100]])
    z = (x - 2) / (3 - 1)
    np.testing.assert_allclose(encoded(x, NUMBER), z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-6)
    assert np.abs(encoded([[0.0], [1], [2], [3e38]], NUMBER)).max() <= 3


def test_half_equal_numbers_use_the_range_and_constants_are_harmless():
    x = np.array([[5.0]] * 9 + [[9.0]])
    z = (x - 5) * (2 / 4)
    np.testing.assert_allclose(encoded(x, NUMBER), z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-6)
    np.testing.assert_array_equal(encoded(np.full((4, 1), 7.0), NUMBER), np.zeros((4, 1)))
    np.testing.assert_array_equal(encoded(np.full((4, 1), np.nan), NUMBER), [[0, 1]] * 4)


def test_missing_numbers_set_an_indicator_only_where_training_had_some():
    x = np.array([[0.0, 1], [np.nan, 2], [4, 3]])
    got = encoded(x, NUMBER, NUMBER)
    assert got.shape == (3, 3)
    assert got[1, 0] == 0
    np.testing.assert_array_equal(got[:, 2], [0, 1, 0])


def test_categories_are_one_hot_and_unseen_ones_all_zeros():
    column, flag = MatrixColumn("c", "category", 3), MatrixColumn("b", "boolean")
    got = encoded([[2, 1], [-1, 0], [np.nan, 1], [0, 0]], column, flag)
    np.testing.assert_array_equal(got[:, 1:], [[0, 0, 1], [0, 0, 0], [0, 0, 0], [1, 0, 0]])
    np.testing.assert_allclose(np.sign(got[:, 0]), [1, -1, 1, -1])


def test_only_the_training_rows_are_looked_at():
    matrix = np.array([[0.0], [1], [2], [1e6]], np.float32)
    encoder = Encoder.fit(matrix, np.arange(3), (NUMBER,))
    assert encoder.centre[0] == 1
    np.testing.assert_array_equal(encoder.encode(matrix, np.array([3, 0])), encoder.encode(matrix)[[3, 0]])


def drawn(n, factor, seed=0):
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((n, 3))
    targets = np.array([rng.choice(3, p=p) for p in softmax(logits)], np.int32)
    return logits * factor, targets


def test_the_temperature_is_found_with_many_rows():
    assert abs(fit_temperature(*drawn(20_000, 2.5)) / 2.5 - 1) < 0.05
    assert abs(fit_temperature(*drawn(20_000, 0.5)) / 0.5 - 1) < 0.05


def test_the_temperature_stays_near_one_with_little_evidence_and_within_its_bounds():
    assert fit_temperature(np.empty((0, 3)), np.empty(0, np.int32)) == 1
    sure = np.array([[4.0, 0, 0]] * 5)
    assert 0.8 < fit_temperature(sure, np.zeros(5, np.int32)) < 1
    wrong = np.tile(sure, (2000, 1))
    assert 4 < fit_temperature(wrong, np.ones(10_000, np.int32)) <= 8.001


def test_numbers_by_bins():
    x = np.array([[0.0, 7], [1, 7], [2, 7], [3, np.nan], [4, 7], [5, 8], [6, 7], [7, 7], [8, 7]])
    encoder = Encoder.fit(x, np.arange(9), (NUMBER, NUMBER), 4)
    assert encoder.n_edges.tolist() == [5, 0]  # two values make no bins
    assert encoder.n_inputs == encoder.n_plain_inputs + 4
    edges = encoder.edges
    got = encoder.encode(np.array([[-3.0, 7], [1, 7], [100, 7], [np.nan, 7], [np.inf, 7], [-np.inf, 7]]))[:, encoder.n_plain_inputs :]
    np.testing.assert_allclose(got[1], np.clip((1 - edges[:-1]) / np.diff(edges), 0, 1))
    np.testing.assert_array_equal(got[[0, 2, 3, 4, 5]], [[0] * 4, [1] * 4, [0] * 4, [1] * 4, [0] * 4])
    np.testing.assert_array_equal(encoder.plain.encode(x), encoder.encode(x)[:, : encoder.n_plain_inputs])
    assert encoder.columns_of_inputs().tolist() == [0, 1, 1, 0, 0, 0, 0]
    assert encoder.input_names((NUMBER, NUMBER))[3:] == [f"n > {edge:.6g}" for edge in edges[:-1]]


def test_one_number_becomes_what_it_becomes_in_a_row():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((300, 2))
    encoder = Encoder.fit(x, np.arange(300), (NUMBER, NUMBER), 16)
    values = np.array([-1e300, -2.0, 0.0, 0.3, x[:, 1].max(), 1e300])
    rows = np.column_stack([np.zeros(6), values])
    wanted = encoder.encode(rows)[:, encoder.columns_of_inputs() == 1]
    np.testing.assert_allclose(encoder.encode_number(1, values), wanted, atol=1e-7)
    middle = encoder.encode(np.array([encoder.centre]))[0]
    np.testing.assert_allclose(encoder.baseline, middle, atol=1e-7)


def test_bins_of_huge_numbers():
    x = 1.7e308 * np.linspace(-1, 1, 40)[:, None]
    encoder = Encoder.fit(x, np.arange(40), (NUMBER,), 8)
    got = encoder.encode(x)
    assert np.isfinite(got).all()
    assert got[:, 1:].min() >= 0
    assert got[:, 1:].max() <= 1
