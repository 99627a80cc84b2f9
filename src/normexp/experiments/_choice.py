"""Which trials the model is made of, and what each weighs: those that lower the loss of the combination by more than chance would."""

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.experiments._search import Kept
from normexp.functional import softmax
from normexp.recipe import Workbench

__all__ = ["Choice", "chosen_of"]

MOST_FURTHER = 8  # trials beside those of the start
MOST_ROWS = 20_000  # that say along which trial the loss falls the fastest
LEAST_GAIN = 1e-4  # nats a row that a further trial brings
CHANCE = 1.0  # nats, over all rows, that a weight brings by chance (Akaike 1974)

Array = NDArray[np.float64]


class Choice(NamedTuple):
    """Trials and their weights, and logits of the rows at some places by all of them."""

    kept: tuple[Kept, ...]
    weights: Array
    logits: Array


def chosen_of(bench: Workbench, kept: Sequence[Kept], start: Sequence[Kept], seen: NDArray[np.int64], n_units: float, seconds: float = math.inf) -> Choice:
    """From the combination of `start`, which may be none, on: the trial along which the out-of-fold loss falls the fastest is added, and all weights are found anew, until that
    brings next to nothing.

    `n_units` is how many rows, each by itself, those at the places `seen` are worth. A further trial must bring more than chance would, one nat over all of them; and of what all
    further ones bring the same share is taken for chance: so far the weights go back toward those of the start. After so many seconds no further one is looked for.
    """
    ends = time.monotonic() + seconds
    first = _choice(bench, tuple(start), seen)
    before = loss = bench.loss(first.logits, seen)
    found = first
    rest = [one for one in kept if one.trial.number not in {other.trial.number for other in start}]
    least = max(LEAST_GAIN, CHANCE / n_units)
    some = slice(None, None, -(-len(seen) // MOST_ROWS))
    while rest and len(found.kept) < len(start) + MOST_FURTHER and time.monotonic() < ends:
        best = rest.pop(int(np.argmax(_gains(bench, found.logits[some], rest, seen[some]))))
        new = _choice(bench, (*found.kept, best), seen)
        if (new_loss := bench.loss(new.logits, seen)) > loss - (least if found.kept else 0.0):
            break
        found, loss = new, new_loss
    n_further = len(found.kept) - len(first.kept)
    if not n_further or not first.kept:
        return found
    share = max(0.0, 1 - CHANCE * n_further / (n_units * (before - loss)))
    weights = share * found.weights + (1 - share) * np.concatenate([first.weights, np.zeros(n_further)])
    return Choice(found.kept, weights, bench.pooled([one.logits[seen].astype(np.float64) for one in found.kept], weights))


def _choice(bench: Workbench, kept: tuple[Kept, ...], seen: NDArray[np.int64]) -> Choice:
    """The combination that the recipe makes of them."""
    if not kept:
        return Choice((), np.zeros(0), np.tile(bench.log_shares, (len(seen), 1)))
    logits = [one.logits[seen].astype(np.float64) for one in kept]
    weights = bench.combination(logits, seen)
    return Choice(kept, weights, bench.pooled(logits, weights))


def _gains(bench: Workbench, logits: Array, rest: Sequence[Kept], seen: NDArray[np.int64]) -> list[float]:
    """By how much a step along each trial, toward it and away from the combination, lowers the loss: that of the parabola there."""
    p, rows, targets = softmax(logits), np.arange(len(seen)), bench.data.targets[seen]
    weights, found = None if bench.weights is None else bench.weights[seen], list[float]()
    for one in rest:
        step = one.logits[seen].astype(np.float64) - logits
        of_truth, mean = step[rows, targets], (p * step).sum(axis=1)
        variance = (p * step**2).sum(axis=1) - mean**2
        slope, curvature = np.average(of_truth - mean, weights=weights), np.average(variance, weights=weights)
        found.append(float(max(slope, 0.0) ** 2 / max(curvature, 1e-12)))
    return found
