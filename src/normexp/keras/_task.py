"""A compiled network as the engine's task: rows for it, and loss and metrics from what it counts."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp import network
from normexp.keras._data import features_of, targets_of, truths_of, warn_of_not_finite, weights_of

__all__ = ["Part", "Task", "joined"]

Array = NDArray[Any]


class Part(NamedTuple):
    """Rows for the engine, and the targets as the metrics see them."""

    rows: network.Rows
    truths: Array

    def outputs(self) -> Array:
        assert self.rows.outputs is not None
        return self.rows.outputs[self.rows.chosen]


def joined(parts: list[Part]) -> Part:
    """What metrics need of all batches of an epoch: truths, outputs and weights, without the features."""
    truths = np.concatenate([part.truths for part in parts])
    weights = [part.rows.weights for part in parts if part.rows.weights is not None]
    outputs, every = np.concatenate([part.outputs() for part in parts]), np.arange(len(truths), dtype=np.int64)
    return Part(network.Rows(np.empty((len(truths), 0), np.float32), truths, every, np.concatenate(weights) if weights else None, outputs), truths)


class Task:
    """A compiled network on the way to be trained or judged: the engine's plan and loss, and what to make of what it counts."""

    def __init__(self, model: Any) -> None:
        if model.optimizer is None:
            raise ValueError("expected a compiled model, got one without optimizer and loss; call compile(optimizer=…, loss=…) first")
        if model.loss is None:
            raise ValueError("expected a loss to train with, got none; call compile(loss=…)")
        self.model = model
        layers = model.plan()
        self.width = layers[-1][3]
        self.plan, self.loss, self.squash = model.loss.plan(layers)
        self.parameters = model.parameters()
        self.metrics = model.metrics_of(self.width)
        self.keeps_outputs = any(not self._counted(metric) for metric, _ in self.metrics)

    def part(self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None, rows: slice | None = None, features: Array | None = None) -> Part:
        """Arrays as rows; `features` where they are converted already."""
        features = features_of(x, self.model.input_shape_) if features is None else features
        if y is None:
            raise ValueError("expected targets y, got none")
        truths = truths_of(y, self.model.loss, self.width)
        if len(truths) != len(features):
            raise ValueError(f"expected as many targets as rows, got {len(truths)} targets and {len(features)} rows")
        if class_weight is not None and not self.model.loss.of_classes:
            raise ValueError(f"expected class_weight with a loss of classes, got {self.model.loss.name}; weigh rows with sample_weight")
        weights = weights_of(sample_weight, len(features), class_weight, truths, max(self.width, 2))
        warn_of_not_finite(features, "x")
        if truths.ndim == 2 and not self.model.loss.of_probabilities:
            warn_of_not_finite(truths, "y")
        outputs = np.empty((len(features), self.plan[-1][3]), np.float32) if self.keeps_outputs else None
        index = np.arange(len(features), dtype=np.int64)[rows if rows is not None else slice(None)]
        return Part(network.Rows(features, targets_of(truths, self.model.loss, self.width), index, weights, outputs), truths)

    def _counted(self, metric: Any) -> bool:
        """Does the engine count this metric itself?"""
        name = type(metric).__name__
        if self.width > 1:
            return name in ("CategoricalAccuracy", "SparseCategoricalAccuracy")
        return name == "BinaryAccuracy" and metric.get_config()["threshold"] == 0.5

    def logs(self, sums: network.Sums, part: Part | None) -> dict[str, Any]:
        """Loss and metrics, as Keras names them."""
        rows = sums.rows or math.nan
        logs: dict[str, Any] = {"loss": (sums.loss + sums.penalty) / rows}
        for metric, weighted in self.metrics:
            if self._counted(metric):
                logs[metric.name] = (sums.correct / sums.weight if sums.weight else 0.0) if weighted else sums.hits / rows
            elif part is not None:
                weights = part.rows.weights if weighted else None
                logs[metric.name] = metric.compute(part.truths[part.rows.chosen], self.probabilities(part.outputs()), None if weights is None else weights[part.rows.chosen])
        return logs

    def probabilities(self, outputs: Array) -> Array:
        """Predictions from outputs whose last activation is in the loss."""
        if self.squash is None:
            return outputs
        layer = network.Softmax() if self.squash == "softmax" else network.Activate("sigmoid")
        return network.predict_outputs(network.Network(outputs.shape[1], (layer,)).plan(), network.Parameters(np.empty(0, np.float32), ()), np.ascontiguousarray(outputs))

    def judge(self, part: Part) -> dict[str, Any]:
        """Loss and metrics, nothing learnt."""
        sums = network.evaluate_rows(self.plan, self.parameters, part.rows, self.loss)
        return self.logs(sums._replace(penalty=self.penalty() * sums.rows), part)

    def penalty(self) -> float:
        """Of the regularizers, at the weights as they are."""
        total = 0.0
        for s in self.parameters.segments:
            if s.trained and (s.l1 or s.l2):
                values = self.parameters.view(s).astype(np.float64)
                total += s.l1 * float(np.abs(values).sum()) + s.l2 * float(np.square(values).sum())
        return total
