"""Deciding: what each decision costs for each class, and the decision of the least expected cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normexp._checks import did_you_mean, listing
from normexp._labels import place_of_label
from normexp.evaluation._evaluation import Evaluation
from normexp.evaluation._intervals import Interval, mean_interval, sampling_of

__all__ = ["CostReport", "Costs", "costs_of", "decision_costs"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Costs:
    """What a decision costs for a row of a class; a gain is a negative cost.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels, in the order of the probabilities.
    decisions : tuple of str or label, n_decisions
        Names; often the classes, and others such as "ask a person".
    matrix : float64 ndarray of shape (n_classes, n_decisions)
        Finite, in any unit.
    """

    classes: NDArray[Any]
    decisions: tuple[Any, ...]
    matrix: Array

    def __post_init__(self) -> None:
        matrix = np.asarray(self.matrix, np.float64)
        if matrix.shape != (len(self.classes), len(self.decisions)) or not len(self.decisions):
            raise ValueError(f"expected a cost for each of {len(self.classes)} classes (rows) and {len(self.decisions)} decisions (columns), got shape {matrix.shape}")
        if not np.isfinite(matrix).all():
            raise ValueError(f"expected finite costs, got {matrix[~np.isfinite(matrix)][0]}; a decision that is out of the question has a large cost")
        if len(set(self.decisions)) < len(self.decisions):
            raise ValueError(f"expected each decision once, got {listing(self.decisions)}")
        object.__setattr__(self, "matrix", matrix)

    def expected(self, probabilities: NDArray[Any]) -> Array:
        """The expected cost of each decision, shape (n_rows, n_decisions), from probabilities of shape (n_rows, n_classes)."""
        found: Array = probabilities.astype(np.float64) @ self.matrix
        return found

    def decide(self, probabilities: NDArray[Any]) -> NDArray[np.intp]:
        """The decision of the least expected cost of each row, as an index; the first of equal ones."""
        found: NDArray[np.intp] = self.expected(probabilities).argmin(axis=1)
        return found

    @property
    def answers(self) -> NDArray[np.intp] | None:
        """For each class the decision of its name; None if one has none."""
        of_decisions = [place_of_label(decision, self.classes) for decision in self.decisions]
        places = [of_decisions.index(k) if k in of_decisions else -1 for k in range(len(self.classes))]
        return None if -1 in places else np.array(places)

    def threshold(self, positive: int) -> float:
        """For two classes whose names are the decisions: the probability of the positive one from which on deciding for it costs less (Elkan 2001); NaN otherwise,
        and where one decision is always the better one."""
        answers = self.answers
        if answers is None or len(self.decisions) != 2 or len(self.classes) != 2:
            return float("nan")
        negative = 1 - positive
        alarm = self.matrix[negative, answers[positive]] - self.matrix[negative, answers[negative]]  # what a false alarm costs, and a miss
        miss = self.matrix[positive, answers[negative]] - self.matrix[positive, answers[positive]]
        return float(alarm / (alarm + miss)) if alarm > 0 and miss > 0 else float("nan")


def costs_of(costs: "Costs | Mapping[Any, Mapping[Any, float]] | ArrayLike", classes: NDArray[Any]) -> Costs:
    """Costs from a dict of dicts {class: {decision: cost}}, a data frame with a row a class and a column a decision, or an array of shape (n_classes, n_classes) whose
    decisions are the classes.

    Raises
    ------
    ValueError
        For a class that is missing or unknown, a decision without a cost, or costs that are not finite numbers.

    Examples
    --------
    >>> costs = costs_of({"sick": {"treat": 1, "wait": 50, "ask": 3}, "well": {"treat": 10, "wait": 0, "ask": 3}}, np.array(["sick", "well"]))
    >>> [costs.decisions[i] for i in costs.decide(np.array([[0.9, 0.1], [0.15, 0.85], [0.01, 0.99]]))]
    ['treat', 'ask', 'wait']
    """
    if isinstance(costs, Costs):
        return _in_order(costs.classes.tolist(), costs.decisions, costs.matrix, classes)
    if isinstance(costs, Mapping):
        return _of_mappings(costs, classes)
    if hasattr(costs, "columns") and hasattr(costs, "index"):
        frame: Any = costs
        return _of_mappings({label: dict(zip(frame.columns, row, strict=True)) for label, row in zip(frame.index, frame.to_numpy().tolist(), strict=True)}, classes)
    try:
        matrix = np.asarray(costs, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"expected costs as a dict of dicts, a data frame or a square array of numbers, got {type(costs).__name__} of others: {str(costs)[:60]}") from None
    return Costs(classes, tuple(classes.tolist()), matrix)


def _of_mappings(costs: Mapping[Any, Mapping[Any, float]], classes: NDArray[Any]) -> Costs:
    decisions: dict[Any, None] = {}
    for label, row in costs.items():
        if not isinstance(row, Mapping):
            raise ValueError(f"expected a dict from decisions to costs for class {label!r}, got {row!r}")
        decisions |= dict.fromkeys(row)
    for label, row in costs.items():
        for decision in decisions:
            if decision not in row:
                raise ValueError(f"expected the cost of decision {decision!r} for class {label!r}, got none")
    return _in_order(list(costs), tuple(decisions), np.array([[_number(row[decision], label, decision) for decision in decisions] for label, row in costs.items()]), classes)


def _in_order(labels: Sequence[Any], decisions: Sequence[Any], matrix: Array, classes: NDArray[Any]) -> Costs:
    """The rows in the order of the classes, found by label or as it is written."""
    places = [place_of_label(label, classes) for label in labels]
    for label, place in zip(labels, places, strict=True):
        if place < 0:
            raise ValueError(f"expected costs of the classes {listing(classes.tolist())}, got some of '{label}'{did_you_mean(str(label), list(map(str, classes.tolist())))}")
    for place, label in enumerate(classes.tolist()):
        if places.count(place) != 1:
            raise ValueError(f"expected one row of costs for each class, got {places.count(place)} for '{label}'")
    return Costs(classes, tuple(decisions), matrix[[places.index(place) for place in range(len(classes))]])


def _number(value: Any, label: Any, decision: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"expected a number as the cost of {decision!r} for class {label!r}, got {value!r}") from None


class CostReport(NamedTuple):
    """Mean costs a row: of the decisions of least expected cost; of deciding for the most probable class (None where it is no decision), of always deciding the
    one that is best on these rows (its index in `always_decision`), each with the interval of what the decisions cost less."""

    decided: Interval
    most_probable: Interval | None
    less_than_most_probable: Interval | None
    always: Interval
    always_decision: int
    less_than_always: Interval
    counts: NDArray[np.int64]


def decision_costs(evaluation: Evaluation, costs: Costs, *, drawn_from: int | None = None) -> CostReport:
    """What deciding by costs costs on rows whose class is known, as means with 95 % intervals; rows of unknown classes do not count. Raises ValueError for no rows."""
    rows = evaluation.counted.take(evaluation.counted.known)
    if not len(rows):
        raise ValueError("expected rows of known classes to tell what decisions cost, got none")
    by_decision, sampling = costs.matrix[rows.targets], sampling_of(rows, drawn_from)
    decisions, every = costs.decide(rows.probabilities), np.arange(len(rows))

    def mean(values: Array) -> Interval:
        return mean_interval(values, sampling)

    paid = by_decision[every, decisions]
    always = int(np.average(by_decision, axis=0, weights=rows.masses).argmin())
    answers = costs.answers
    probable = None if answers is None else by_decision[every, answers[rows.probabilities.argmax(axis=1)]]
    return CostReport(
        mean(paid), None if probable is None else mean(probable), None if probable is None else mean(probable - paid), mean(by_decision[:, always]), always,
        mean(by_decision[:, always] - paid), np.bincount(decisions, minlength=len(costs.decisions)),
    )  # fmt: skip
