"""One convex combination of members, found on rows that none of them has learnt from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.functional import log_softmax

__all__ = ["combination_of"]

RIDGE = 1.0  # toward 1 / members, over the number of rows: what a row says is worth as much
MOST_STEPS, CLOSE = 100, 1e-8


def combination_of(
    log_probabilities: Sequence[NDArray[Any]], targets: NDArray[np.int32], weights: NDArray[Any] | None, log_shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights w, at least 0, of members whose combined logits are ln(shares) + sum of w x (ln p - ln(shares)), shape (n_members,).

    Those of the least log loss, with a small ridge toward equal ones: a softmax regression with a parameter a member. Members that say nothing get no weight, and what
    remains are the class shares; a sum above 1 sharpens, one below softens, so that no temperature is needed. A projected Newton method in float64 whose
    sums have one order.

    Parameters
    ----------
    log_probabilities : sequence of ndarray of shape (n, n_classes), one a member
    targets : int32 ndarray of shape (n,)
    weights : ndarray of shape (n,), or None
        Of the rows.
    log_shares : ndarray of shape (n_classes,)
        Logarithms of the shares of the classes.
    """
    n, n_members = len(targets), len(log_probabilities)
    start = np.full(n_members, 1 / n_members)
    if not n:
        return start
    gains = [one.astype(np.float64) - log_shares for one in log_probabilities]
    share_of_row = np.full(n, 1 / n) if weights is None else weights / weights.sum()
    problem = _Problem(gains, targets, share_of_row, log_shares, start, RIDGE / n)
    found, loss = start, problem.loss(start)
    for _ in range(MOST_STEPS):
        slope, curvature = problem.derivatives(found)
        free = (found > 0) | (slope < 0)
        step = np.zeros(n_members)
        step[free] = -np.linalg.solve(curvature[np.ix_(free, free)], slope[free])
        size = 1.0
        while size > CLOSE and (new := problem.loss(moved := np.maximum(found + size * step, 0))) > loss:
            size /= 2
        if size <= CLOSE or np.abs(moved - found).max() < CLOSE:
            break
        found, loss = moved, new
    return found


class _Problem:
    def __init__(
        self, gains: list[NDArray[np.float64]], targets: NDArray[np.int32], share_of_row: NDArray[np.float64], log_shares: NDArray[np.float64],
        start: NDArray[np.float64], ridge: float,
    ) -> None:  # fmt: skip
        self.gains, self.targets, self.share_of_row, self.log_shares, self.start, self.ridge = gains, targets, share_of_row, log_shares, start, ridge
        self.rows = np.arange(len(targets))
        self.of_truth = [gain[self.rows, targets] for gain in gains]

    def _log_probabilities(self, w: NDArray[np.float64]) -> NDArray[np.float64]:
        combined = np.tile(self.log_shares, (len(self.targets), 1))
        for weight, gain in zip(w, self.gains, strict=True):
            combined += weight * gain
        found: NDArray[np.float64] = log_softmax(combined)
        return found

    def loss(self, w: NDArray[np.float64]) -> float:
        of_truth = self._log_probabilities(w)[self.rows, self.targets]
        return float(-(self.share_of_row * of_truth).sum() + self.ridge * ((w - self.start) ** 2).sum())

    def derivatives(self, w: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        p = np.exp(self._log_probabilities(w))
        weighted = [p * gain for gain in self.gains]
        means = [one.sum(axis=1) for one in weighted]
        slope = np.array([(self.share_of_row * (mean - truth)).sum() for mean, truth in zip(means, self.of_truth, strict=True)]) + 2 * self.ridge * (w - self.start)
        curvature = 2 * self.ridge * np.eye(len(w))
        for i in range(len(w)):
            for j in range(i + 1):
                both = (weighted[i] * self.gains[j]).sum(axis=1) - means[i] * means[j]
                curvature[i, j] += (self.share_of_row * both).sum()
                curvature[j, i] = curvature[i, j]
        return slope, curvature
