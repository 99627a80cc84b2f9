"""Accuracy, log loss, Brier score and calibration error of probabilities against targets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scores", "calibration_error", "class_share_scores", "score"]

Probabilities = NDArray[np.floating]


@dataclass(frozen=True)
class Scores:
    """Log loss in nats; Brier score summed over classes, 0 to 2; calibration error of the top label, 15 bins of equal mass."""

    accuracy: float
    log_loss: float
    brier: float
    calibration_error: float
    n_rows: int


def score(probabilities: Probabilities, targets: NDArray[np.int32], weights: NDArray[np.float32] | None = None) -> Scores:
    """Scores of probabilities (n, n_classes) against class indices (n,), optionally weighted; NaN for no rows.

    A probability of 0 for the target counts as the smallest positive number of its dtype.
    """
    rows = np.arange(len(targets))
    if not len(rows):
        return Scores(float("nan"), float("nan"), float("nan"), float("nan"), 0)
    if weights is not None and not weights.sum() > 0:
        raise ValueError("expected at least one row with a positive weight, got weights that sum to 0")
    p = probabilities.astype(np.float64)
    smallest = np.finfo(probabilities.dtype).tiny
    losses = -np.log(np.maximum(p[rows, targets], smallest))
    correct = p.argmax(axis=1) == targets
    brier = (p**2).sum(axis=1) - 2 * p[rows, targets] + 1
    accuracy, log_loss, brier_score = (float(np.average(column, weights=weights)) for column in (correct, losses, brier))
    return Scores(accuracy, log_loss, brier_score, calibration_error(p, targets), len(rows))


def calibration_error(probabilities: Probabilities, targets: NDArray[np.int32], n_bins: int = 15) -> float:
    """Mean absolute gap between confidence and accuracy of the predicted class, over bins of equal mass.

    Rows are sorted by the probability of the predicted class and cut into `n_bins` bins of equal size (Nguyen and O'Connor 2015);
    unweighted. NaN for no rows.
    """
    if not len(targets):
        return float("nan")
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == targets
    order = np.argsort(confidence, kind="stable")
    gaps = [abs(confidence[part].sum() - correct[part].sum()) for part in np.array_split(order, min(n_bins, len(order)))]
    return float(sum(gaps) / len(targets))


def class_share_scores(training_targets: NDArray[np.int32], targets: NDArray[np.int32], n_classes: int) -> Scores:
    """Scores of always answering the shares of the classes in training."""
    shares = np.bincount(training_targets, minlength=n_classes) / max(len(training_targets), 1)
    return score(np.broadcast_to(shares, (len(targets), n_classes)), targets)
