"""Counts behind the scores of classes: what scikit-learn's metrics give, to the bit, without importing it, which takes longer than a small fit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["counts_of_classes", "in_top_k", "ratio"]

Array = NDArray[np.float64]


def in_top_k(targets: NDArray[Any], probabilities: NDArray[Any], k: int) -> NDArray[np.bool_]:
    """Whether the target is among the k most probable classes; of equal ones the last count first (`top_k_accuracy_score`)."""
    first = np.argsort(probabilities, axis=1, kind="stable")[:, ::-1][:, :k]
    found: NDArray[np.bool_] = (targets[:, None] == first).any(axis=1)
    return found


def counts_of_classes(targets: NDArray[Any], predicted: NDArray[Any], n_classes: int, weights: NDArray[Any] | None) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Rows (or their weight) that are rightly predicted to be of each class, that are predicted to be, and that are; target -1 is none of them."""
    right, known = targets == predicted, targets >= 0
    hits, answers, rows = (
        np.bincount(classes[mask], None if weights is None else weights[mask], n_classes)
        for classes, mask in ((targets, right), (predicted, np.ones_like(right)), (targets, known))
    )
    return hits, hits + (answers - hits), hits + (rows - hits)


def ratio(share: NDArray[Any], whole: NDArray[Any]) -> Array:
    """0 where nothing is divided by nothing."""
    found: Array = np.divide(share, whole, out=np.zeros(len(whole)), where=whole != 0)
    return found
