"""softmax, log_softmax, logsumexp and cross_entropy: accuracy, contract at the edges, laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from normexp import cross_entropy, log_softmax, logsumexp, softmax
from reference import family
from tolerances import MAX_ULP

RNG = np.random.default_rng(0)
HURTING = {
    "wide range": RNG.uniform(-80, 80, 50),
    "near ties": 5 + 1e-6 * RNG.standard_normal(33),
    "confident": np.array([40.0, 0.0, -3.0]),
    "subnormal results": np.linspace(-100, 0, 40),
    "long": RNG.standard_normal(3001) * 3,
    "large offset": 1e4 + RNG.standard_normal(17),
    "one": np.array([3.0]),
    "ties": np.array([2.0, 2.0, 2.0, -1.0]),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", HURTING)
def test_within_the_bound_of_exact_arithmetic(name, dtype):
    row = HURTING[name].astype(dtype)
    for function in (softmax, log_softmax):
        exact = getattr(family, function.__name__)(row)
        worst = max(family.ulp_error(g, e, dtype) for g, e in zip(function(row), exact, strict=True))
        assert worst <= MAX_ULP[function.__name__, dtype], function.__name__
    assert family.ulp_error(logsumexp(row), family.logsumexp(row), dtype) <= MAX_ULP["logsumexp", dtype]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", range(1, 21))
def test_few_classes_many_rows(n, dtype):
    x = (8 * np.random.default_rng(n).standard_normal((37, n))).astype(dtype)
    x[5, 0], x[6, -1], x[7] = np.nan, np.inf, -np.inf
    got = softmax(x)
    for i in (0, 1, 2, 15, 16, 31, 32, 36):
        exact = family.softmax(x[i])
        assert max(family.ulp_error(g, e, dtype) for g, e in zip(got[i], exact, strict=True)) <= MAX_ULP["softmax", dtype]
        np.testing.assert_array_equal(softmax(x[i]), got[i])  # alone, in another lane: the same bits
        np.testing.assert_array_equal(softmax(x[i : i + 3])[0], got[i])
    assert np.isnan(got[5]).all()
    np.testing.assert_array_equal(got[6], np.arange(n) == n - 1)
    assert np.isnan(got[7]).all()
    np.testing.assert_array_equal(softmax(np.asfortranarray(x)), got)
    clean = np.delete(x, [5, 6, 7], axis=0)
    np.testing.assert_array_equal(softmax(clean), np.delete(got, [5, 6, 7], axis=0))  # neighbours do not matter
    assert softmax(x, out=x) is x
    np.testing.assert_array_equal(x, got)


def test_the_tutorials_numbers():
    np.testing.assert_allclose(softmax([0.7, 1.5, 4.8]), [0.01573172, 0.03501159, 0.94925668], atol=5e-9)
    logits = [-3.44, 1.16, -0.81, 3.91]
    assert round(100 * softmax(logits)[3], 2) == 93.15
    assert round(float(cross_entropy(logits, 3)), 4) == 0.0709


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_non_finite_rows(dtype):
    x = np.array([[np.nan, 1, 2], [np.inf, 1, 2], [np.inf, np.inf, 0], [-np.inf, -np.inf, -np.inf], [-np.inf, 0, 0]], dtype)
    with np.errstate(all="raise"):
        got, logs, totals = softmax(x), log_softmax(x), logsumexp(x)
    nan = [np.nan] * 3
    np.testing.assert_array_equal(got, np.array([nan, [1, 0, 0], [0.5, 0.5, 0], nan, [0, 0.5, 0.5]], dtype))
    np.testing.assert_array_equal(logs[:2], np.array([nan, [0, -np.inf, -np.inf]], dtype))
    np.testing.assert_array_equal(totals[:4], np.array([np.nan, np.inf, np.inf, -np.inf], dtype))


def test_empty_axes_and_single_numbers():
    assert softmax(np.empty((3, 0))).shape == (3, 0)
    assert softmax(np.empty((0, 3))).shape == (0, 3)
    np.testing.assert_array_equal(logsumexp(np.empty((2, 0))), [-np.inf, -np.inf])
    assert softmax(7.0) == 1
    assert softmax(7.0).shape == ()
    assert logsumexp(7.0) == 7


@pytest.mark.parametrize("values", [np.array([0, 255], np.uint8), np.array([-100, 100], np.int8), np.array([False, True])])
def test_integers_become_float64_before_anything_is_subtracted(values):
    got = softmax(values)
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, softmax(values.astype(np.float64)))


def test_float16_is_computed_wider():
    x = np.zeros(70_000, np.float16)
    assert softmax(x).dtype == np.float16
    assert softmax(x)[0] == np.float16(1 / 70_000)
    assert abs(float(logsumexp(x)) - np.log(70_000)) < 0.01


@pytest.mark.parametrize("values", [np.array([1j]), np.array(["a"]), np.array([None, 1], object)])
def test_what_is_no_real_number_is_refused(values):
    with pytest.raises(TypeError, match="expected x to hold real numbers, got dtype"):
        softmax(values)


@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_do_not_depend_on_layout(function, dtype):
    x = RNG.standard_normal((40, 37)).astype(dtype)
    straight = function(x)
    wide = np.zeros((80, 111), dtype)
    wide[::2, ::3] = x
    transposed = function(np.ascontiguousarray(x.T), axis=0)
    shifted = np.frombuffer(b"\0" * dtype().itemsize + x.tobytes(), dtype)[1:].reshape(x.shape)
    for other in (function(wide[::2, ::3]), function(np.asfortranarray(x)), transposed.T if function is not logsumexp else transposed, function(shifted)):
        np.testing.assert_array_equal(other, straight)
    for i in (0, 39):
        np.testing.assert_array_equal(function(x[i].copy()), straight[i])


def test_out_may_be_the_input():
    x = RNG.standard_normal((5, 70))
    expected = softmax(x)
    assert softmax(x, out=x) is x
    np.testing.assert_array_equal(x, expected)
    narrow = np.empty((5, 70), np.float32)
    assert softmax(expected, out=narrow) is narrow
    np.testing.assert_array_equal(narrow, softmax(expected).astype(np.float32))


def test_read_only_and_byte_swapped():
    x = RNG.standard_normal(9)
    frozen = x.copy()
    frozen.setflags(write=False)
    np.testing.assert_array_equal(softmax(frozen), softmax(x))
    np.testing.assert_array_equal(softmax(x.astype(">f8")), softmax(x))


@pytest.mark.parametrize("n", [2, 5, 16, 33])
def test_gradient_against_differences_one_class_at_a_time(n):
    x = RNG.standard_normal((4, n))
    targets = RNG.integers(0, n, 4)
    loss, gradient = cross_entropy(x, targets, with_gradient=True)
    assert loss == cross_entropy(x, targets)
    for k in range(n):
        step = np.zeros(n)
        step[k] = 1e-5
        numeric = (cross_entropy(x + step, targets, reduction="none") - cross_entropy(x - step, targets, reduction="none")) / 2e-5 / 4
        np.testing.assert_allclose(gradient[:, k], numeric, atol=1e-9)


def test_cross_entropy_reductions_axis_and_confident_rows():
    x = RNG.standard_normal((3, 4, 5))
    targets = RNG.integers(0, 4, (3, 5))
    losses, gradient = cross_entropy(x, targets, axis=1, reduction="none", with_gradient=True)
    expected = -np.take_along_axis(log_softmax(x, axis=1), targets[:, None], 1)[:, 0]
    np.testing.assert_allclose(losses, expected, rtol=1e-13)
    np.testing.assert_allclose(cross_entropy(x, targets, axis=1, reduction="sum"), losses.sum(), rtol=1e-13)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-15)
    assert cross_entropy([[40.0, 0.0]], [0]) == pytest.approx(4.248354255291589e-18, rel=1e-12)
    assert np.isnan(cross_entropy(np.empty((0, 3)), np.empty(0, int)))


def test_cross_entropy_refuses_what_does_not_fit():
    x = np.zeros((3, 4))
    with pytest.raises(ValueError, match="expected targets from 0 to 3, got 4 at index 1"):
        cross_entropy(x, [0, 4, 1])
    with pytest.raises(ValueError, match=r"expected targets of shape \(3,\)"):
        cross_entropy(x, [0, 1])
    with pytest.raises(ValueError, match=r"in the shape of the logits, got shape \(3,\); for class indices pass integers"):
        cross_entropy(x, [0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="expected reduction 'mean', 'sum' or 'none', got 'max'"):
        cross_entropy(x, [0, 1, 2], reduction="max")
    with pytest.raises(ValueError, match="expected logits with an axis of classes"):
        cross_entropy(1.0, 0)


rows = arrays(np.float64, st.integers(1, 70), elements=st.floats(-300, 300))


@given(rows, st.integers(-8, 8))
def test_shifting_by_what_is_exact_changes_nothing_beyond_the_bound(row, shift):
    whole = np.round(row)
    np.testing.assert_array_max_ulp(softmax(whole + shift), softmax(whole), 2 * MAX_ULP["softmax", np.float64])


@given(rows)
def test_sums_to_one_and_keeps_the_order(row):
    p = softmax(row)
    assert abs(p.sum() - 1) < 4e-15
    order = np.argsort(row, kind="stable")
    assert (np.diff(p[order]) >= 0).all()
    for value in set(row[:3]):
        assert len(set(p[row == value])) == 1


@given(rows)
def test_log_softmax_is_the_logarithm(row):
    p = softmax(row)
    large = p > 1e-300
    np.testing.assert_allclose(log_softmax(row)[large], np.log(p[large]), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(log_softmax(row), row - logsumexp(row), atol=2e-13)
