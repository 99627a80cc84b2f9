"""What scikit-learn's metrics give for these scores, by its own arithmetic and so to the bit, without importing it, which takes longer than a small fit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["areas", "counts_of_classes", "in_top_k", "ratio"]

Array = NDArray[np.float64]


def areas(positive: NDArray[np.bool_], probabilities: NDArray[Any], weights: NDArray[Any] | None) -> tuple[float, float]:
    """Area under the ROC curve, by trapezia, and average precision, by steps, of rows that are not all of one kind (`roc_auc_score`, `average_precision_score`)."""
    order = np.argsort(-probabilities, kind="stable")
    lasts = np.append(np.flatnonzero(np.diff(probabilities[order])), len(order) - 1)  # of each run of equal probabilities
    of_class = positive[order].astype(np.float64)
    if weights is None:
        true = np.cumsum(of_class)[lasts]
        false = 1 + lasts - true
    else:
        true, false = (np.cumsum(kind * weights[order])[lasts] for kind in (of_class, 1 - of_class))
    return _roc_area(true, false), _average_precision(true, false)


def _roc_area(true: Array, false: Array) -> float:
    corners = np.ones(len(true), bool)
    corners[1:-1] = (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0)
    x, y = (np.concatenate([[0.0], counts[corners]]) / counts[-1] for counts in (false, true))
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2.0))


def _average_precision(true: Array, false: Array) -> float:
    precision, recall = (true / (true + false))[::-1], np.append((true / true[-1])[::-1], 0.0)
    return float(max(0.0, -np.sum(np.diff(recall) * precision)))


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
