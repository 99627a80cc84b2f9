"""Prediction sets: the classes that a row may well be, so that the truth is among them as often as is asked for."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model._held_out import HeldOut

__all__ = ["prediction_sets", "set_thresholds"]

LEAST_ROWS = 50  # of a class that gets a threshold of its own


def set_thresholds(held_out: HeldOut | None, coverage: float, *, by_class: bool = False) -> NDArray[np.float64]:
    """The probability from which on a class is in the set, shape (n_classes,): the least ambiguous sets (Sadinle, Lei and Wasserman 2019) by split or cross-conformal
    prediction, so that ceil((n + 1) x coverage) of the n held-out rows have their true class in theirs, be it as the most probable one, which is in every set.

    With `by_class` that is promised for each class: those of 50 held-out rows and more (and of as many as the coverage needs) have a threshold of their own, the others share
    that of all. 0 where there are too few rows for the coverage: every class is in the set.

    Raises
    ------
    ValueError
        If the coverage is not above 0 and below 1, or the model knows of no held-out rows.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"expected a coverage above 0 and below 1, such as 0.9, got {coverage!r}")
    if held_out is None or not held_out.counts.sum():
        raise ValueError("expected a model that knows what held-out rows were given, got one without; train it again with this version, on 10 rows or more")
    n_classes = len(held_out.counts)
    parts = [np.where(held_out.is_first_of_class(k), 1.0, held_out.of_class(k)) for k in range(n_classes)]  # those are in their sets whatever the threshold
    masses = [np.full(len(part), count / max(len(part), 1)) for part, count in zip(parts, held_out.counts, strict=True)]
    found = np.full(n_classes, _threshold(np.concatenate(parts), np.concatenate(masses), coverage))
    if by_class:
        for k in np.flatnonzero(held_out.counts >= max(LEAST_ROWS, math.ceil(1 / (1 - coverage)) - 1)):
            found[k] = _threshold(parts[k], masses[k], coverage)
    return found


def _threshold(probabilities: NDArray[np.float64], masses: NDArray[np.float64], coverage: float) -> float:
    """The greatest that covers ceil((n + 1) x coverage) of n rows; each probability stands for as many rows as its mass."""
    n, order = round(masses.sum()), np.argsort(-probabilities, kind="stable")
    needed = math.ceil((n + 1) * coverage - 1e-9)
    if needed > n:
        return 0.0
    at = np.searchsorted(np.cumsum(masses[order]), needed - 1e-6)
    return float(probabilities[order[min(at, len(order) - 1)]])


def prediction_sets(probabilities: NDArray[Any], thresholds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The classes whose probability is at least their threshold, and the most probable one always; bool of the shape of `probabilities`, (n, n_classes)."""
    sets = probabilities >= thresholds.astype(np.float32)
    sets[np.arange(len(sets)), probabilities.argmax(axis=1)] = True
    found: NDArray[np.bool_] = sets
    return found
