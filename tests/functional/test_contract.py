"""What each function promises at the edges: masks, infinities, NaN, temperatures, empty and odd axes."""

import mpmath
import numpy as np
import pytest

from normexp.functional import cross_entropy, log_softmax, logsumexp, softmax, softmin

RNG = np.random.default_rng(0)
FLOATS = [np.float16, np.float32, np.float64]
WIDTHS = [2, 5, 16, 17, 40, 700]  # each kernel: few classes, short rows, long rows


@pytest.mark.parametrize("n", WIDTHS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_masked_positions_are_zero_whatever_their_logit(n, dtype):
    x = RNG.standard_normal((4, n)).astype(dtype)
    mask = np.ones((4, n), bool)
    mask[0, 0] = mask[1, -1] = False
    x[0, 0], x[1, -1] = np.nan, np.inf
    mask[2] = False
    x[2] = np.nan
    with np.errstate(all="raise"):
        p, logs, total = softmax(x, where=mask), log_softmax(x, where=mask), logsumexp(x, where=mask)
    assert (p[~mask] == 0).all()
    assert (logs[~mask] == -np.inf).all()
    assert (p[2] == 0).all()
    assert total[2] == -np.inf
    np.testing.assert_array_equal(p[3], softmax(x[3]))
    np.testing.assert_allclose(p[0, 1:].astype(float), softmax(x[0, 1:]).astype(float), rtol=2e-3 if dtype == np.float16 else 1e-6)
    assert total[0] == pytest.approx(float(logsumexp(x[0, 1:])), rel=2e-3 if dtype == np.float16 else 1e-6)


@pytest.mark.parametrize("n", WIDTHS)
def test_an_unmasked_nan_poisons_its_row_and_no_other(n):
    x = RNG.standard_normal((40, n))
    x[7, n // 2] = np.nan
    for function in (softmax, log_softmax, softmin):
        got = function(x)
        assert np.isnan(got[7]).all()
        assert np.isfinite(np.delete(got, 7, axis=0)).all()
    masked = softmax(x, where=np.arange(n) != 0)
    assert np.isnan(masked[7, 1:]).all()
    assert masked[7, 0] == 0


@pytest.mark.parametrize("n", WIDTHS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_infinities(n, dtype):
    x = np.zeros((5, n), dtype)
    x[0, -1] = np.inf
    x[1, 0] = x[1, -1] = np.inf
    x[2] = -np.inf
    x[3, 0] = -np.inf
    x[4, 0], x[4, 1] = np.inf, np.nan
    with np.errstate(all="raise"):
        p, logs, total = softmax(x), log_softmax(x), logsumexp(x)
    np.testing.assert_array_equal(p[0], np.arange(n) == n - 1)
    np.testing.assert_array_equal(p[1][[0, -1]], [0.5, 0.5])
    assert np.isnan(p[2]).all()
    assert p[3, 0] == 0
    assert np.isnan(p[4]).all()
    assert logs[0, -1] == 0
    assert logs[0, 0] == -np.inf
    np.testing.assert_allclose(logs[1, [0, -1]].astype(float), -np.log(2), rtol=1e-3)
    np.testing.assert_array_equal(total[:3], [np.inf, np.inf, -np.inf])
    assert np.isnan(total[4])


@pytest.mark.parametrize("n", WIDTHS)
def test_temperature_divides_and_zero_is_argmax(n):
    x = RNG.standard_normal((3, n)).astype(np.float32)
    x[1, :2] = x.max() + 1
    np.testing.assert_array_equal(softmax(x, temperature=2), softmax(x / np.float32(2)))
    np.testing.assert_array_equal(log_softmax(x, temperature=0.3), log_softmax(x / np.float32(0.3)))
    np.testing.assert_array_equal(softmin(x, temperature=4), softmax(-x, temperature=4))
    hard = softmax(x, temperature=[0, 0, 1])
    np.testing.assert_array_equal(hard[0], np.arange(n) == x[0].argmax())
    np.testing.assert_array_equal(hard[1], np.where(np.arange(n) < 2, 0.5, 0))
    np.testing.assert_array_equal(hard[2], softmax(x[2]))
    np.testing.assert_array_equal(softmax(x, temperature=np.inf), np.full((3, n), np.float32(1 / n)))


def test_temperatures_of_rows_along_any_axis():
    x = RNG.standard_normal((2, 3, 4))
    t = np.array([[0.5, 1, 2, 4], [1, 2, 0.1, 7]])
    np.testing.assert_array_equal(softmax(x, axis=1, temperature=t), softmax(x / t[:, None], axis=1))
    np.testing.assert_array_equal(softmax(x, axis=1, temperature=t[:, None]), softmax(x / t[:, None], axis=1))


def test_a_tiny_temperature_does_not_overflow():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(softmax([1.0, 2.0, 1.5], temperature=5e-324), [0, 1, 0])
        np.testing.assert_array_equal(softmax([-np.inf, 2.0, 2.0], temperature=1e-310), [0, 0.5, 0.5])
        np.testing.assert_array_equal(log_softmax([1.0, 2.0], temperature=0), [-np.inf, 0])
        assert np.isnan(softmax([np.nan, 2.0], temperature=0)).all()
        assert np.isnan(softmax([-np.inf, -np.inf], temperature=0)).all()


@pytest.mark.parametrize("wrong", [-1, np.nan, [1, -0.5]])
def test_wrong_temperatures_are_refused(wrong):
    with pytest.raises(ValueError, match="expected a temperature of at least 0, got"):
        softmax(np.zeros((2, 3)), temperature=wrong)
    with pytest.raises(ValueError, match=r"expected a single temperature or one a row, shape \(2,\), got shape \(3,\)"):
        softmax(np.zeros((2, 3)), temperature=[1, 2, 3])


def test_several_axes_are_one_set_of_classes():
    x = RNG.standard_normal((2, 3, 4, 5))
    flat = softmax(x.transpose(1, 3, 0, 2).reshape(3, 5, 8)).reshape(3, 5, 2, 4).transpose(2, 0, 3, 1)
    np.testing.assert_array_equal(softmax(x, axis=(0, 2)), flat)
    np.testing.assert_array_equal(softmax(x, axis=(-2, 0)), flat)
    np.testing.assert_array_equal(softmax(x, axis=None), softmax(x.ravel()).reshape(x.shape))
    np.testing.assert_array_equal(logsumexp(x, axis=(1, 2, 3)), logsumexp(x.reshape(2, -1)))
    assert logsumexp(x, axis=(0, 3), keepdims=True).shape == (1, 3, 4, 1)
    out = np.empty_like(x)
    assert softmax(x, axis=(0, 2), out=out) is out
    np.testing.assert_array_equal(out, flat)
    with pytest.raises(np.exceptions.AxisError):
        softmax(x, axis=4)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
def test_empty_arrays(shape):
    x = np.empty(shape)
    assert softmax(x).shape == shape
    assert log_softmax(x, axis=0).shape == shape
    assert softmax(x, axis=None).shape == shape
    expected = np.full(shape[:-1], -np.inf)
    np.testing.assert_array_equal(logsumexp(x), expected)
    assert np.isnan(cross_entropy(np.empty((0, 3)), np.empty(0, int)))


def test_single_numbers():
    for function, value in ((softmax, 1), (log_softmax, 0), (softmin, 1)):
        for axis in (-1, None):
            assert function(7.0, axis) == value
            assert isinstance(function(np.float32(7), axis), np.float32)
    assert logsumexp(7.0) == 7
    assert logsumexp(-np.inf) == -np.inf


def test_subnormal_results_are_kept():
    p = softmax(np.array([0, -100], np.float32))
    assert 0 < p[1] < np.finfo(np.float32).tiny
    p = softmax([0, -740.0])
    assert 0 < p[1] < np.finfo(float).tiny


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint64, np.int16, bool])
def test_integers_become_float64_first(dtype):
    x = np.array([0, 1, 1 if dtype is bool else np.iinfo(dtype).max, 0 if dtype is bool else np.iinfo(dtype).min], dtype)
    for function in (softmax, log_softmax, logsumexp, softmin):
        assert function(x).dtype == np.float64
        np.testing.assert_array_equal(function(x), function(x.astype(float)))


@pytest.mark.parametrize("n", [4, 30, 800])
def test_float16_is_rounded_once(n):
    x = (5 * RNG.standard_normal((50, n))).astype(np.float16)
    exact = np.exp(x.astype(float)) / np.exp(x.astype(float)).sum(axis=1, keepdims=True)
    got = softmax(x)
    spacing = np.spacing(exact.astype(np.float16)).astype(float)
    assert got.dtype == np.float16
    assert (np.abs(got.astype(float) - exact) <= 1.0001 * spacing).all()
    assert (got == exact.astype(np.float16)).mean() > 0.999


def test_weights_signs_and_cancellation_of_logsumexp():
    x = np.array([1.0, 2.0, 3.0])
    assert logsumexp(x, b=[1, 2, 0]) == pytest.approx(np.log(np.e + 2 * np.e**2), rel=1e-15)
    value, sign = logsumexp(x, b=[1, -2, 0.5], return_sign=True)
    total = np.e - 2 * np.e**2 + 0.5 * np.e**3
    assert (value, sign) == (pytest.approx(np.log(abs(total)), rel=1e-14), np.sign(total))
    assert np.isnan(logsumexp([0.0, 1.0], b=[1, -1]))
    assert logsumexp([np.nan, 1.0], b=[0, 1]) == 1
    assert logsumexp([1.0, 1.0], b=[1, -1]) == -np.inf
    value, sign = logsumexp(np.full((2, 3), -np.inf), return_sign=True)
    np.testing.assert_array_equal(value, [-np.inf, -np.inf])
    np.testing.assert_array_equal(sign, [0, 0])
    assert logsumexp([40.0, 0.0]) - 40 == 0
    assert logsumexp([0.0, -40.0]) == pytest.approx(4.248354255291589e-18, rel=1e-15)
    np.testing.assert_allclose(logsumexp(np.ones((2, 3)), axis=0, b=[[1], [3]], keepdims=True), np.full((1, 3), 1 + np.log(4)), rtol=1e-15)


@pytest.mark.parametrize(("x", "b"), [
    ([1000, 0], [1e-300, 1]), ([1000, 0], [0, 1]), ([1000, 0], [1e-300, 1e300]), ([0, 1000, 3], [1e300, 1e-300, 2]), ([740, 0], [5e-324, 1]), ([745, 0], [5e-324, 1e308]),
    ([0, 0], [1.7e308, 1.7e308]), ([0, 0], [5e-324, 5e-324]), ([-1e4, -2e4], [5e-324, 1.7e308]), ([700, -700], [1e-300, -1e300]), ([1000, 0], [-1e-300, 1e300]),
    ([1, 2, 3], [3, -2, 1e-9]), ([5, 5, 5], [3, -2, -1]), ([5, 5, 5], [3e307, -2e307, 1e307]), ([40, 0], [1, 1]), ([0, -40], [1, 2]),
])  # fmt: skip
def test_weights_shift_by_the_largest_term_not_the_largest_logit(x, b):
    """Nothing overflows and nothing that matters underflows, whatever the weights."""
    with mpmath.workdps(700):
        terms = [mpmath.mpf(w) * mpmath.exp(v) for v, w in zip(x, b, strict=True)]
        total = mpmath.fsum(terms)
        total = total if abs(total) > max(map(abs, terms)) * mpmath.mpf(10) ** -690 else mpmath.mpf(0)
        exact, sign = (float(mpmath.log(abs(total))) if total else -np.inf), float(mpmath.sign(total))
    value, got_sign = logsumexp(np.asarray(x, float), b=b, return_sign=True)
    assert got_sign == sign
    assert value == exact or abs(value - exact) <= 2 * np.spacing(max(abs(exact), np.abs(x).max())), (value, exact)


def test_weighted_logsumexp_of_special_rows():
    value, sign = logsumexp([[np.inf, 0], [-np.inf, -np.inf], [np.inf, np.inf], [0, np.nan]], b=[[2, 1], [1, 1], [1, -1], [1, 1]], return_sign=True)
    np.testing.assert_array_equal(value, [np.inf, -np.inf, np.nan, np.nan])
    np.testing.assert_array_equal(sign, [1, 0, np.nan, np.nan])
    np.testing.assert_array_equal(logsumexp(np.empty((2, 0)), b=np.empty(0)), [-np.inf] * 2)
    assert logsumexp([np.inf, 3.0], b=[0, 1]) == 3


def test_float16_is_divided_by_its_temperature_without_rounding():
    x = np.linspace(-8, 8, 50).astype(np.float16).reshape(5, 10)
    for temperature in (3, 0.37, 1e-3):
        exact = softmax(x.astype(float), temperature=temperature)
        assert (np.abs(softmax(x, temperature=temperature).astype(float) - exact) <= 0.51 * np.maximum(np.spacing(exact.astype(np.float16)).astype(float), 2**-24)).all()


def test_where_must_be_boolean_and_fit():
    with pytest.raises(TypeError, match="expected where to hold booleans, got dtype int64"):
        softmax(np.zeros(3), where=[1, 0, 1])
    with pytest.raises(ValueError, match="broadcast"):
        softmax(np.zeros(3), where=[True, False])
