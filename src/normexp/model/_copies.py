"""Rows that look like copies of each other, and the columns that say which ones."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.model._encoder import Encoder

__all__ = ["Copies", "near_copies"]

MOST_TESTED, MOST_LEARNT = 500, 20_000
NEAR, FAR, FARTHEST = 0, 10, 40  # neighbours, the nearest is 0
CLOSE = 0.1  # of the distance to the tenth neighbour
LEAST_SHARE, BEYOND_CHANCE = 0.15, 10
ALIKE = 0.2  # variance of the other columns among rows of one value, over that among all
FEWEST_VALUES = 10


class Copies(NamedTuple):
    """The share of tested rows that have a far nearer neighbour among those learnt from than rows like them have by chance (0 where that is not notable), and
    the matrix column whose equal values mark rows that look alike, or None."""

    share: float
    column: int | None


def near_copies(encoder: Encoder, matrix: NDArray[Any], learnt: NDArray[np.int64], tested_matrix: NDArray[Any], tested: NDArray[np.int64]) -> Copies:
    """Are tested rows near copies of rows that were learnt from, and do the rows look grouped by a column?

    A copy is ten times nearer than the tenth neighbour; how often that is so by chance follows from the dimension that the neighbours from the tenth to the fortieth
    seem to lie in (Levina and Bickel 2004). Some hundred tested rows and up to 20,000 others are looked at.
    """
    if len(learnt) <= FARTHEST or not len(tested):
        return Copies(0.0, None)
    some, others = tested[:: -(-len(tested) // MOST_TESTED)], learnt[:: -(-len(learnt) // MOST_LEARNT)]
    rows, base = encoder.encode(tested_matrix, some).astype(np.float64), encoder.encode(matrix, others).astype(np.float64)
    share = _share_of_copies(rows, base)
    return Copies(share, _grouping_column(encoder, matrix[others], base) if share else None)


def _share_of_copies(rows: NDArray[np.float64], base: NDArray[np.float64]) -> float:
    squares = np.maximum((rows**2).sum(axis=1)[:, None] - 2 * rows @ base.T + (base**2).sum(axis=1), 0)
    places = np.unique(np.concatenate([[NEAR], np.arange(FAR, FARTHEST)]))
    distances = np.sqrt(np.sort(np.partition(squares, places[-1], axis=1)[:, : FARTHEST], axis=1))
    distances = distances[distances[:, FAR - 1] > 1e-6]
    if not len(distances):
        return 0.0
    spread = np.log(distances[:, FARTHEST - 1] / distances[:, FAR - 1]).mean()  # of order statistics FAR to FARTHEST in dimension D: (sum of 1/j) / D
    dimension = np.log(FARTHEST / FAR) / max(float(spread), 1e-6)
    by_chance = min(FAR * CLOSE**dimension, 1.0)
    share = float((distances[:, NEAR] < CLOSE * distances[:, FAR - 1]).mean())
    return share if share > max(LEAST_SHARE, BEYOND_CHANCE * by_chance) else 0.0


def _grouping_column(encoder: Encoder, matrix: NDArray[Any], inputs: NDArray[np.float64]) -> int | None:
    """Of columns with many whole numbers or categories the one whose equal values go with the most alike rows."""
    owners, total = encoder.columns_of_inputs(), inputs.var(axis=0)
    found: list[tuple[float, int]] = []
    for column in range(matrix.shape[1]):
        values = matrix[:, column]
        names, place, counts = np.unique(values, return_inverse=True, return_counts=True)
        others = (owners != column) & (total > 0)
        if len(names) < FEWEST_VALUES or len(names) > len(values) / 1.5 or not (values == np.floor(values)).all() or not others.any():
            continue
        means = np.stack([np.bincount(place, inputs[:, i]) / counts for i in np.flatnonzero(others)], axis=1)
        within = ((inputs[:, others] - means[place]) ** 2).sum(axis=0) / (len(values) - len(names))
        found.append((float((within / total[others]).mean()), column))
    likest = min(found, default=None)
    return likest[1] if likest is not None and likest[0] < ALIKE else None
