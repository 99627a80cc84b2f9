"""How much each row counts in training: its own weight times that of its class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.network import Network, Parameters

__all__ = ["ClassWeight", "class_weights_of", "row_weights", "rows_to_learn", "shift_logits"]

ClassWeight = str | NDArray[np.float64] | None  # "balanced", or one a class


def rows_to_learn(rows: NDArray[np.int64], weights: NDArray[Any] | None) -> NDArray[np.int64]:
    """Those of `rows` with a weight above 0; `weights` are of all rows, None for equal ones."""
    found = rows if weights is None else rows[weights[rows] > 0]
    if not len(found):
        raise ValueError("expected at least one row with a positive weight, got none; check sample_weight")
    return found


def class_weights_of(class_weight: ClassWeight, targets: NDArray[Any], n_classes: int) -> NDArray[np.float64] | None:
    """A weight a class, shape (n_classes,); "balanced" is n / (classes x rows of the class), as scikit-learn has it, and 1 for classes without rows."""
    if class_weight is None or not isinstance(class_weight, str):
        return class_weight
    counts = np.bincount(targets, minlength=n_classes).astype(np.float64)
    return np.divide(len(targets), np.count_nonzero(counts) * counts, out=np.ones(n_classes), where=counts > 0)


def row_weights(targets: NDArray[Any], weights: NDArray[Any] | None, class_weights: NDArray[np.float64] | None = None) -> NDArray[np.float32] | None:
    """Row weight x class weight, scaled to mean 1; None where all are equal. `weights` are of these rows."""
    if class_weights is not None:
        weights = class_weights[targets] if weights is None else weights * class_weights[targets]
    return None if weights is None else (weights / weights.mean()).astype(np.float32)


def shift_logits(network: Network, parameters: Parameters, class_weights: NDArray[np.float64] | None, sign: int) -> None:
    """Add sign x ln(class weight) to each logit, in place.

    A network that learns from weighted classes gives p(k|x) w_k over its sum: taking ln w_k off puts its probabilities back to the shares of the data (Elkan 2001,
    theorem 2). Classes of weight 0 were not learnt and stay as they are.
    """
    if class_weights is not None:
        bias = parameters[f"dense_{len(network.layers) - 1}/bias"]
        bias += (sign * np.log(np.where(class_weights > 0, class_weights, 1))).astype(np.float32)
