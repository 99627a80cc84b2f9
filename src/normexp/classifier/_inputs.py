"""X of any library as a matrix: arrays and frames of numbers by scikit-learn's rules, all else by a schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight, column_or_1d, validate_data

from normexp._labels import classes_and_targets, label_values
from normexp.model import number_columns
from normexp.tables import MatrixColumn, Schema, Table, in_order, is_table, matrix_by_name, matrix_by_schema, names_of_rows, open_source, warn_of

__all__ = ["TrainingRows", "features_of_before", "groups_of", "matrix_of", "training_rows", "weights_of"]

FEATURES = ("n_features_in_", "feature_names_in_")
NUMBERS: dict[str, Any] = {"dtype": [np.float64, np.float32], "ensure_all_finite": "allow-nan"}


class TrainingRows(NamedTuple):
    """What a fit learns from: the matrix, what its columns are, the labels, and the schema where columns had to be told apart."""

    matrix: NDArray[Any]
    columns: tuple[MatrixColumn, ...]
    labels: NDArray[Any]
    schema: Schema | None


@contextmanager
def features_of_before(estimator: Any) -> Iterator[None]:
    """If what is inside fails, the names and number of features are again those that the model knows."""
    before = {name: value for name, value in vars(estimator).items() if name in FEATURES}
    try:
        yield
    except BaseException:
        for name in FEATURES:
            vars(estimator).pop(name, None)
        vars(estimator).update(before)
        raise


def training_rows(estimator: Any, X: Any, y: Any, last: Schema | None = None) -> TrainingRows:
    """X and y of a fit; sets the names and number of features as scikit-learn does.

    `last` is the schema of the fit before, which a warm start reads by where X has its columns: a category keeps the input that was trained on it.
    """
    labels = label_values(y)
    if not isinstance(X, Table) and not is_table(X):
        with np.errstate(over="ignore", invalid="ignore"):  # scikit-learn sums the numbers to look for NaN
            matrix, labels = validate_data(estimator, X, labels, multi_output=False, **NUMBERS)
        return TrainingRows(matrix, number_columns(matrix.shape[1]), labels, None)
    table = X if isinstance(X, Table) else _read(estimator, X, labels, last)
    if isinstance(X, Table):
        _set_names(estimator, [column.name for column in X.schema.columns])
    labels = column_or_1d(labels, warn=True)
    if len(labels) != len(table):
        raise ValueError(f"expected one label a row, got {len(labels)} labels for {len(table)} rows")
    return TrainingRows(table.matrix, table.schema.matrix_columns(), labels, table.schema)


def matrix_of(estimator: Any, X: Any, schema: Schema | None) -> NDArray[Any]:
    """Rows for a model of this schema (None: of numbers): columns are found by their names where it knows some, in any order, further ones are left aside with a word."""
    if isinstance(X, Table):
        return X.matrix
    names = getattr(estimator, "feature_names_in_", None)
    if schema is not None:
        return matrix_by_schema(X, schema, set(() if names is None else names))
    if names is not None:
        found = matrix_by_name(X, list(names))
        if found is not None:
            return found
        X = in_order(X, list(names))
    with np.errstate(over="ignore", invalid="ignore"):
        matrix: NDArray[Any] = validate_data(estimator, X, reset=False, **NUMBERS)
    return matrix


def _read(estimator: Any, X: Any, labels: Any, last: Schema | None) -> Table:
    names = names_of_rows(X)
    if names is None:
        validate_data(estimator, X, labels, skip_check_array=True)
    elif labels is None:
        raise ValueError(f"expected labels y to train {type(estimator).__name__} on, got None")
    else:
        _set_names(estimator, names)
    again = last is not None and {column.name for column in last.columns} <= set(getattr(estimator, "feature_names_in_", ()))
    with open_source(X, schema=last if again else None, keep_numbers=True) as source:
        table = source.table()
    warn_of(table.notes)
    return table


def _set_names(estimator: Any, names: list[Any]) -> None:
    estimator.feature_names_in_, estimator.n_features_in_ = np.array(names, object), len(names)


def groups_of(X: Any, groups: ArrayLike | None, n_rows: int) -> NDArray[np.int64] | None:
    """A number a group for each row, from their names or those of a Table."""
    if groups is None:
        return X.groups if isinstance(X, Table) else None
    names = label_values(groups)
    if names.shape != (n_rows,):
        raise ValueError(f"expected the name of a group for each of the {n_rows} rows, got groups of shape {names.shape}")
    return classes_and_targets(names)[1].astype(np.int64)


def weights_of(sample_weight: ArrayLike | None, matrix: NDArray[Any]) -> NDArray[Any] | None:
    """Weights of rows, finite and at least 0."""
    return None if sample_weight is None else _check_sample_weight(sample_weight, matrix, dtype=np.float64, ensure_non_negative=True)
