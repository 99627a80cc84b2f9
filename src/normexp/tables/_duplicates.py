"""Rows that are equal in all columns that are learnt from, target included."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.tables._table import Table

__all__ = ["equal_by_chance", "first_of_equals", "matrix_hashes", "row_hashes"]

FACTOR, START = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x243F6A8885A308D3)


def matrix_hashes(matrix: NDArray[Any], rows: NDArray[np.int64] | None = None) -> NDArray[np.uint64]:
    """A number for each row (of `rows`, by default of all), equal for rows that are equal in float32 (NaN equals NaN, -0 equals 0) and otherwise different but for
    one pair in some 10^19; the matrix is not copied."""
    hashes = np.full(len(matrix) if rows is None else len(rows), START)
    with np.errstate(over="ignore"):  # beyond float32: infinite, and equal to others beyond it
        for i in range(matrix.shape[1]):
            cells = (matrix[:, i] if rows is None else matrix[rows, i]).astype(np.float32) + np.float32(0)
            cells[np.isnan(cells)] = np.nan  # one of the many
            _mix(hashes, cells.view(np.uint32))
    return hashes


def row_hashes(table: Table) -> NDArray[np.uint64]:
    """Those of the table's matrix, and of its targets."""
    hashes = matrix_hashes(table.matrix)
    if table.targets is not None:
        _mix(hashes, table.targets.view(np.uint32))
    return hashes


def _mix(hashes: NDArray[np.uint64], bits: NDArray[np.uint32]) -> None:
    hashes ^= bits
    hashes *= FACTOR
    hashes ^= hashes >> np.uint64(29)


def first_of_equals(table: Table) -> NDArray[np.int64]:
    """The rows that are equal to no row before them."""
    _, first = np.unique(row_hashes(table), return_index=True)
    return np.sort(first)


def equal_by_chance(table: Table, n_rows: int) -> float:
    """Among `n_rows` rows, how many equal a given one, if the columns had nothing to do with each other: the product of how often two cells of a column are equal."""
    share = 1.0
    for i in range(table.matrix.shape[1]):
        _, counts = np.unique(table.matrix[:, i], return_counts=True)
        share *= float(((counts / max(len(table), 1)) ** 2).sum())
    return n_rows * share
