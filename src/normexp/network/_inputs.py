"""A network's inputs from the rows of a matrix: one native pass."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native

__all__ = ["InputPlan", "fill_inputs"]


class InputPlan(NamedTuple):
    """Which columns of a matrix become which inputs, in this order: numbers, indicators of missing ones, the codes of each category, the statistics of each wide one, the bins
    of each binned number.

    A number becomes x / sqrt(1 + (x / 3)^2) with x = (number - centre) * scale, 0 where that is NaN; an indicator is 1 for NaN; of a category's inputs the
    one of its code is 1, none for a code below 0, from `n_codes` on, or NaN; those of a wide category are the row of
    `statistics` that its code says, one column after the other, 0 for such a code. `edges` of the binned
    columns follow each other, `n_edges` of each, rising: a bin is 1 for a number beyond it, a part for one within, 0 below and for NaN.
    """

    numbers: NDArray[np.int64]
    centres: NDArray[np.float64]
    scales: NDArray[np.float64]
    indicators: NDArray[np.int64]
    categories: NDArray[np.int64]
    n_codes: NDArray[np.int64]
    wide: NDArray[np.int64]
    n_wide_codes: NDArray[np.int64]
    statistics: NDArray[np.float64]
    binned: NDArray[np.int64]
    n_edges: NDArray[np.int64]
    edges: NDArray[np.float64]
    n_columns: int
    n_inputs: int


def fill_inputs(plan: InputPlan, matrix: NDArray[Any], out: NDArray[np.float32]) -> None:
    """Write the inputs of each row of `matrix`, numbers of any dtype and layout, into `out`, C-contiguous of shape (n_rows, n_inputs)."""
    if matrix.ndim != 2 or matrix.shape[1] != plan.n_columns:
        raise ValueError(f"expected a matrix of {plan.n_columns} columns, as the model was trained on, got shape {matrix.shape}")
    if out.shape != (len(matrix), plan.n_inputs):
        raise ValueError(f"expected room of shape {(len(matrix), plan.n_inputs)}, got {out.shape}")
    if matrix.dtype == np.float32 and matrix.flags.aligned:
        _native.fill_inputs_f32(matrix, *plan[:12], out)
    else:
        _native.fill_inputs_f64(np.require(matrix, np.float64, "A"), *plan[:12], out)
