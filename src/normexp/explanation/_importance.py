"""Which features matter: the log loss when one is shuffled."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.explanation._features import features_of
from normexp.explanation._forests import Forests
from normexp.explanation._network import DenseNetworks
from normexp.functional import cross_entropy
from normexp.model import as_model
from normexp.tables import Table

__all__ = ["Importance", "permutation_importance"]

WORK = 2_000_000  # rows x features x repeats x members at most, but at least 200 rows


@dataclass(frozen=True, eq=False)
class Importance:
    """By how many nats the log loss rises when a feature is shuffled among the rows: mean and 95 % interval, each of shape (n_features,); from n_rows rows."""

    feature_names: tuple[str, ...]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_rows: int

    def order(self) -> NDArray[np.intp]:
        """Features, the most important first."""
        return np.argsort(-self.mean, kind="stable")


def permutation_importance(model: Any, table: Table, *, n_repeats: int = 5, max_rows: int = 5_000, seed: int = 0) -> Importance:
    """Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019) of the features of a SoftmaxClassifier or a Model on rows that it has not seen.

    Each feature is shuffled `n_repeats` times; the interval is that of the mean over rows of the rise of their loss. Rows of unknown classes are left out, and no more
    than `max_rows` (fewer with very many features) are taken, by chance. A feature that others can stand in for looks less important than it is.

    Parameters
    ----------
    model : SoftmaxClassifier or Model
        Fitted from a table with this schema.
    table : Table
        With targets.
    """
    if table.targets is None:
        raise ValueError("expected a table with targets, got one read without; importance needs the truth")
    known = as_model(model)
    encoder, (names, owners) = known.encoder, features_of(known)
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = np.flatnonzero(table.targets >= 0)
    n_rows = min(len(rows), max_rows, max(200, WORK // (len(names) * n_repeats * len(known.members))))
    rows = np.sort(rng.permutation(rows)[:n_rows])
    network, forests, targets = DenseNetworks.of(known), Forests.of(known), table.targets[rows]
    inputs = encoder.encode(table.matrix, rows).astype(np.float64)
    first = network.first(inputs)
    matrix = table.matrix[rows].astype(np.float64)
    numbers = encoder.numbers(matrix) if forests.kinds else np.empty((n_rows, 0))
    parts = forests.parts(numbers)
    before = cross_entropy(network.logits(first) + forests.logits(numbers), targets, reduction="none") if n_rows else np.empty(0)
    feature_of_input = owners[encoder.columns_of_inputs()]
    mean, error = np.full(len(names), np.nan), np.full(len(names), np.nan)
    for feature in range(len(names) if n_rows else 0):
        places, columns = np.flatnonzero(feature_of_input == feature), np.flatnonzero(owners == feature)
        rises = np.zeros(n_rows)
        for _ in range(n_repeats):
            order = rng.permutation(n_rows)
            logits = network.logits(first + (inputs[np.ix_(order, places)] - inputs[:, places]) @ network.weights[places])
            if forests.kinds:
                shuffled = matrix.copy()
                shuffled[:, columns] = matrix[np.ix_(order, columns)]
                logits += forests.changed(columns.tolist(), numbers, parts, encoder.numbers(shuffled))
            rises += (cross_entropy(logits, targets, reduction="none") - before) / n_repeats
        mean[feature] = rises.mean()
        error[feature] = rises.std(ddof=1) / np.sqrt(n_rows) if n_rows > 1 else 0.0
    return Importance(names, mean, mean - 1.96 * error, mean + 1.96 * error, n_rows)
