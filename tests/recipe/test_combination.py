"""The combination against a general optimiser, and what it does with members that say nothing."""

import numpy as np
import pytest
from scipy.optimize import minimize

from normexp import log_softmax, softmax
from normexp.recipe._combination import RIDGE, combination_of


def problem(n=300, k=4, seed=0):
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((n, k))
    targets = np.array([rng.choice(k, p=p) for p in softmax(logits)], np.int32)
    members = [log_softmax(factor * logits + noise * rng.standard_normal((n, k))) for factor, noise in ((1.5, 1.0), (0.6, 0.3), (0.0, 2.0))]
    return members, targets, np.log(np.bincount(targets, minlength=k) / n)


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_optimum(weighted):
    members, targets, log_shares = problem()
    weights = np.random.default_rng(1).uniform(0, 3, 300) if weighted else None
    found = combination_of(members, targets, weights, log_shares)
    masses = np.ones(300) if weights is None else weights

    def loss(w):
        combined = log_shares + sum(one * (member - log_shares) for one, member in zip(w, members, strict=True))
        return -np.average(log_softmax(combined)[np.arange(300), targets], weights=masses) + RIDGE / 300 * ((w - 1 / 3) ** 2).sum()

    best = minimize(loss, np.full(3, 1 / 3), bounds=[(0, None)] * 3, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})
    np.testing.assert_allclose(found, best.x, atol=1e-4)
    assert loss(found) <= best.fun + 1e-9
    assert (found >= 0).all()


def test_noise_has_no_weight_and_what_remains_are_the_shares():
    rng = np.random.default_rng(3)
    targets = (rng.random(2_000) < 0.2).astype(np.int32)
    noise = [log_softmax(3 * rng.standard_normal((2_000, 2))) for _ in range(2)]
    assert combination_of(noise, targets, None, np.log([0.8, 0.2])).sum() < 0.03


def test_no_rows_and_separable_ones():
    members, _, log_shares = problem()
    np.testing.assert_array_equal(combination_of([one[:0] for one in members], np.empty(0, np.int32), None, log_shares), [1 / 3] * 3)
    sure = np.where(np.eye(3)[np.arange(60) % 3] > 0, 0.0, -9.0)
    found = combination_of([log_softmax(sure)], (np.arange(60) % 3).astype(np.int32), None, np.log([1 / 3] * 3))
    assert np.isfinite(found).all()
    assert 1 <= found[0] < 3  # the ridge holds what the rows would let grow without end
