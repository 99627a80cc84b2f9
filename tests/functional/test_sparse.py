"""sparsemax and entmax against exhaustive search and bisection, their losses and special values."""

import itertools

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from normexp.functional import cross_entropy, entmax, entmax15, entmax15_loss, entmax_loss, softmax, sparsemax, sparsemax_loss

RNG = np.random.default_rng(0)


def nearest_point(x):
    """The point of the simplex nearest to x, by trying every support."""
    best = None
    for size in range(1, len(x) + 1):
        for support in itertools.combinations(range(len(x)), size):
            p = np.zeros(len(x))
            p[list(support)] = x[list(support)] - (x[list(support)].sum() - 1) / size
            if (p >= 0).all() and (best is None or ((p - x) ** 2).sum() < ((best - x) ** 2).sum()):
                best = p
    return best


def bisected(x, alpha):
    """entmax of a row in 60 digits."""
    z = [(alpha - 1) * mpmath.mpf(float(v)) for v in x]
    power = 1 / (mpmath.mpf(alpha) - 1)
    low, high = max(z) - 1, max(z)
    for _ in range(220):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(max(v - middle, 0) ** power for v in z) >= 1 else (low, middle)
    return [float(max(v - low, 0) ** power) for v in z]


def test_sparsemax_is_the_nearest_point():
    for _ in range(30):
        x = 2 * RNG.standard_normal(6)
        np.testing.assert_allclose(sparsemax(x), nearest_point(x), atol=1e-14)


@pytest.mark.parametrize("alpha", [1.05, 1.25, 1.5, 1.9, 2, 2.5, 4])
@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_entmax_against_bisection(alpha, n):
    for scale in (0.1, 1, 30):
        x = scale * RNG.standard_normal(n)
        np.testing.assert_allclose(entmax(x, alpha), bisected(x, alpha), atol=2e-13, rtol=1e-10)


@settings(deadline=None)
@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(-50, 50)), st.sampled_from([1, 1.3, 1.5, 2, 3]))
def test_laws(x, alpha):
    p = entmax(x, alpha)
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert (p >= 0).all()
    assert (np.diff(p[np.argsort(x, kind="stable")]) >= -1e-15).all()
    np.testing.assert_allclose(entmax(x + 3, alpha), p, atol=1e-10)
    order = np.arange(len(x))[::-1]
    np.testing.assert_allclose(entmax(x[order], alpha), p[order], atol=1e-12)


def test_names_axes_and_dtypes():
    x = RNG.standard_normal((3, 4, 5)).astype(np.float32)
    np.testing.assert_array_equal(entmax15(x, axis=1), entmax(x, 1.5, axis=1))
    np.testing.assert_array_equal(sparsemax(x, axis=0), np.moveaxis(sparsemax(np.moveaxis(x, 0, -1)), -1, 0))
    np.testing.assert_array_equal(entmax(x, 1), softmax(x))
    assert sparsemax(x).dtype == np.float32
    assert sparsemax(x.astype(np.float16)).dtype == np.float16
    assert sparsemax([1, 2]).dtype == np.float64
    assert sparsemax(3.0) == 1
    assert sparsemax(np.empty((0, 3))).shape == (0, 3)
    assert sparsemax(np.empty((3, 0))).shape == (3, 0)


@pytest.mark.parametrize("alpha", [1, 1.5, 2, 3])
def test_special_values(alpha):
    x = np.array([[np.nan, 1, 2], [np.inf, 1, 2], [np.inf, np.inf, 0], [-np.inf] * 3, [-np.inf, 0, 0]])
    nan = [np.nan] * 3
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(entmax(x, alpha), [nan, [1, 0, 0], [0.5, 0.5, 0], nan, [0, 0.5, 0.5]])
    masked = entmax(np.ma.masked_invalid([[1.0, np.nan, 1.0]]), alpha)
    np.testing.assert_array_equal(masked.data, [[0.5, 0, 0.5]])


@pytest.mark.parametrize("alpha", [1, 1.5, 2, 3])
def test_losses_have_the_right_gradient_and_are_zero_when_sure(alpha):
    x, t = RNG.standard_normal((4, 5)), RNG.integers(0, 5, 4)
    loss, gradient = entmax_loss(x, t, alpha, with_gradient=True)
    np.testing.assert_allclose(gradient * 4, entmax(x, alpha) - np.eye(5)[t], atol=1e-12)
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-6
        numeric = (entmax_loss(x + step, t, alpha, reduction="sum") - entmax_loss(x - step, t, alpha, reduction="sum")) / 2e-6
        assert 4 * gradient[:, k].sum() == pytest.approx(numeric, abs=1e-8)
    assert loss == pytest.approx(float(entmax_loss(x, np.eye(5)[t], alpha)), rel=1e-14)
    assert entmax_loss(x, t, alpha, reduction="none").shape == (4,)
    assert entmax_loss([100.0, 0.0], 0, alpha) == pytest.approx(0, abs=1e-15)


def test_losses_by_name():
    x, t = RNG.standard_normal((4, 5)), RNG.integers(0, 5, 4)
    assert sparsemax_loss(x, t) == entmax_loss(x, t, 2)
    assert entmax15_loss(x, t) == entmax_loss(x, t, 1.5)
    assert entmax_loss(x, t, 1) == pytest.approx(float(cross_entropy(x, t)), rel=1e-13)


@pytest.mark.parametrize("alpha", [0.5, np.nan, np.inf])
def test_alpha_is_checked(alpha):
    with pytest.raises(ValueError, match="expected a finite alpha of at least 1, got"):
        entmax([1.0, 2.0], alpha)
