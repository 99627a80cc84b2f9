"""What has changed against training: shares of categories, distributions of numbers, missing cells, answers."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.model._model import Model
from normexp.tables import MatrixColumn

__all__ = ["ColumnDrift", "Drift", "drift"]

LEAST_EXPECTED = 5.0
LEVEL = 0.05

Counts = NDArray[np.int64]


class ColumnDrift(NamedTuple):
    """How a matrix column differs from training.

    `distance` is the share of rows that would have to change for the two distributions to be equal (total variation, over tenths of the training rows, or categories;
    missing ones are one more); `p_value` that of a chi-squared test of homogeneity, bins with fewer than 5 expected rows pooled; `adjusted` the same after Holm's (1979)
    correction for the number of columns. `before` and `now` say in words what moved.
    """

    name: str
    distance: float
    p_value: float
    adjusted: float
    before: str
    now: str

    @property
    def has_changed(self) -> bool:
        return self.adjusted < LEVEL


class Drift(NamedTuple):
    """Columns, the most moved first; mean probabilities of the classes on rows held out of training, and on these."""

    columns: tuple[ColumnDrift, ...]
    answers_before: NDArray[np.float64]
    answers_now: NDArray[np.float64]

    @property
    def changed(self) -> tuple[ColumnDrift, ...]:
        return tuple(column for column in self.columns if column.has_changed)


def drift(model: Model, matrix: NDArray[Any], n_threads: int = 0) -> Drift | None:
    """How rows, as a matrix like that of a Table of the model's schema, differ from those that the model has learnt from; None for no rows, or a model without a profile,
    such as one that an older version saved."""
    if model.profile is None or model.encoder.shares is None or not len(matrix):
        return None
    columns = _matrix_columns(model)
    counts = [_counts(model, i, column, matrix[:, i]) for i, column in enumerate(columns)]
    p_values = np.array([_p_value(before, now) for before, now in counts])
    adjusted = _holm(p_values)
    found = [
        ColumnDrift(column.name, _distance(*counts[i]), float(p_values[i]), float(adjusted[i]), *_in_words(model, i, column, *counts[i], matrix[:, i]))
        for i, column in enumerate(columns)
    ]  # fmt: skip
    found.sort(key=lambda column: (-column.has_changed, -column.distance))
    return Drift(tuple(found), model.profile.answers, model.probabilities(matrix, n_threads).mean(axis=0, dtype=np.float64))


def _matrix_columns(model: Model) -> tuple[MatrixColumn, ...]:
    if model.schema is not None:
        return model.schema.matrix_columns()
    names = model.feature_names or tuple(f"x{i}" for i in range(model.n_features))
    return tuple(MatrixColumn(str(name), "number") for name in names)


def _counts(model: Model, i: int, column: MatrixColumn, values: NDArray[Any]) -> tuple[Counts, Counts]:
    """Rows in each bin in training and now; the last bin holds what is missing or not seen in training."""
    assert model.profile is not None
    if column.kind == "category":
        before = np.rint(model.encoder.shares_of_codes(i) * model.profile.n_rows).astype(np.int64)
        codes = values[values >= 0].astype(np.int64)
        now = np.bincount(codes[codes < column.n_codes], minlength=column.n_codes)
        return np.append(before, max(model.profile.n_rows - int(before.sum()), 0)), np.append(now, len(values) - now.sum())
    largest = np.finfo(np.float32).max
    with np.errstate(over="ignore"):
        filled = np.clip(values[~np.isnan(values)].astype(np.float32), -largest, largest).astype(np.float64)
    now = np.bincount(np.searchsorted(model.profile.edges[i], filled), minlength=10)
    return model.profile.counts[i], np.append(now, len(values) - len(filled))


def _distance(before: Counts, now: Counts) -> float:
    return float(abs(before / max(before.sum(), 1) - now / max(now.sum(), 1)).sum() / 2)


def _p_value(before: Counts, now: Counts) -> float:
    """Of the test that both have the same distribution; 1 where there is one bin."""
    from scipy.special import chdtrc  # scipy.stats takes half a second to import

    both = np.stack([before, now])
    both = both[:, both.sum(axis=0) > 0]
    if both.shape[1] < 2 or not both.sum(axis=1).all():
        return 1.0
    expected = both.sum(axis=1).min() * both.sum(axis=0) / both.sum()
    few = expected < LEAST_EXPECTED
    pooled = np.column_stack([both[:, ~few], both[:, few].sum(axis=1)]) if few.any() else both
    if pooled.shape[1] < 2:
        return 1.0
    expected = np.outer(pooled.sum(axis=1), pooled.sum(axis=0)) / pooled.sum()
    return float(chdtrc(pooled.shape[1] - 1, ((pooled - expected) ** 2 / expected).sum()))


def _holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1)), 1)
    return adjusted


def _in_words(model: Model, i: int, column: MatrixColumn, before: Counts, now: Counts, values: NDArray[Any]) -> tuple[str, str]:
    """What moved most: a category's share, the missing cells, or the median and the rows beyond the range of training."""
    shares, new_shares = before / max(before.sum(), 1), now / max(now.sum(), 1)
    if abs(shares[-1] - new_shares[-1]) > _distance(before, now) / 2:
        word = "missing or new" if column.kind == "category" else "missing"
        return f"{word} {shares[-1]:.1%}", f"{word} {new_shares[-1]:.1%}"
    if column.kind == "category":
        most = int(abs(shares - new_shares)[:-1].argmax())
        described = next(one for one in model.schema.columns if one.name == column.name) if model.schema is not None else None
        word = (*described.categories, "other")[most] if described is not None else str(most)
        return f"'{word}' {shares[most]:.1%}", f"'{word}' {new_shares[most]:.1%}"
    if column.kind == "boolean":
        true = np.nanmean(values) if not np.isnan(values).all() else 0.0
        return f"true {(model.encoder.baseline[i - int((model.encoder.n_codes[:i] > 0).sum())] + 1) / 2:.1%}", f"true {true:.1%}"
    return _of_numbers(model, i, values)


def _of_numbers(model: Model, i: int, values: NDArray[Any]) -> tuple[str, str]:
    encoder, filled = model.encoder, values[~np.isnan(values)]
    offset = _offset(model, i)
    beyond = 0.0 if encoder.low is None or encoder.high is None or not len(filled) else float(((filled < encoder.low[i]) | (filled > encoder.high[i])).mean())
    words = f", {beyond:.1%} beyond the range of training" if beyond > 0.0005 else ""
    median = f"median {np.median(filled) + offset:.6g}" if len(filled) else "nothing"
    return f"median {encoder.centre[i] + offset:.6g}", median + words


def _offset(model: Model, i: int) -> float:
    """What the table's numbers are above the matrix's."""
    if model.schema is None:
        return 0.0
    offsets = [column.centre if column.kind == "number" else 0.0 for column in model.schema.columns for _ in range(5 if column.kind == "date" else 1)]
    return float(offsets[i])
