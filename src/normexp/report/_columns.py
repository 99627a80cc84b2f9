"""What there is to say of a table's columns."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import counted
from normexp.tables import Table

__all__ = ["ColumnFacts", "column_facts"]

LEAST_ROWS = 30  # to learn from a column alone


@dataclass(frozen=True)
class ColumnFacts:
    """A column of the table, in words."""

    name: str
    kind: str
    missing: float
    content: str
    alone: float  # accuracy of the answer from this column alone; NaN where not looked at


def column_facts(table: Table, features: NDArray[np.intp], owners: NDArray[np.intp]) -> list[ColumnFacts]:
    """Facts of some columns, each tried as the only source of the answer."""
    found = []
    for feature in features:
        column = table.schema.columns[feature]
        values = table.matrix[:, np.flatnonzero(owners == feature)[0]]
        filled = values[~np.isnan(values)].astype(np.float64)
        found.append(ColumnFacts(column.name, column.kind, 1 - len(filled) / max(len(values), 1), _content(column, filled), _alone(table, values, column.kind)))
    return found


def _content(column: Any, filled: NDArray[np.float64]) -> str:
    if not len(filled):
        return "nothing"
    if column.kind == "category":
        counts = np.bincount(filled[filled >= 0].astype(np.int64), minlength=column.n_codes)
        words = [*column.categories, "other"]
        unseen = int((filled < 0).sum())
        listed = ", ".join(f"{words[i]} {counts[i] / len(filled):.0%}" for i in np.argsort(-counts, kind="stable")[:3] if counts[i])
        return f"{counted((counts > 0).sum(), 'category', 'categories')}: {listed}" + (f"; {unseen} rows with one not seen in training" if unseen else "")
    if column.kind == "boolean":
        return f"true {filled.mean():.0%}"
    low, middle, high = np.quantile(filled, (0, 0.5, 1)) + column.centre
    digits = 5 if abs(column.centre) == 0 else 12  # large numbers differ in their last digits
    if column.kind == "date":
        first, last = (np.datetime_as_string(np.datetime64(round(end), "s"), unit="D") for end in (low, high))
        return f"{first} to {last}"
    return " to ".join(f"{end:.{digits}g}" for end in (low, high)) + f", median {middle:.{digits}g}"


def _alone(table: Table, values: NDArray[np.float32], kind: str) -> float:
    """Share of rows that a small decision tree of this column alone gets right, learnt from every second row and tested on the others; 5,000 rows at most."""
    from sklearn.tree import DecisionTreeClassifier

    assert table.targets is not None
    rows = np.flatnonzero(table.targets >= 0)
    rows = np.random.Generator(np.random.PCG64(0)).permutation(rows)[:5_000]
    if len(rows) < LEAST_ROWS:
        return float("nan")
    x = np.nan_to_num(values[rows, None].astype(np.float64), nan=-1e9 if kind == "number" else -2)
    leaves = 64 if kind == "category" else 4 * max(len(np.unique(table.targets[rows])), 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # many classes look like a regression to scikit-learn
        tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(x[::2], table.targets[rows[::2]])
        return float(tree.score(x[1::2], table.targets[rows[1::2]]))
