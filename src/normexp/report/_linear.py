"""Coefficients and odds of a linear model, as its report shows them."""

from typing import NamedTuple

import numpy as np

from normexp.report._facts import Subject

__all__ = ["Coefficient", "coefficients_of"]

MOST = 20


class Coefficient(NamedTuple):
    """An encoded input, the class whose logit it moves most, by how much against the mean of the others (of two: against the other), and the odds ratio."""

    name: str
    label: str
    value: float
    odds: float


def coefficients_of(subject: Subject) -> list[Coefficient]:
    """Of a linear model, the largest first, 20 at most; empty for others. Of two classes those of the positive one."""
    model = subject.model
    if not subject.is_regression:
        return []
    weights, _ = model.coefficients()
    n = len(weights)
    against = (weights - weights.mean(axis=0)) * n / (n - 1)  # the mean of the others taken off
    positive = subject.evaluation.positive
    rows = np.abs(against).argmax(axis=0) if positive is None else np.full(weights.shape[1], positive)
    values = against[rows, np.arange(weights.shape[1])]
    names = _names(subject)
    with np.errstate(over="ignore"):
        return [Coefficient(names[i], str(model.classes[rows[i]]), float(values[i]), float(np.exp(values[i]))) for i in np.argsort(-np.abs(values), kind="stable")[:MOST]]


def _names(subject: Subject) -> list[str]:
    model = subject.model
    if model.schema is None:
        return [f"input {i}" for i in range(model.encoder.n_inputs)]
    categories = [column.categories for column in model.schema.columns if column.kind == "category"]
    return model.encoder.input_names(model.schema.matrix_columns(), categories)
