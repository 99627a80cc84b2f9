"""Stratified, seeded parts of the rows, as index lists: the matrix is never copied."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["held_out_rows"]


def held_out_rows(classes: NDArray[np.int32], fraction: float, seed: int, rows: NDArray[np.int64] | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split `rows` (all by default) into a large and a held-out part, both sorted.

    Each class gives its share of `fraction`, rounded so that the total fits; a class keeps at least one row in the large part, so a class
    with one row stays there.
    """
    rows = np.arange(len(classes), dtype=np.int64) if rows is None else rows
    rng = np.random.Generator(np.random.Philox(seed))
    order = rng.permutation(len(rows))
    shuffled = rows[order[np.argsort(classes[rows[order]], kind="stable")]]  # grouped by class, shuffled within
    _, firsts, counts = np.unique(classes[shuffled], return_index=True, return_counts=True)
    shares = counts * fraction
    taken = np.minimum(np.floor(shares).astype(int), counts - 1)
    n_taken = int(taken.sum())
    for i in np.argsort(-(shares - np.floor(shares)), kind="stable"):  # largest remainders first
        if n_taken >= round(len(rows) * fraction):
            break
        more = int(taken[i] < counts[i] - 1)
        taken[i] += more
        n_taken += more
    held = np.zeros(len(shuffled), bool)
    for first, n in zip(firsts, taken, strict=True):
        held[first : first + n] = True
    return np.sort(shuffled[~held]), np.sort(shuffled[held])
