"""A forest fitted: a tree a round, the best round of held-out rows kept."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp._checks import finite_above_0, finite_from_0, integer_at_least
from normexp.trees._bins import Bins
from normexp.trees._forest import Forest

__all__ = ["MOST_DEPTH", "Boosting", "Fitted", "fit", "fit_binned"]

MOST_DEPTH = 8
NO_ROWS = np.empty(0, np.int64)


@dataclass(frozen=True)
class Boosting:
    """How a forest is grown.

    `rounds` is the most of them, `patience` how many without a better loss of held-out rows end the fit (0: none do); `depth` of each tree; `directions`, 3 or 7, of the gradients
    that splits are judged by where the classes are more; `l2` is added to a leaf's hessian, `most_step` bounds its step; shares are those of rows and columns that
    a tree is grown on.
    """

    rounds: int = 500
    patience: int = 25
    depth: int = 6
    directions: int = 3
    learning_rate: float = 0.15
    l2: float = 1.0
    most_step: float = 4.0
    row_share: float = 0.8
    column_share: float = 0.5
    seed: int = 0
    time_limit: float = 0.0
    n_threads: int = 0

    def __post_init__(self) -> None:
        for name, least in (("rounds", 0), ("patience", 0), ("depth", 1), ("n_threads", 0)):
            integer_at_least(getattr(self, name), least, name)
        if self.depth > MOST_DEPTH:
            raise ValueError(f"expected a depth from 1 to {MOST_DEPTH}, got {self.depth}")
        if self.directions not in (3, 7):
            raise ValueError(f"expected directions to be 3 or 7, got {self.directions!r}")
        for name in ("learning_rate", "l2", "most_step"):
            finite_above_0(getattr(self, name), name)
        finite_from_0(self.time_limit, "time_limit")
        for name in ("row_share", "column_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"expected a {name} above 0 and at most 1, got {getattr(self, name)!r}")


class Fitted(NamedTuple):
    """The forest up to its best round, mean log losses after each round on the rows that were learnt from and on those held out (NaN without), what ended the fit: epochs,
    patience, time_limit, interrupted or callback; and the forest of all rounds."""

    forest: Forest
    losses: tuple[float, ...]
    held_losses: tuple[float, ...]
    best_round: int
    stopped: str
    grown: Forest


Poll = Callable[[int], bool]


def fit(
    matrix: NDArray[Any], targets: NDArray[np.int32], n_classes: int, boosting: Boosting, *, bins: Bins | None = None, rows: NDArray[np.int64] | None = None,
    held_rows: NDArray[np.int64] = NO_ROWS, weights: NDArray[np.float32] | None = None, on_poll: Poll | None = None,
) -> Fitted:  # fmt: skip
    """Grow a forest on rows of a matrix of numbers, NaN for missing, shape (n, n_features).

    Parameters
    ----------
    matrix : ndarray of shape (n, n_features)
    targets : int32 ndarray of shape (n,)
        Classes from 0 to n_classes - 1.
    n_classes : int
    boosting : Boosting
    bins : Bins, optional
        Default: those of the rows.
    rows, held_rows : ndarray of int, optional
        To learn from, default all; and those that choose the round.
    weights : float32 ndarray of shape (n,), optional
        Of the rows, above 0.
    on_poll : callable, optional
        Called every 50 ms with the round; the fit ends with the best so far when it returns True.

    Returns
    -------
    Fitted

    Raises
    ------
    ValueError
        If the arrays do not fit each other, or there are fewer than two classes.
    """
    rows = np.arange(len(matrix)) if rows is None else rows
    if matrix.ndim != 2 or targets.shape != (len(matrix),) or (weights is not None and weights.shape != (len(matrix),)):
        raise ValueError(f"expected a matrix with a target, and a weight if any, for each row, got shapes {matrix.shape} and {targets.shape}")
    if np.isinf(matrix[rows]).any() or np.isinf(matrix[held_rows]).any():
        raise ValueError("expected finite numbers, or NaN for missing ones, got infinity")
    bins = Bins.fit(matrix, rows) if bins is None else bins
    if len(bins.thresholds) != matrix.shape[1]:
        raise ValueError(f"expected bins of {matrix.shape[1]} columns, as the matrix has, got those of {len(bins.thresholds)}")
    used = np.concatenate([rows, held_rows])
    learnt, held = np.split(np.arange(len(used)), [len(rows)])
    binned = bins.apply(matrix, used)
    return fit_binned(binned, bins, targets[used], n_classes, boosting, learnt, held, None if weights is None else weights[used], on_poll=on_poll)


def fit_binned(
    binned: NDArray[np.uint8], bins: Bins, targets: NDArray[np.int32], n_classes: int, boosting: Boosting, rows: NDArray[np.int64],
    held_rows: NDArray[np.int64], weights: NDArray[np.float32] | None = None, *, on_poll: Poll | None = None,
) -> Fitted:  # fmt: skip
    """As `fit`, on what `bins.apply` gave of all rows, shape (n_features, n)."""
    if n_classes < 2:
        raise ValueError(f"expected at least two classes, got {n_classes}")
    if not len(rows):
        raise ValueError("expected rows to learn from, got none")
    for part in (rows, held_rows):
        if len(part) and not (targets[part].min() >= 0 and targets[part].max() < n_classes):
            raise ValueError(f"expected targets from 0 to {n_classes - 1}, got {targets[part].min()} to {targets[part].max()}")

    def of(part: NDArray[np.int64]) -> tuple[Any, ...]:
        whole = len(part) == binned.shape[1] and bool((np.diff(part) == 1).all())
        of_part, of_targets = (binned, targets) if whole else (np.ascontiguousarray(binned[:, part]), targets[part])
        return of_part, np.ascontiguousarray(of_targets, np.int32), None if weights is None else np.ascontiguousarray(weights[part], np.float32)

    def poll(done: int, _rows: int, _sums: Any) -> bool:
        assert on_poll is not None
        return on_poll(done)

    b = boosting
    found = _native.fit_trees(
        of(rows), of(held_rows), bins.n_bins, n_classes, b.rounds, b.patience, b.depth, b.directions, b.learning_rate, b.l2, b.most_step, b.row_share, b.column_share, b.seed,
        b.time_limit, b.n_threads, None if on_poll is None else poll,
    )  # fmt: skip
    grown = _forest(found, bins, b.depth)
    return Fitted(grown.first(found["best_round"] + 1), tuple(found["losses"]), tuple(found["held_losses"]), found["best_round"], found["stop"], grown)


def _forest(found: dict[str, Any], bins: Bins, depth: int) -> Forest:
    features, places, base = found["features"].reshape(-1, depth), found["bins"].reshape(-1, depth), found["base"]
    firsts = np.cumsum([0, *(len(one) for one in bins.thresholds)])
    known = (features >= 0) & (places > 0)
    thresholds = np.full(features.shape, -math.inf)
    thresholds[known] = np.concatenate([np.empty(0), *bins.thresholds])[firsts[features[known]] + places[known] - 1]
    return Forest(
        features, thresholds, found["missing"].astype(bool).reshape(-1, depth), found["leaves"].reshape(-1, 2**depth, len(base)), base, found["gains"].reshape(-1, depth),
    )  # fmt: skip
