"""Pairs of numbers whose difference forests see too: a border along two of them is a threshold of it, and stairs without it."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model import Encoder, smooth_clip

__all__ = ["with_pairs"]

MOST_PAIRS = 50
MOST_ROWS = 10_000  # that are looked at
MOST_PRODUCTS = 2 * 10**8
MOST_COLUMNS = 512  # of more, so many spread evenly are looked at


def with_pairs(encoder: Encoder, matrix: NDArray[Any], rows: NDArray[np.int64]) -> Encoder:
    """The encoder with the 50 pairs of numbers that are most correlated, whichever way, among these rows; labels are not looked at."""
    columns = np.flatnonzero((encoder.n_codes == 0) & (encoder.scale > 0) & ~_booleans(encoder))
    if len(columns) < 2:
        return encoder
    if len(columns) > MOST_COLUMNS:
        columns = columns[np.linspace(0, len(columns) - 1, MOST_COLUMNS).astype(np.int64)]
    most = min(MOST_ROWS, MOST_PRODUCTS // len(columns) ** 2)
    if len(rows) > most:
        rows = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
    seen = smooth_clip(np.nan_to_num(encoder.scaled(matrix[rows], columns)))  # few rows do not decide
    seen -= seen.mean(axis=0)
    seen /= np.sqrt((seen**2).sum(axis=0)) + 1e-300
    first, second = np.triu_indices(len(columns), 1)
    strength = np.abs(np.einsum("nf,ng->fg", seen, seen))[first, second]  # one order of sums, on any number of threads
    chosen = np.sort(np.argsort(-np.round(strength, 9), kind="stable")[:MOST_PAIRS])
    return replace(encoder, pairs=np.column_stack([columns[first[chosen]], columns[second[chosen]]]).astype(np.int64))


def _booleans(encoder: Encoder) -> NDArray[np.bool_]:
    return np.zeros(len(encoder.n_codes), bool) if encoder.is_boolean is None else encoder.is_boolean
