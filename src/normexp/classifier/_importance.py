"""What each feature is worth to a fitted model: what scikit-learn's selectors of features ask for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.functional import cross_entropy
from normexp.model import Model
from normexp.tables import Schema

__all__ = ["importances_of"]

MOST_ROWS, REPEATS = 2_000, 3


def importances_of(
    model: Model, schema: Schema | None, names: Any, matrix: NDArray[Any], targets: NDArray[np.int32], rows: NDArray[np.int64], n_threads: int
) -> NDArray[np.float64]:
    """By how many nats the log loss rises when a feature is shuffled among the rows (2,000 at most; three times), at least 0, shape (n_features,): permutation importance (Breiman
    2001). 0 for columns that the schema leaves out."""
    rng = np.random.Generator(np.random.PCG64(0))
    rows = np.sort(rng.permutation(rows)[:MOST_ROWS])
    cells, truth = matrix[rows], targets[rows]

    def loss() -> float:
        return float(cross_entropy(model.logits(cells, n_threads, dtype=np.float64), truth))

    before, found = loss(), np.zeros(model.n_features)
    for feature, columns in _columns_of_features(schema, names, matrix.shape[1]).items():
        kept = cells[:, columns]
        for _ in range(REPEATS):
            cells[:, columns] = kept[rng.permutation(len(rows))]
            found[feature] += (loss() - before) / REPEATS
        cells[:, columns] = kept
    return np.maximum(found, 0)


def _columns_of_features(schema: Schema | None, names: Any, n_columns: int) -> dict[int, list[int]]:
    """The matrix columns of each feature, by its place among those that fit was given."""
    if schema is None:
        return {i: [i] for i in range(n_columns)}
    places, at, found = {name: i for i, name in enumerate(names)}, 0, {}
    for column in schema.columns:
        width = len(Schema((column,)).matrix_columns())
        found[places[column.name]] = list(range(at, at + width))
        at += width
    return found
