"""sigmoid, log_sigmoid, softplus, logit: ordinary ufuncs, accurate everywhere."""

import mpmath
import numpy as np
import pytest

from normexp.functional import log_sigmoid, logit, sigmoid, softmax, softplus
from reference.family import ulp_error
from tolerances import MAX_ULP

POINTS = np.concatenate([np.linspace(-104, 90, 97), np.linspace(-745, 709, 60), 10.0 ** -np.arange(1, 17), -(10.0 ** -np.arange(1, 17))])
EXACT = {
    sigmoid: lambda x: 1 / (1 + mpmath.exp(-x)),
    softplus: lambda x: mpmath.log1p(mpmath.exp(x)),
    log_sigmoid: lambda x: -mpmath.log1p(mpmath.exp(-x)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", EXACT, ids=lambda f: f.__name__)
def test_within_the_bound(function, dtype):
    x = POINTS.astype(dtype)
    x = x[np.abs(x) < (80 if dtype == np.float32 else 700)]
    worst = max(ulp_error(got, EXACT[function](mpmath.mpf(float(value))), dtype) for got, value in zip(function(x), x, strict=True))
    assert worst <= MAX_ULP[function.__name__, dtype]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logit_within_the_bound(dtype):
    p = np.concatenate([np.linspace(0.001, 0.999, 200), 0.5 + 10.0 ** -np.arange(1, 7), 10.0 ** -np.arange(1, 38), 1 - 10.0 ** -np.arange(1, 7)]).astype(dtype)
    exact = [mpmath.log(mpmath.mpf(float(v)) / (1 - mpmath.mpf(float(v)))) for v in p]
    worst = max(ulp_error(got, e, dtype) for got, e in zip(logit(p), exact, strict=True) if e != 0)
    assert worst <= MAX_ULP["logit", dtype]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_special_values(dtype):
    x = np.array([np.nan, np.inf, -np.inf, 0], dtype)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(sigmoid(x), np.array([np.nan, 1, 0, 0.5], dtype))
        np.testing.assert_array_equal(softplus(x), np.array([np.nan, np.inf, 0, np.log(2)], dtype))
        np.testing.assert_array_equal(log_sigmoid(x), np.array([np.nan, 0, -np.inf, -np.log(2)], dtype))
        np.testing.assert_array_equal(logit(np.array([np.nan, 0, 1, 0.5, -0.1, 1.1], dtype)), np.array([np.nan, -np.inf, np.inf, 0, np.nan, np.nan], dtype))
    assert logit(np.float64(5e-324)) == pytest.approx(np.log(5e-324), rel=1e-15)


def test_they_are_ordinary_ufuncs():
    for function in (sigmoid, log_sigmoid, softplus, logit):
        assert isinstance(function, np.ufunc)
        assert "ULP" in function.__doc__
    assert sigmoid(np.int8(1)).dtype == np.float64
    assert sigmoid(np.float32(1)).dtype == np.float32
    assert sigmoid(np.float16(1)).dtype == np.float16
    out = np.full(3, 9.0)
    sigmoid([0.0, 0.0, 0.0], out=out, where=[True, False, True])
    np.testing.assert_array_equal(out, [0.5, 9, 0.5])
    x = np.linspace(-5, 5, 100_001)
    np.testing.assert_array_equal(sigmoid(x)[::7], sigmoid(x[::7]))
    np.testing.assert_allclose(logit(sigmoid(x)), x, atol=1e-13)


def test_two_classes_are_the_sigmoid_of_the_difference():
    x = np.random.default_rng(0).standard_normal((100, 2)) * 20
    np.testing.assert_allclose(softmax(x)[:, 0], sigmoid(x[:, 0] - x[:, 1]), rtol=1e-14)
