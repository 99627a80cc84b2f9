"""Backward forms against differences and against the Jacobian."""

import numpy as np
import pytest

from normexp.functional import (
    entmax,
    entmax_backward,
    log_softmax,
    log_softmax_backward,
    logsumexp,
    logsumexp_backward,
    softmax,
    softmax_backward,
    softmax_jacobian,
    softmin,
    softmin_backward,
)  # fmt: skip

RNG = np.random.default_rng(0)
CASES = {
    "softmax": (softmax, softmax_backward),
    "softmin": (softmin, softmin_backward),
    "log_softmax": (log_softmax, log_softmax_backward),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("axis", [-1, 0, (0, 1)])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_against_differences_one_entry_at_a_time(name, axis, temperature):
    forward, backward = CASES[name]
    x, u = RNG.standard_normal((3, 4)), RNG.standard_normal((3, 4))
    gradient = backward(forward(x, axis, temperature=temperature), u, axis, temperature=temperature)
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = 1e-6
        numeric = (u * (forward(x + step, axis, temperature=temperature) - forward(x - step, axis, temperature=temperature))).sum() / 2e-6
        assert gradient[i] == pytest.approx(numeric, abs=1e-8)


@pytest.mark.parametrize("alpha", [1, 1.2, 1.5, 2, 3])
def test_entmax_backward_against_differences(alpha):
    x, u = RNG.standard_normal(6), RNG.standard_normal(6)
    gradient = entmax_backward(entmax(x, alpha), u, alpha)
    for i in range(6):
        step = np.zeros(6)
        step[i] = 1e-6
        assert gradient[i] == pytest.approx((u * (entmax(x + step, alpha) - entmax(x - step, alpha))).sum() / 2e-6, abs=1e-7)


def test_logsumexp_backward_is_softmax():
    x = RNG.standard_normal((3, 4))
    np.testing.assert_array_equal(logsumexp_backward(x), softmax(x))
    u = RNG.standard_normal(4)
    np.testing.assert_allclose(logsumexp_backward(x, u, axis=0), softmax(x, 0) * u)
    numeric = (logsumexp(x + 1e-6 * np.eye(3, 4)) - logsumexp(x - 1e-6 * np.eye(3, 4))) / 2e-6
    np.testing.assert_allclose(np.diag(logsumexp_backward(x)), numeric, atol=1e-9)
    np.testing.assert_array_equal(logsumexp_backward([-np.inf, -np.inf]), [0, 0])


def test_the_jacobian_and_the_backward_form_agree():
    x, u = RNG.standard_normal((2, 5)), RNG.standard_normal((2, 5))
    jacobian = softmax_jacobian(x, temperature=[0.5, 2])
    assert jacobian.shape == (2, 5, 5)
    np.testing.assert_allclose(np.einsum("bij,bi->bj", jacobian, u), softmax_backward(softmax(x, temperature=[0.5, 2]), u, temperature=[0.5, 2]), atol=1e-15)
    np.testing.assert_allclose(jacobian.sum(axis=-1), 0, atol=1e-15)


def test_masked_and_infinite_entries_have_no_gradient():
    p = softmax([1.0, 2.0, np.nan], where=[True, True, False])
    gradient = softmax_backward(p, [1.0, 2.0, np.nan])
    assert gradient[2] == 0
    assert np.isfinite(gradient).all()
    logs = log_softmax([1.0, 2.0, -np.inf])
    gradient = log_softmax_backward(logs, [1.0, 1.0, np.inf])
    assert gradient[2] == 0
    assert np.isfinite(gradient).all()


def test_argmax_has_no_gradient():
    for backward in (softmax_backward, softmin_backward, log_softmax_backward):
        with pytest.raises(ValueError, match=r"expected temperatures above 0, got 0\.0: at 0 softmax is argmax, which has no gradient"):
            backward([0.5, 0.5], [1.0, 0.0], temperature=0)
    with pytest.raises(ValueError, match="expected temperatures above 0"):
        softmax_jacobian([0.5, 0.5], temperature=0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_stays(dtype):
    p = softmax(np.arange(4, dtype=dtype))
    assert softmax_backward(p, p).dtype == dtype
    assert softmax_jacobian(np.arange(4, dtype=dtype)).dtype == dtype
