"""What a search makes small: the mean of a number a row, of rows that the member had not seen."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation import Costs, Interval, Sampling, mean_interval
from normexp.functional import cross_entropy, softmax
from normexp.recipe import Workbench

__all__ = ["METRICS", "Judge"]

METRICS = ("log_loss", "brier", "accuracy", "cost")


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
        if not len(places):
            return float("nan")
        weights = self.bench.weights
        return float(np.average(self._of_rows(logits, places), weights=None if weights is None else weights[places]))

    def n_units(self, places: NDArray[np.int64]) -> float:
        """How many rows, each by itself, these are worth: fewer where weights differ or rows belong together."""
        return self._sampling_of(places).n

    def interval(self, logits: NDArray[Any], places: NDArray[np.int64]) -> Interval:
        """The mean and its 95 % interval; rows of a group count as one."""
        estimate, low, high = mean_interval(self._of_rows(logits, places), self._sampling_of(places))
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
            found = (p.argmax(axis=1) != targets).astype(np.float64)
        return found
