"""How much each row counts in training: its own weight times that of its class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassWeight", "row_weights", "rows_to_learn"]

ClassWeight = str | NDArray[np.float64] | None  # "balanced", or one a class


def rows_to_learn(rows: NDArray[np.int64], weights: NDArray[Any] | None) -> NDArray[np.int64]:
    """Those of `rows` with a weight above 0; `weights` are of all rows, None for equal ones."""
    found = rows if weights is None else rows[weights[rows] > 0]
    if not len(found):
        raise ValueError("expected at least one row with a positive weight, got none; check sample_weight")
    return found


def row_weights(targets: NDArray[Any], weights: NDArray[Any] | None, class_weight: ClassWeight) -> NDArray[np.float32] | None:
    """Row weight x class weight, scaled to mean 1; None where all are equal. `weights` are of these rows; "balanced" gives every class the same total."""
    if class_weight is not None:
        by_row = (_balanced(targets) if isinstance(class_weight, str) else class_weight)[targets]
        weights = by_row if weights is None else weights * by_row
    return None if weights is None else (weights / weights.mean()).astype(np.float32)


def _balanced(targets: NDArray[Any]) -> NDArray[np.float64]:
    """n / (classes x rows of the class), as scikit-learn; classes without rows do not count."""
    counts = np.bincount(targets).astype(np.float64)
    return len(targets) / (np.count_nonzero(counts) * np.where(counts > 0, counts, np.inf))
