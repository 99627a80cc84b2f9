"""Which trials the model is made of, and what each weighs: those that lower the loss of the combination by more than chance would."""

import math
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.experiments._search import Kept
from normexp.functional import softmax
from normexp.recipe import Workbench

__all__ = ["Choice", "chosen_of"]

MOST_FURTHER = 8  # trials beside those of the start
MOST_PAIRS, ROWS_OF_PAIRS = 10, 20_000  # of halves: fewer where the rows are many, since then the halves agree
LEAST_GAIN = 1e-4  # nats a row that a further trial brings
CHANCE = 2.0  # nats, over the rows of a half, that the best of many trials brings by chance
LEAST_WEIGHT = 0.02  # of a trial that is kept

Array = NDArray[np.float64]
Pair = tuple[NDArray[np.int64], NDArray[np.int64]]


class Choice(NamedTuple):
    """Trials and their weights, and logits of the rows at some places by all of them."""

    kept: tuple[Kept, ...]
    weights: Array
    logits: Array


def chosen_of(bench: Workbench, kept: Sequence[Kept], start: Sequence[Kept], seen: NDArray[np.int64], n_units: float, seconds: float = math.inf) -> Choice:
    """The mean of what is chosen on halves of the rows (bagged ensemble selection, Caruana et al. 2004), drawn in pairs that have no row in common: what one half took by luck
    is seldom taken by another.

    On a half: from the combination of `start`, which may be none, on, the trial along which the out-of-fold loss falls the fastest is added, and all weights are found anew, until
    that brings no more than the best of many would by chance. `n_units` is how many rows, each by itself, those at the places `seen` are worth. Rows of a group are in one half.
    After so many seconds no further trial is looked for.
    """
    ends = time.monotonic() + seconds
    rest = [one for one in kept if one.trial.number not in {other.trial.number for other in start}]
    if not rest:
        return _choice(bench, tuple(start), seen)
    least, found = max(LEAST_GAIN, CHANCE / (n_units / 2)), list[Choice]()
    for pair in _pairs_of_halves(bench, seen):
        found += [_chosen_on(bench, rest, start, half, least, ends) for half in pair]
        if time.monotonic() > ends:
            break
    return _mean(bench, found, seen)


def _pairs_of_halves(bench: Workbench, seen: NDArray[np.int64]) -> Iterator[Pair]:
    """Places of the rows, in two parts, drawn anew each time."""
    groups, rng = bench.labelled.groups, np.random.default_rng([bench.seed, len(seen)])
    _, unit = np.unique(seen if groups is None else groups[bench.rows[seen]], return_inverse=True)
    n_units = int(unit.max()) + 1
    if n_units < 2:  # there are no halves
        yield seen, seen
        return
    for _ in range(min(max(ROWS_OF_PAIRS // len(seen), 1), MOST_PAIRS)):
        in_first = np.zeros(n_units, bool)
        in_first[rng.permutation(n_units)[: n_units // 2]] = True
        yield seen[in_first[unit]], seen[~in_first[unit]]


def _chosen_on(bench: Workbench, rest: Sequence[Kept], start: Sequence[Kept], places: NDArray[np.int64], least: float, ends: float) -> Choice:
    """From the combination of `start` on, one trial after the other, as long as each lowers the mean loss of these rows by `least`."""
    found, rest = _choice(bench, tuple(start), places), list(rest)
    loss = bench.loss(found.logits, places)
    while rest and len(found.kept) < len(start) + MOST_FURTHER and time.monotonic() < ends:
        best = rest.pop(int(np.argmax(_gains(bench, found.logits, rest, places))))
        new = _choice(bench, (*found.kept, best), places)
        if (new_loss := bench.loss(new.logits, places)) > loss - (least if found.kept else 0.0):
            break
        found, loss = new, new_loss
    return found


def _mean(bench: Workbench, choices: Sequence[Choice], seen: NDArray[np.int64]) -> Choice:
    """Of the weights; those of next to nothing go to the others in proportion."""
    known = {one.trial.number: one for choice in choices for one in choice.kept}
    weights = dict.fromkeys(known, 0.0)
    for choice in choices:
        for one, weight in zip(choice.kept, choice.weights, strict=True):
            weights[one.trial.number] += float(weight) / len(choices)
    large = [number for number, weight in weights.items() if weight >= LEAST_WEIGHT] or list(known)
    found = np.array([weights[number] for number in large])
    if rest := found.sum():
        found *= sum(weights.values()) / rest
    kept = tuple(known[number] for number in large)
    return Choice(kept, found, bench.pooled([one.logits[seen].astype(np.float64) for one in kept], found))


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
