"""top_k against a full sort; draws against the probabilities they come from."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normexp.functional import gumbel_softmax, sample, softmax, top_k

RNG = np.random.default_rng(0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9000), st.data())
def test_top_k_is_a_full_sort(n, data):
    k = data.draw(st.integers(1, min(n, 60)))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    x = np.random.default_rng(n).standard_normal((3, n)).astype(dtype)
    x[1] = np.round(x[1])  # ties
    indices, probabilities = top_k(x, k)
    order = np.argsort(-x, axis=-1, kind="stable")[:, :k]
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_array_equal(probabilities, np.take_along_axis(softmax(x), order, axis=-1))


@pytest.mark.parametrize("n", [5, 100, 40_000])
def test_top_k_of_special_rows(n):
    x = RNG.standard_normal((5, n))
    x[0, 3] = np.nan
    x[1, 2] = x[1, 4] = np.inf
    x[2] = -np.inf
    x[3] = 7
    indices, p = top_k(x, 3)
    assert indices[0, 0] == 3
    assert np.isnan(p[0]).all()
    np.testing.assert_array_equal(indices[1, :2], [2, 4])
    np.testing.assert_array_equal(p[1], [0.5, 0.5, 0])
    assert np.isnan(p[2]).all()
    np.testing.assert_array_equal(indices[3], [0, 1, 2])


def test_top_k_axes_dtypes_and_errors():
    x = RNG.standard_normal((4, 6, 5))
    indices, p = top_k(x, 2, axis=1)
    assert indices.shape == p.shape == (4, 2, 5)
    np.testing.assert_array_equal(p, np.take_along_axis(softmax(x, 1), indices, 1))
    assert top_k(x.astype(np.float16), 1)[1].dtype == np.float16
    assert top_k(np.arange(4), 1)[1].dtype == np.float64
    np.testing.assert_array_equal(top_k(x.astype(">f8"), 3)[0], top_k(x, 3)[0])
    assert top_k(np.empty((0, 4)), 2)[0].shape == (0, 2)
    for k in (0, 6, 1.5):
        with pytest.raises(ValueError, match="expected k"):
            top_k(x, k)
    with pytest.raises(ValueError, match="expected logits with an axis of classes"):
        top_k(1.0, 1)


def shares(drawn, n):
    return np.bincount(drawn.ravel(), minlength=n) / drawn.size


def test_draws_follow_the_probabilities():
    logits = np.array([0.0, 1.0, 2.0, -1.0])
    n = 200_000
    for options, expected in [
        ({}, softmax(logits)),
        ({"temperature": 0.5}, softmax(logits, temperature=0.5)),
        ({"top_k": 2}, softmax(logits, where=logits >= 1)),
        ({"top_p": 0.6}, [0, 0, 1, 0]),
        ({"top_p": 0.7}, softmax(logits, where=logits >= 1)),
        ({"min_p": 0.2}, softmax(logits, where=logits >= 1)),
        ({"temperature": 0}, [0, 0, 1, 0]),
    ]:
        drawn = sample(logits, size=n, rng=1, **options)
        np.testing.assert_allclose(shares(drawn, 4), expected, atol=0.005, err_msg=str(options))
    np.testing.assert_array_equal(sample(logits, size=10, rng=3), sample(logits, size=10, rng=np.random.default_rng(3)))


def test_shapes_masks_and_errors_of_sample():
    x = RNG.standard_normal((3, 4, 5))
    assert sample(x).shape == (3, 4)
    assert sample(x, axis=0).shape == (4, 5)
    assert sample(x, size=7).shape == (3, 4, 7)
    assert sample(np.empty((0, 4))).shape == (0,)
    only = sample(np.ma.array(x, mask=np.broadcast_to(np.arange(5) != 3, x.shape)))
    assert (only == 3).all()
    assert (sample(np.array([-np.inf, 0.0, -np.inf]), size=100) == 1).all()
    for options, message in [({"top_p": 0}, "top_p"), ({"min_p": 2}, "min_p"), ({"top_k": 0}, "top_k"), ({"size": -1}, "size"), ({"temperature": -1}, "temperature")]:
        with pytest.raises(ValueError, match=message):
            sample(x, **options)
    for bad in (np.nan, -np.inf):
        with pytest.raises(ValueError, match="expected a class with a positive probability in each row, got none in row 1"):
            sample([[0.0, 1.0], [bad, bad]])


def test_gumbel_softmax():
    logits = np.array([0.0, 1.0, 2.0])
    many = np.broadcast_to(logits, (100_000, 3))
    hard = gumbel_softmax(many, hard=True, rng=0)
    assert set(np.unique(hard)) == {0, 1}
    np.testing.assert_allclose(hard.mean(axis=0), softmax(logits), atol=0.006)
    soft = gumbel_softmax(many, temperature=0.1, rng=0)
    np.testing.assert_array_equal(soft.argmax(axis=1), hard.argmax(axis=1))
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-14)
    assert gumbel_softmax(logits.astype(np.float32), rng=0).dtype == np.float32
    np.testing.assert_array_equal(gumbel_softmax(logits, rng=5), gumbel_softmax(logits, rng=np.random.default_rng(5)))
    assert gumbel_softmax(many.T, axis=0, rng=0).shape == (3, 100_000)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_gumbel_noise_is_not_rounded_away(dtype):
    """Two equal logits share the draws evenly however coarse the dtype is beside them."""
    size = {"bfloat16": 100, "float16": 100, "float32": 1e8, "float64": 1e17}[dtype]
    logits = np.full((20_000, 2), size).astype(getattr(ml_dtypes, dtype, dtype))
    for hard in (False, True):
        drawn = gumbel_softmax(logits, hard=hard, rng=0)
        assert drawn.dtype == logits.dtype
        assert abs(float((drawn[:, 0] > drawn[:, 1]).mean()) - 0.5) < 0.012  # three standard deviations
    np.testing.assert_allclose(drawn.astype(float).sum(axis=1), 1)
    uneven = (logits.astype(float) - [0, 8]).astype(logits.dtype)
    hard = gumbel_softmax(uneven, hard=True, rng=1).astype(float)[:, 0].mean()
    assert hard == pytest.approx(softmax(uneven[0].astype(float))[0], abs=0.011)


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2), (1, 2), None])
def test_hard_gumbel_softmax_on_any_axis(axis):
    x = RNG.standard_normal((3, 4, 5))
    soft, hard = gumbel_softmax(x, axis, rng=0), gumbel_softmax(x, axis, hard=True, rng=0)
    assert hard.shape == x.shape
    np.testing.assert_array_equal(hard.sum(axis=axis), np.ones_like(hard.sum(axis=axis)))
    np.testing.assert_array_equal(hard == 1, soft == soft.max(axis=axis, keepdims=True))


def test_hard_gumbel_softmax_of_special_rows():
    x = np.array([[0.0, np.nan, 1.0], [1.0, 2.0, 3.0], [-np.inf, 2.0, -np.inf]])
    hard = gumbel_softmax(x, hard=True, rng=0)
    assert np.isnan(hard[0]).all()
    np.testing.assert_array_equal(hard[2], [0, 1, 0])
    masked = gumbel_softmax(np.ma.array(x, mask=[[False, True, True], [True] * 3, [True, False, False]]), hard=True, rng=0)
    np.testing.assert_array_equal(masked.data, [[1, 0, 0], [0, 0, 0], [0, 1, 0]])
    assert gumbel_softmax(np.empty((2, 0)), hard=True).shape == (2, 0)
    assert gumbel_softmax(3.0, hard=True) == 1
    flat = gumbel_softmax(np.zeros((3000, 3)), temperature=np.inf, hard=True, rng=0).mean(axis=0)
    np.testing.assert_allclose(flat, 1 / 3, atol=0.03)
