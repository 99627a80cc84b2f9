"""What a search makes small: the mean of a number a row, of rows that the member had not seen."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation import Costs, Interval, Sampling, mean_interval, share_interval
from normexp.functional import cross_entropy, softmax
from normexp.recipe import Workbench

__all__ = ["METRICS", "WORDS", "Judge"]

METRICS = ("log_loss", "brier", "accuracy", "cost")
WORDS = {"log_loss": "log loss", "brier": "Brier score", "accuracy": "share of wrong answers", "cost": "cost"}  # of what is made small
TAIL = 0.025


@dataclass(frozen=True)
class Judge:
    """`metric` is out of "log_loss", "brier", "accuracy" (what is made small is the share of wrong answers) and "cost" (by these costs)."""

    bench: Workbench
    metric: str
    costs: Costs | None = None

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"expected metric out of {', '.join(METRICS)}, got {self.metric!r}")
        if (self.metric == "cost") != (self.costs is not None):
            raise ValueError("expected costs with the metric cost, got none" if self.costs is None else f"expected the metric cost with costs, got {self.metric!r}")

    def __call__(self, logits: NDArray[Any], places: NDArray[np.int64]) -> float:
        """Of logits of the rows at these places, the weighted mean; NaN for no rows."""
        if not self.mass(places):
            return float("nan")
        weights = self.bench.weights
        return float(np.average(self._of_rows(logits, places), weights=None if weights is None else weights[places]))

    def mass(self, places: NDArray[np.int64]) -> float:
        """What these rows weigh together."""
        return float(self._sampling[0][places].sum())

    def n_units(self, places: NDArray[np.int64]) -> float:
        """How many rows, each by itself, these are worth: fewer where weights differ or rows belong together."""
        return self._sampling_of(places).n

    def interval(self, logits: NDArray[Any], places: NDArray[np.int64]) -> Interval:
        """The mean and its 95 % interval; rows of a group count as one."""
        values, sampling = self._of_rows(logits, places), self._sampling_of(places)
        if self.metric == "accuracy":
            return share_interval(values, sampling, TAIL)
        estimate, low, high = mean_interval(values, sampling, TAIL)
        return Interval(estimate, low if self.metric == "cost" else max(low, 0.0), high)

    @cached_property
    def _sampling(self) -> Sampling:
        bench, groups = self.bench, self.bench.labelled.groups
        masses = np.ones(len(bench.rows)) if bench.weights is None else np.asarray(bench.weights, np.float64)
        return Sampling(masses, bench.data.targets, 1.0, None if groups is None else groups[bench.rows])

    def _sampling_of(self, places: NDArray[np.int64]) -> Sampling:
        masses, strata, ratio, groups = self._sampling
        return Sampling(masses[places], strata[places], ratio, None if groups is None else groups[places])

    def _of_rows(self, logits: NDArray[Any], places: NDArray[np.int64]) -> NDArray[np.float64]:
        targets = self.bench.data.targets[places]
        found: NDArray[np.float64]
        if self.metric == "log_loss":
            found = cross_entropy(logits.astype(np.float64), targets, reduction="none")
            return found
        p = softmax(logits.astype(np.float64))
        if self.costs is not None:
            found = self.costs.matrix[targets, self.costs.decide(p)]
            return found
        if self.metric == "brier":
            p[np.arange(len(p)), targets] -= 1
            found = (p**2).sum(axis=1)
        else:
            answers = p if self.bench.data.class_weights is None else p * self.bench.data.class_weights  # as the model answers
            found = (answers.argmax(axis=1) != targets).astype(np.float64)
        return found
