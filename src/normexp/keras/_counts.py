"""Metrics that count true and false positives and negatives."""

from typing import Any

import numpy as np

from normexp.keras._metric import Array, Metric, dense

__all__ = ["FalseNegatives", "FalsePositives", "Precision", "Recall", "TrueNegatives", "TruePositives"]


class _Counted(Metric):
    """True and false positives and negatives, all outputs together, or of one class."""

    def counts(self, truths: Array, predictions: Array, weights: Array | None) -> tuple[float, float, float]:
        """True positives, false positives, false negatives."""
        y, class_id, top_k = dense(truths, predictions), self._arguments["class_id"], self._arguments["top_k"]
        threshold = self._arguments["thresholds"]
        positive = predictions > ((0.5 if top_k is None else -np.inf) if threshold is None else threshold)
        if top_k is not None:
            kept = np.argsort(-predictions, axis=1, kind="stable")[:, :top_k]
            among = np.zeros(predictions.shape, bool)
            np.put_along_axis(among, kept, True, axis=1)
            positive &= among
        w = np.broadcast_to((np.ones(len(y)) if weights is None else weights)[:, None], y.shape)
        if class_id is not None:
            y, positive, w = y[:, class_id], positive[:, class_id], w[:, class_id]
        return float((w * y * positive).sum()), float((w * (1 - y) * positive).sum()), float((w * y * ~positive).sum())

    def __init__(self, thresholds: Any = None, top_k: int | None = None, class_id: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        if isinstance(thresholds, (list, tuple)):
            raise ValueError(f"expected one threshold in {type(self).__name__}, got {thresholds!r}")
        self._start(name, dtype, thresholds=thresholds, top_k=top_k, class_id=class_id)


class Precision(_Counted):
    """True among the predicted positives."""

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        true, false, _ = self.counts(truths, predictions, weights)
        return true / (true + false) if true + false else 0.0


class Recall(_Counted):
    """Predicted among the true positives."""

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        true, _, missed = self.counts(truths, predictions, weights)
        return true / (true + missed) if true + missed else 0.0


class _Count(Metric):
    """How many entries, all outputs together, weighed: those with a target of `truth` and an output above the threshold, or not."""

    truth: int
    positive: bool

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        if isinstance(thresholds, (list, tuple)):
            raise ValueError(f"expected one threshold in {type(self).__name__}, got {thresholds!r}")
        self._start(name, dtype, thresholds=thresholds)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        y, threshold = dense(truths, predictions), self._arguments["thresholds"]
        chosen = (predictions > (0.5 if threshold is None else threshold)) == self.positive
        w = np.ones(len(y)) if weights is None else weights
        return float((w[:, None] * (y if self.truth else 1 - y) * chosen).sum())


class TruePositives(_Count):
    """Targets 1 with outputs above the threshold."""

    truth, positive = 1, True


class TrueNegatives(_Count):
    """Targets 0 with outputs up to the threshold."""

    truth, positive = 0, False


class FalsePositives(_Count):
    """Targets 0 with outputs above the threshold."""

    truth, positive = 0, True


class FalseNegatives(_Count):
    """Targets 1 with outputs up to the threshold."""

    truth, positive = 1, False
