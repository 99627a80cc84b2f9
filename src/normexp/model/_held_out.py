"""What rows that were not learnt from were given: what prediction sets, thresholds and trust stand on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_OF_A_CLASS", "HeldOut", "OutOfFold"]

MOST_OF_A_CLASS = 4_096  # probabilities kept


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Probabilities of their true class that held-out rows were given, rising within each class, the classes one after the other.

    Of a class with more than 4,096 rows as many of them, evenly from the smallest to the greatest. `kept` and `counts`, shape (n_classes,), say how many are here, and
    of how many rows; `is_first`, one a probability, of which of them no other class had a greater one.
    """

    probabilities: NDArray[np.float32]
    kept: NDArray[np.int64]
    counts: NDArray[np.int64]
    is_first: NDArray[np.bool_]

    @staticmethod
    def of(probabilities: NDArray[Any], targets: NDArray[np.int32]) -> "HeldOut":
        """`probabilities` of shape (n, n_classes), `targets` of shape (n,)."""
        n_classes = probabilities.shape[1]
        of_truth, is_first = probabilities[np.arange(len(targets)), targets].astype(np.float32), probabilities.argmax(axis=1) == targets
        kept = list[NDArray[np.intp]]()
        for k in range(n_classes):
            rows = np.flatnonzero(targets == k)
            rows = rows[np.argsort(of_truth[rows], kind="stable")]
            kept.append(rows if len(rows) <= MOST_OF_A_CLASS else rows[np.linspace(0, len(rows) - 1, MOST_OF_A_CLASS).round().astype(int)])
        chosen = np.concatenate([np.empty(0, np.intp), *kept])
        counts = np.bincount(targets, minlength=n_classes).astype(np.int64)
        return HeldOut(of_truth[chosen], np.array([len(rows) for rows in kept], np.int64), counts, is_first[chosen])

    def _place(self, k: int) -> slice:
        first = int(self.kept[:k].sum())
        return slice(first, first + int(self.kept[k]))

    def of_class(self, k: int) -> NDArray[np.float32]:
        """Those of one class, rising."""
        return self.probabilities[self._place(k)]

    def is_first_of_class(self, k: int) -> NDArray[np.bool_]:
        """Which of them were the greatest of their row."""
        return self.is_first[self._place(k)]


@dataclass(frozen=True)
class OutOfFold:
    """How a portfolio was combined: its kinds of members, what each weighs, their log losses and that of all together on rows that none had learnt from.

    `left_out` names the kinds that a time limit, an interrupt or divergence left no room for.
    """

    n_folds: int
    names: tuple[str, ...]
    weights: tuple[float, ...]
    losses: tuple[float, ...]
    log_loss: float
    n_rows: int
    left_out: tuple[str, ...] = ()

    def kinds(self) -> Iterator[tuple[str, float, float]]:
        """Name, weight and log loss of each."""
        return zip(self.names, self.weights, self.losses, strict=True)
