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
    of how many rows.
    """

    probabilities: NDArray[np.float32]
    kept: NDArray[np.int64]
    counts: NDArray[np.int64]

    @staticmethod
    def of(probabilities: NDArray[Any], targets: NDArray[np.int32]) -> "HeldOut":
        """`probabilities` of shape (n, n_classes), `targets` of shape (n,)."""
        of_truth, parts = probabilities[np.arange(len(targets)), targets].astype(np.float32), []
        for k in range(probabilities.shape[1]):
            found = np.sort(of_truth[targets == k])
            parts.append(found if len(found) <= MOST_OF_A_CLASS else found[np.linspace(0, len(found) - 1, MOST_OF_A_CLASS).round().astype(int)])
        counts = np.bincount(targets, minlength=probabilities.shape[1]).astype(np.int64)
        return HeldOut(np.concatenate([np.empty(0, np.float32), *parts]), np.array([len(part) for part in parts], np.int64), counts)

    def of_class(self, k: int) -> NDArray[np.float32]:
        """Those of one class, rising."""
        first = int(self.kept[:k].sum())
        return self.probabilities[first : first + self.kept[k]]


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
