"""explain(model, X) -> Explanation: the chain from logits to loss, what each feature did, and what would change the answer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normexp._checks import listing
from normexp.explanation._flips import Flip, smallest_flip
from normexp.explanation._network import ReluNetwork
from normexp.functional import log_softmax, softmax
from normexp.tables import Schema, Table

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a model answers what it answers, for n rows.

    classes (n_classes,) and feature_names (n_features,) name the columns; values (n, n_features) are the features as text. logits (n, n_classes) are calibrated,
    probabilities their softmax; predicted and runner_up (n,) index the two most probable classes. contributions (n, n_features) say how far each feature moved
    the predicted class's logit against the runner-up's, from an average row (medians of numbers, shares of categories) to this one:
    baseline_difference + sum of contributions = difference. flips hold, for each row, the smallest change of one feature that changes the answer, in words, or None if none of
    those that were tried does (see docs/guide/looking.md).
    targets (n,) and losses (n,) are there if the truth is known: -1 and NaN for an unknown class.
    """

    classes: NDArray[Any]
    feature_names: tuple[str, ...]
    values: NDArray[np.str_]
    logits: NDArray[np.float64]
    predicted: NDArray[np.intp]
    runner_up: NDArray[np.intp]
    differences: NDArray[np.float64]
    baseline_differences: NDArray[np.float64]
    contributions: NDArray[np.float64]
    flips: tuple[str | None, ...]
    targets: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.logits)

    @property
    def exponentials(self) -> NDArray[np.float64]:
        """exp(logit); infinite above 709.78."""
        with np.errstate(over="ignore"):
            return np.exp(self.logits)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        found: NDArray[np.float64] = softmax(self.logits)
        return found

    @property
    def losses(self) -> NDArray[np.float64] | None:
        """-ln of the target's probability, in nats."""
        if self.targets is None:
            return None
        of_target = -log_softmax(self.logits)[np.arange(len(self)), self.targets]
        return np.where(self.targets >= 0, of_target, np.nan)

    def order(self, row: int) -> NDArray[np.intp]:
        """Features of a row, the one that moved most first."""
        return np.argsort(-abs(self.contributions[row]), kind="stable")

    def to_dict(self, row: int) -> dict[str, Any]:
        """One row as plain values, features in order of what they moved."""
        label, probabilities, losses = self.classes.tolist(), self.probabilities[row], self.losses
        known = self.targets is not None and self.targets[row] >= 0
        return {
            "predicted": label[self.predicted[row]], "runner_up": label[self.runner_up[row]],
            "target": label[self.targets[row]] if self.targets is not None and known else None, "loss": float(losses[row]) if losses is not None and known else None,
            "classes": [
                {"class": name, "logit": float(z), "exponential": float(e), "probability": float(p)}
                for name, z, e, p in zip(label, self.logits[row], self.exponentials[row], probabilities, strict=True)
            ],
            "difference": float(self.differences[row]), "baseline_difference": float(self.baseline_differences[row]),
            "features": [
                {"feature": self.feature_names[i], "value": str(self.values[row, i]), "contribution": float(self.contributions[row, i])} for i in self.order(row)
            ],
            "flip": self.flips[row],
        }  # fmt: skip

    def __str__(self) -> str:
        return "\n\n".join(self._text(row) for row in range(min(len(self), 10))) + ("\n…" if len(self) > 10 else "")

    def _text(self, row: int) -> str:
        found = self.to_dict(row)
        first, second = self.predicted[row], self.runner_up[row]
        p = self.probabilities[row]
        lines = [f"predicted {found['predicted']} ({p[first]:.2%}), then {found['runner_up']} ({p[second]:.2%})"]
        lines += [f"  {item['contribution']:+9.4f}  {item['feature']} = {item['value']}" for item in found["features"][:8]]
        return "\n".join([*lines, f"  {self.flips[row] or NO_FLIP}"])


NO_FLIP = "no change of a single feature that was tried gives another answer"


def explain(model: Any, X: Any, y: ArrayLike | None = None) -> Explanation:
    """Explain a fitted SoftmaxClassifier's answers for rows X.

    Parameters
    ----------
    model : SoftmaxClassifier
    X : what its `predict` takes, n rows
        Some hundred at most: a row takes some milliseconds.
    y : array_like of shape (n,), optional
        True labels; with them come the losses. Taken from a Table that has targets.

    Returns
    -------
    Explanation

    Raises
    ------
    TypeError, ValueError
        If the model is of another kind, has not been fitted, or y does not fit X.

    Notes
    -----
    Contributions are integrated gradients (Sundararajan, Taly and Yan 2017) from the baseline of training medians and shares; they sum to the difference
    within 1e-3 x max(1, |difference|). Float64.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from normexp import SoftmaxClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> found = explain(SoftmaxClassifier(random_state=0).fit(X, y), X[:1])
    >>> int(found.classes[found.predicted[0]])
    0
    >>> gap = found.baseline_differences[0] + found.contributions[0].sum() - found.differences[0]
    >>> bool(abs(gap) < 1e-3 * max(1, found.differences[0]))
    True
    """
    from sklearn.utils.validation import check_is_fitted

    from normexp.classifier import SoftmaxClassifier

    if not isinstance(model, SoftmaxClassifier):
        raise TypeError(f"expected a SoftmaxClassifier, got {type(model).__name__}")
    check_is_fitted(model)
    matrix = np.asarray(model.to_matrix(X))
    targets = _targets(model.classes_, X, y, len(matrix))
    network, encoder = ReluNetwork.of(model), model.encoder_
    inputs, baseline = encoder.encode(matrix).astype(np.float64), encoder.baseline
    logits = network.logits(network.first(inputs))
    order = np.argsort(-logits, axis=1, kind="stable")
    names, owners = features_of(model)
    contributions = np.zeros((len(matrix), len(names)))
    at_baseline = network.logits(network.first(baseline[None]))[0]
    for i, row in enumerate(inputs):
        direction = np.zeros(logits.shape[1])
        direction[order[i, :2]] = 1, -1
        by_input = network.integrated_gradients(baseline, row, direction)
        contributions[i] = np.bincount(owners[encoder.columns_of_inputs()], by_input, len(names))
    rows = np.arange(len(matrix))
    values = np.array([[describe(model.schema_, matrix[i], k, owners) for k in range(len(names))] for i in rows], np.str_).reshape(len(matrix), len(names))
    offsets = _offsets(model.schema_, len(owners))
    flips = tuple(_in_words(model, smallest_flip(encoder, network, row, offsets), row, names, owners) for row in matrix)
    return Explanation(
        model.classes_, names, values, logits, order[:, 0], order[:, 1], logits[rows, order[:, 0]] - logits[rows, order[:, 1]],
        at_baseline[order[:, 0]] - at_baseline[order[:, 1]], contributions, flips, targets,
    )  # fmt: skip


def _targets(classes: NDArray[Any], X: Any, y: ArrayLike | None, n: int) -> NDArray[np.int64] | None:
    if y is None:
        return X.targets.astype(np.int64) if isinstance(X, Table) and X.targets is not None else None
    labels = np.asarray(y)
    if labels.shape != (n,):
        raise ValueError(f"expected one label a row, {n} in all, got labels of shape {labels.shape}")
    index = {label: i for i, label in enumerate(classes.tolist())}
    unknown = [label for label in labels.tolist() if label not in index]
    if unknown:
        raise ValueError(f"expected labels out of {listing(classes.tolist())}, got {unknown[0]!r}")
    return np.array([index[label] for label in labels.tolist()], np.int64)


def features_of(model: Any) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Names of the table's columns, and for each matrix column the table column that it belongs to: the parts of a date are one feature."""
    if model.schema_ is None:
        named = getattr(model, "feature_names_in_", None)
        n = int(model.n_features_in_)
        return tuple(str(name) for name in named) if named is not None else tuple(f"x{i}" for i in range(n)), np.arange(n)
    columns = model.schema_.columns
    widths = [len(Schema((column,)).matrix_columns()) for column in columns]
    return tuple(column.name for column in columns), np.repeat(np.arange(len(columns)), widths)


def describe(schema: Schema | None, row: NDArray[Any], feature: int, owners: NDArray[np.intp], value: float | None = None) -> str:
    """A feature of a matrix row as the table has it, or another value of its first matrix column."""
    at = int(np.flatnonzero(owners == feature)[0])
    number = float(row[at]) if value is None else value
    if np.isnan(number):
        return "missing"
    if schema is None:
        return plain(number)
    column = schema.columns[feature]
    if column.kind == "category":
        words = (*column.categories, "other")
        return words[int(number)] if 0 <= number < column.n_codes else "not seen in training"
    if column.kind == "boolean":
        return "true" if number else "false"
    if column.kind == "date":
        return np.datetime_as_string(np.datetime64(round(number + column.centre), "s")).replace("T", " ").removesuffix(" 00:00:00")
    return plain(number) if column.centre == 0 else f"{number + column.centre + 0.0:.12g}"


def plain(number: float) -> str:
    """As few digits as tell it from every other float32."""
    return np.format_float_positional(np.float32(number), trim="-") if 1e-4 <= abs(number) < 1e8 else f"{np.float32(number) + 0:.9g}"


def _offsets(schema: Schema | None, n: int) -> NDArray[np.float64]:
    """What the table's numbers are above the matrix's; NaN for the parts of dates, which cannot be changed by themselves."""
    if schema is None:
        return np.zeros(n)
    return np.array([np.nan if column.kind == "date" else column.centre for column in schema.columns for _ in Schema((column,)).matrix_columns()])


def _in_words(model: Any, flip: Flip | None, row: NDArray[Any], names: tuple[str, ...], owners: NDArray[np.intp]) -> str | None:
    if flip is None:
        return None
    feature = int(owners[flip.column])
    label, before = model.classes_[flip.predicted], describe(model.schema_, row, feature, owners)
    return f"the answer would be '{label}' if {names[feature]} were {describe(model.schema_, row, feature, owners, flip.value)} instead of {before}"
