"""Which trials the model is made of: those that lower the loss of the combination, found one after the other."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from normexp.experiments._search import Kept
from normexp.functional import softmax
from normexp.recipe import Workbench

__all__ = ["combined"]

MOST_MEMBERS = 12
LEAST_GAIN = 1e-4  # nats that a further trial brings


def combined(bench: Workbench, kept: Sequence[Kept], start: Sequence[Kept]) -> list[Kept]:
    """Trials whose combination has about the least out-of-fold loss: from `start` on, the one along which it falls the fastest is added, until that brings next to nothing.

    The combination is that of the recipe, of all that are chosen, anew each time.
    """
    chosen = list(start)
    rest = [one for one in kept if one.trial.number not in {other.trial.number for other in chosen}]
    seen = bench.seen(kept[0].done)
    logits, loss = _combination(bench, chosen, seen)
    while rest and len(chosen) < MOST_MEMBERS:
        gains = [_gain(bench, logits, one.logits[seen], seen) for one in rest]
        best = rest.pop(int(np.argmax(gains)))
        new_logits, new_loss = _combination(bench, [*chosen, best], seen)
        if new_loss > loss - LEAST_GAIN:
            break
        chosen, logits, loss = [*chosen, best], new_logits, new_loss
    return chosen


def _combination(bench: Workbench, chosen: Sequence[Kept], seen: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    each = [one.logits[seen].astype(np.float64) for one in chosen]
    pooled = bench.pooled(each, bench.combination(each, seen)) if chosen else np.tile(bench.log_shares, (len(seen), 1))
    return pooled, bench.loss(pooled, seen)


def _gain(bench: Workbench, logits: NDArray[np.float64], further: NDArray[np.float32], seen: NDArray[np.int64]) -> float:
    """By how much a step along a trial, toward it and away from the combination, lowers the loss: that of the parabola there."""
    p, rows = softmax(logits), np.arange(len(seen))
    step = further.astype(np.float64) - logits
    of_truth, mean = step[rows, bench.data.targets[seen]], (p * step).sum(axis=1)
    variance = (p * step**2).sum(axis=1) - mean**2
    weights = None if bench.weights is None else bench.weights[seen]
    slope, curvature = np.average(of_truth - mean, weights=weights), np.average(variance, weights=weights)
    return float(max(slope, 0.0) ** 2 / max(curvature, 1e-12))
