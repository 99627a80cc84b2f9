"""Keras's metrics: functions of targets and predictions. Stateful as in Keras: `update_state`, `result`, `reset_state`.

Targets are class indices of shape (n,) or numbers of the shape of the predictions, (n, n_outputs).
"""

import math
from typing import Any

import numpy as np

from normexp.keras import losses
from normexp.keras._counts import FalseNegatives as FalseNegatives
from normexp.keras._counts import FalsePositives as FalsePositives
from normexp.keras._counts import Precision as Precision
from normexp.keras._counts import Recall as Recall
from normexp.keras._counts import TrueNegatives as TrueNegatives
from normexp.keras._counts import TruePositives as TruePositives
from normexp.keras._metric import Array, classes_of, dense, mean
from normexp.keras._metric import Mean as Mean
from normexp.keras._metric import Metric as Metric
from normexp.keras._names import absent, resolved, unsupported

__all__ = [
    "AUC", "BinaryAccuracy", "BinaryCrossentropy", "CategoricalAccuracy", "CategoricalCrossentropy", "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives",
    "KLDivergence", "Mean", "MeanAbsoluteError", "MeanSquaredError", "Metric", "Precision", "Recall", "RootMeanSquaredError", "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives", "get",
]  # fmt: skip


class BinaryAccuracy(Metric):
    """How often an output is on the side of the threshold where its target is."""

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        self._start(name, dtype, threshold=threshold)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        return mean(((predictions > self._arguments["threshold"]) == dense(truths, predictions)).mean(axis=1), weights)


class CategoricalAccuracy(Metric):
    """How often the most probable class is the target."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self._start(name, dtype)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        return mean((predictions.argmax(axis=1) == classes_of(truths)).astype(float), weights)


class SparseCategoricalAccuracy(CategoricalAccuracy):
    """The same, of class indices."""


class TopKCategoricalAccuracy(Metric):
    """How often the target is among the k most probable classes."""

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None) -> None:
        self._start(name, dtype, k=k)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        of_target = np.take_along_axis(predictions, classes_of(truths)[:, None], axis=1)
        return mean(((predictions > of_target).sum(axis=1) < self._arguments["k"]).astype(float), weights)


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """The same, of class indices."""


class FBetaScore(Metric):
    """Weighted harmonic mean of precision and recall, of each class or averaged ("micro", "macro", "weighted")."""

    def __init__(self, average: str | None = None, beta: float = 1.0, threshold: float | None = None, name: str | None = None, dtype: Any = None) -> None:
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"expected average None, 'micro', 'macro' or 'weighted', got {average!r}")
        self._start(name or "fbeta_score", dtype, average=average, beta=beta, threshold=threshold)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        a, y = self._arguments, dense(truths, predictions)
        largest = (predictions == predictions.max(axis=1, keepdims=True)) & (np.abs(predictions) > 1e-9)
        positive = largest if a["threshold"] is None else predictions > a["threshold"]
        w = (np.ones(len(y)) if weights is None else weights)[:, None]
        axis = None if a["average"] == "micro" else 0
        true, false, missed = (np.sum(w * part, axis=axis) for part in (y * positive, (1 - y) * positive, y * ~positive))
        precision, recall = true / np.maximum(true + false, 1e-30), true / np.maximum(true + missed, 1e-30)
        square = a["beta"] ** 2
        scores = (1 + square) * precision * recall / np.maximum(precision * square + recall, 1e-30)
        if a["average"] == "weighted":
            return float(np.average(scores, weights=true + missed))
        return scores.astype(np.float32) if a["average"] is None else float(np.mean(scores))


class F1Score(FBetaScore):
    """FBetaScore with beta 1."""

    def __init__(self, average: str | None = None, threshold: float | None = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(average, 1.0, threshold, name or "f1_score")
        del self._arguments["beta"]
        self._arguments = {"beta": 1.0, **self._arguments}

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config().items() if key != "beta"}


class AUC(Metric):
    """Area under the ROC curve (or "PR") at evenly spaced thresholds, all outputs together, or the mean of those of each ("multi_label")."""

    def __init__(
        self, num_thresholds: int = 200, curve: str = "ROC", name: str | None = None, dtype: Any = None, multi_label: bool = False, from_logits: bool = False, **others: Any
    ) -> None:
        unsupported("AUC", from_logits=(from_logits, False), **{key: (value, (None, "interpolation")) for key, value in others.items()})
        if curve not in ("ROC", "PR") or not 2 <= num_thresholds <= 1_000_000:
            raise ValueError(f"expected curve 'ROC' or 'PR' and from 2 to 1,000,000 thresholds, got {curve!r} and {num_thresholds}")
        self._start(name or "auc", dtype, num_thresholds=num_thresholds, curve=curve, multi_label=multi_label)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        y = dense(truths, predictions)
        if not self._arguments["multi_label"]:
            return self._area(y, predictions, weights)
        return float(np.mean([self._area(y[:, [k]], predictions[:, [k]], weights) for k in range(y.shape[1])]))

    def _area(self, y: Array, predictions: Array, weights: Array | None) -> float:
        n = self._arguments["num_thresholds"]
        thresholds = np.array([-1e-7, *((np.arange(n - 2) + 1) / (n - 1)), 1 + 1e-7])
        w = np.broadcast_to((np.ones(len(y)) if weights is None else weights)[:, None], y.shape).ravel()
        place, y = np.searchsorted(thresholds, predictions.astype(np.float64).ravel(), side="left"), y.ravel()  # how many thresholds lie below
        positives, negatives = (np.cumsum(np.bincount(place, w * part, n + 1)[::-1])[::-1][1:] for part in (y, 1 - y))
        all_positives, all_negatives = float((w * y).sum()), float((w * (1 - y)).sum())
        if self._arguments["curve"] == "PR":
            return _area_of_precision(positives, negatives, all_positives)
        heights, across = positives / max(all_positives, 1e-30), negatives / max(all_negatives, 1e-30)
        return float(((across[:-1] - across[1:]) * (heights[:-1] + heights[1:]) / 2).sum())


def _area_of_precision(true: Array, false: Array, positives: float) -> float:
    """Interpolated between thresholds as Davis and Goadrich (2006) show it must be."""
    step, total = true[:-1] - true[1:], true + false
    slope = np.where(np.diff(-total) > 0, step / np.maximum(total[:-1] - total[1:], 1e-30), 0)
    intercept = true[1:] - slope * total[1:]
    ratio = np.where((total[:-1] > 0) & (total[1:] > 0), total[:-1] / np.maximum(total[1:], 1e-30), 1)
    return float((slope * (step + intercept * np.log(ratio)) / max(positives, 1e-30)).sum())


class _OfLoss(Metric):
    """The mean of a loss."""

    loss: Any

    def __init__(self, name: str | None = None, dtype: Any = None, **arguments: Any) -> None:
        self._loss = self.loss(**{key: value for key, value in arguments.items() if key != "axis"})
        self._start(name, dtype, **arguments)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        total = len(predictions) if weights is None else float(weights.sum())
        return self._loss(truths, predictions, weights) * len(predictions) / total if total else 0.0


class BinaryCrossentropy(_OfLoss):
    loss = losses.BinaryCrossentropy


class CategoricalCrossentropy(_OfLoss):
    loss = losses.CategoricalCrossentropy


class SparseCategoricalCrossentropy(_OfLoss):
    loss = losses.SparseCategoricalCrossentropy


class KLDivergence(_OfLoss):
    loss = losses.KLDivergence

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name or "kl_divergence")


class MeanSquaredError(_OfLoss):
    loss = losses.MeanSquaredError


class MeanAbsoluteError(_OfLoss):
    loss = losses.MeanAbsoluteError


class RootMeanSquaredError(_OfLoss):
    """The root of the mean of (y - t)^2."""

    loss = losses.MeanSquaredError

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        return math.sqrt(super().compute(truths, predictions, weights))


_KNOWN: dict[str, type] = {name: globals()[name] for name in __all__ if name not in ("Metric", "get")}


def get(identifier: Any) -> Any:
    """The metric of that name; a loss that is a function of `losses` stands for its mean."""
    if callable(identifier) and identifier in losses.FUNCTIONS:
        identifier = identifier.__name__
    names = {"auc": "AUC", "f1_score": "F1Score", **losses.SHORT}
    return resolved(names.get(identifier, names.get(identifier.lower(), identifier)) if isinstance(identifier, str) else identifier, _KNOWN, "a metric")


def accuracy_for(loss: Any, width: int, name: str) -> Metric:
    """What "accuracy" means for targets and outputs of that shape."""
    kind = BinaryAccuracy if width == 1 else SparseCategoricalAccuracy if loss.takes_classes else CategoricalAccuracy
    return kind(name)


__getattr__ = absent(__name__, __all__)
