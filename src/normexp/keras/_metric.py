"""What all metrics share: rows that were seen, and a value of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.keras._names import Described, snake_case, unsupported

__all__ = ["Array", "Mean", "Metric", "classes_of", "dense", "mean"]

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


def mean(values: Array, weights: Array | None) -> float:
    if not len(values):
        return 0.0
    return float(np.average(values, weights=weights)) if weights is None or weights.sum() else 0.0


def classes_of(truths: Array) -> Array:
    return truths.reshape(-1).astype(np.int64) if truths.ndim == 1 or truths.shape[1] == 1 else truths.argmax(axis=1)


def dense(truths: Array, predictions: Array) -> Array:
    if truths.ndim == predictions.ndim:
        return truths.astype(np.float64)
    return truths[:, None].astype(np.float64) if predictions.shape[1] == 1 else np.eye(predictions.shape[1])[truths.astype(np.int64)]


class Mean(Metric):
    """The weighted mean of the numbers that `update_state(values, sample_weight)` got; 0 of none."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        self._start(name, dtype)

    def update_state(self, values: Any, sample_weight: Any = None, *others: Any) -> None:  # type: ignore[override]
        if others:
            raise TypeError("expected numbers and, if any, their weights in update_state of Mean, got more; it is no metric of targets and predictions")
        numbers = np.asarray(values, np.float64)
        weights = np.ones_like(numbers) if sample_weight is None else np.broadcast_to(np.asarray(sample_weight, np.float64), numbers.shape)
        self._total += float((numbers * weights).sum())
        self._weight += float(weights.sum())

    def result(self) -> Any:
        return self._total / self._weight if self._weight else 0.0

    def reset_state(self) -> None:
        self._total, self._weight = 0.0, 0.0

    def __call__(self, values: Any, sample_weight: Any = None, *others: Any) -> Any:  # type: ignore[override]
        self.update_state(values, sample_weight, *others)
        return self.result()

    def compute(self, truths: Array, predictions: Array, weights: Array | None) -> Any:
        raise TypeError("expected a metric of targets and predictions, got Mean, which is of any numbers; call update_state yourself")
