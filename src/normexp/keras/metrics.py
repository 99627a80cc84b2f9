"""Keras's metrics: functions of targets and predictions. Stateful as in Keras: `update_state`, `result`, `reset_state`.

Targets are class indices of shape (n,) or numbers of the shape of the predictions, (n, n_outputs).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.keras import losses
from normexp.keras._names import Described, resolved, snake_case, unsupported

__all__ = [
    "AUC", "BinaryAccuracy", "BinaryCrossentropy", "CategoricalAccuracy", "CategoricalCrossentropy", "F1Score", "FBetaScore", "KLDivergence", "Metric", "Precision", "Recall",
    "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy", "get",
]  # fmt: skip

Array = NDArray[Any]


class Metric(Described):
    """The base of all metrics; not itself one."""

    def _start(self, name: str | None, dtype: Any, **arguments: Any) -> None:
        unsupported(type(self).__name__, dtype=(dtype, (None, "float32")))
        self.name = name or snake_case(type(self).__name__)
        self._describe(**arguments)
        self.reset_state()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **super().get_config()}

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        """The metric of these rows."""
        raise TypeError(f"expected a metric that says its value, got {type(self).__name__}")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        truths, predictions = np.asarray(y_true), np.asarray(y_pred, np.float32)
        self._seen.append((truths, predictions, np.ones(len(predictions)) if sample_weight is None else np.asarray(sample_weight, np.float64)))

    def result(self) -> Any:
        if not self._seen:
            return 0.0
        truths, predictions, weights = (np.concatenate(column) for column in zip(*self._seen, strict=True))
        return self.compute(truths, predictions, weights)

    def reset_state(self) -> None:
        self._seen: list[tuple[Array, Array, Array]] = []

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()


def _mean(values: Array, weights: Array | None) -> float:
    if not len(values):
        return 0.0
    return float(np.average(values, weights=weights)) if weights is None or weights.sum() else 0.0


def _classes(truths: Array) -> Array:
    return truths.reshape(-1).astype(np.int64) if truths.ndim == 1 or truths.shape[1] == 1 else truths.argmax(axis=1)


def _dense(truths: Array, predictions: Array) -> Array:
    if truths.ndim == predictions.ndim:
        return truths.astype(np.float64)
    return truths[:, None].astype(np.float64) if predictions.shape[1] == 1 else np.eye(predictions.shape[1])[truths.astype(np.int64)]


class BinaryAccuracy(Metric):
    """How often an output is on the side of the threshold where its target is."""

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        self._start(name, dtype, threshold=threshold)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        return _mean(((predictions > self._arguments["threshold"]) == _dense(truths, predictions)).mean(axis=1), weights)


class CategoricalAccuracy(Metric):
    """How often the most probable class is the target."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self._start(name, dtype)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        return _mean((predictions.argmax(axis=1) == _classes(truths)).astype(float), weights)


class SparseCategoricalAccuracy(CategoricalAccuracy):
    """The same, of class indices."""


class TopKCategoricalAccuracy(Metric):
    """How often the target is among the k most probable classes."""

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None) -> None:
        self._start(name, dtype, k=k)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        of_target = np.take_along_axis(predictions, _classes(truths)[:, None], axis=1)
        return _mean(((predictions > of_target).sum(axis=1) < self._arguments["k"]).astype(float), weights)


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """The same, of class indices."""


class _Counted(Metric):
    """True and false positives and negatives, all outputs together, or of one class."""

    def counts(self, truths: Array, predictions: Array, weights: Array | None) -> tuple[float, float, float]:
        """True positives, false positives, false negatives."""
        y, class_id, top_k = _dense(truths, predictions), self._arguments["class_id"], self._arguments["top_k"]
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

    def __init__(self, thresholds: float | None = None, top_k: int | None = None, class_id: int | None = None, name: str | None = None, dtype: Any = None) -> None:
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


class FBetaScore(Metric):
    """Weighted harmonic mean of precision and recall, of each class or averaged ("micro", "macro", "weighted")."""

    def __init__(self, average: str | None = None, beta: float = 1.0, threshold: float | None = None, name: str | None = None, dtype: Any = None) -> None:
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"expected average None, 'micro', 'macro' or 'weighted', got {average!r}")
        self._start(name or "fbeta_score", dtype, average=average, beta=beta, threshold=threshold)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        a, y = self._arguments, _dense(truths, predictions)
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
        if curve not in ("ROC", "PR") or num_thresholds < 2:
            raise ValueError(f"expected curve 'ROC' or 'PR' and at least 2 thresholds, got {curve!r} and {num_thresholds}")
        self._start(name or "auc", dtype, num_thresholds=num_thresholds, curve=curve, multi_label=multi_label)

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        y = _dense(truths, predictions)
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


_KNOWN: dict[str, type] = {name: globals()[name] for name in __all__ if name not in ("Metric", "get")}


def get(identifier: Any) -> Any:
    """The metric of that name."""
    names = {"auc": "AUC", "f1_score": "F1Score"}
    return resolved(names.get(identifier.lower(), identifier) if isinstance(identifier, str) else identifier, _KNOWN, "a metric")


def accuracy_for(loss: Any, width: int, name: str) -> Metric:
    """What "accuracy" means for targets and outputs of that shape."""
    kind = BinaryAccuracy if width == 1 else SparseCategoricalAccuracy if loss.takes_classes else CategoricalAccuracy
    return kind(name)
