"""A table, ready for a classifier."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.errors import DataError
from normexp.tables._schema import Schema

__all__ = ["Table"]


@dataclass(frozen=True)
class Table:
    """A table, ready for a classifier.

    `matrix` is float32 of shape (n_rows, n_matrix_columns), columns as in `schema.matrix_columns()`; `targets` are indices into `classes`;
    `row_numbers` count the source's rows from 1 where some were dropped, else None; `notes` say what was left out, dropped or counted. Rows of one of `groups`
    belong together, and `times` order them: whoever splits the rows keeps to that.
    """

    schema: Schema
    matrix: NDArray[np.float32]
    targets: NDArray[np.int32] | None = None
    classes: NDArray[Any] | None = None
    weights: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()
    row_numbers: NDArray[np.int64] | None = None
    groups: NDArray[np.int64] | None = None
    times: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.matrix)

    def take(self, rows: NDArray[np.int64]) -> "Table":
        """Some of the rows, which keep their numbers."""
        targets, weights = None if self.targets is None else self.targets[rows], None if self.weights is None else self.weights[rows]
        numbers = rows + 1 if self.row_numbers is None else self.row_numbers[rows]
        groups, times = None if self.groups is None else self.groups[rows], None if self.times is None else self.times[rows]
        return Table(self.schema, self.matrix[rows], targets, self.classes, weights, self.notes, numbers, groups, times)

    def with_target(self) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """Classes and targets; raises DataError where the table was read without."""
        if self.targets is None or self.classes is None:
            raise DataError("expected a table with a target, got one read without; pass target= to tables.read")
        return self.classes, self.targets

    @property
    def labels(self) -> NDArray[Any]:
        """The target's own values, one a row; raises DataError where one is none of the classes."""
        classes, targets = self.with_target()
        if (targets < 0).any():
            raise DataError(f"expected rows of the table's classes, got one of another, the first at index {int(np.flatnonzero(targets < 0)[0])}; leave such rows out")
        labels: NDArray[Any] = classes[targets]
        return labels
