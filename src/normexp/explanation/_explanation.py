"""explain(model, X) -> Explanation: the chain from logits to loss, what each feature did, and what would change the answer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normexp._checks import listing
from normexp._labels import classes_and_targets, label_values
from normexp.explanation._features import describe, features_of, offsets_of
from normexp.explanation._flips import Columns, Flip, smallest_flip
from normexp.explanation._forests import Forests
from normexp.explanation._network import DenseNetworks
from normexp.functional import log_softmax, softmax
from normexp.model import Model, as_model
from normexp.tables import Table

__all__ = ["Explanation", "explain"]

TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a model answers what it answers, for n rows.

    classes (n_classes,) and feature_names (n_features,) name the columns; values (n, n_features) are the features as text. logits (n, n_classes) are calibrated,
    probabilities their softmax; predicted and runner_up (n,) index the two most probable classes
    (those of the largest weight x probability, where the model has class weights). contributions (n, n_features) say how far each feature moved
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


def explain(model: Any, X: Any, y: ArrayLike | None = None, *, against_truth: bool = False) -> Explanation:
    """Explain the answers of a fitted SoftmaxClassifier, or of a Model, for rows X.

    Parameters
    ----------
    model : SoftmaxClassifier or Model
    X : what its `predict` takes, n rows; for a Model a Table or a matrix
        Some hundred at most: a row takes some milliseconds.
    y : array_like of shape (n,), optional
        True labels; with them come the losses. Taken from a Table that has targets.
    against_truth : bool, default False
        Where the answer is wrong, compare it with the true class instead of the runner-up.

    Returns
    -------
    Explanation

    Raises
    ------
    TypeError, ValueError
        If the model is of another kind, has not been fitted, or y does not fit X.

    Notes
    -----
    Contributions are measured from the baseline of training medians and shares, and sum to the difference: of networks integrated gradients (Sundararajan, Taly and Yan 2017), of
    trees Shapley values (Lundberg and Lee 2017), exact in every tree but for differences of two columns, whose value both share. Float64.

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
    known, matrix = as_model(model), _matrix(model, X)
    targets = _targets(known.classes, X, y, len(matrix))
    network, forests, encoder = DenseNetworks.of(known), Forests.of(known), known.encoder
    inputs, baseline = encoder.encode(matrix).astype(np.float64), encoder.baseline
    numbers, average = (encoder.numbers(matrix.astype(np.float64)), encoder.average_numbers) if forests.kinds else (np.empty((len(matrix), 0)), np.empty(0))
    logits = network.logits(network.first(inputs)) + forests.logits(numbers)
    raised = np.zeros(len(known.classes)) if known.class_weights is None else np.log(np.maximum(known.class_weights, TINY))
    order = np.argsort(-(logits + raised), axis=1, kind="stable")
    if against_truth and targets is not None:
        wrong = np.flatnonzero((targets >= 0) & (targets != order[:, 0]))
        order[wrong, 1] = targets[wrong]
    names, owners = features_of(known)
    contributions = np.zeros((len(matrix), len(names)))
    at_baseline = (network.logits(network.first(baseline[None])) + forests.logits(average[None]))[0]
    for i, row in enumerate(inputs):
        direction = np.zeros(logits.shape[1])
        direction[order[i, :2]] = 1, -1
        by_input = network.integrated_gradients(baseline, row, direction)
        by_column = forests.contributions(average, numbers[i], direction)
        contributions[i] = np.bincount(owners[encoder.columns_of_inputs()], by_input, len(names)) + np.bincount(owners, by_column, len(names))
    rows = np.arange(len(matrix))
    values = np.array([[describe(known.schema, matrix[i], k, owners) for k in range(len(names))] for i in rows], np.str_).reshape(len(matrix), len(names))
    offsets = offsets_of(known.schema, len(owners))
    columns, answering = Columns(encoder, network, forests), network.raised(raised)
    flips = tuple(_in_words(known, smallest_flip(columns, answering, row, offsets), row, names, owners) for row in matrix)
    return Explanation(
        known.classes, names, values, logits, order[:, 0], order[:, 1], logits[rows, order[:, 0]] - logits[rows, order[:, 1]],
        at_baseline[order[:, 0]] - at_baseline[order[:, 1]], contributions, flips, targets,
    )  # fmt: skip


def _targets(classes: NDArray[Any], X: Any, y: ArrayLike | None, n: int) -> NDArray[np.int64] | None:
    if y is None:
        return X.targets.astype(np.int64) if isinstance(X, Table) and X.targets is not None else None
    labels = label_values(y)
    if labels.shape != (n,):
        raise ValueError(f"expected one label a row, {n} in all, got labels of shape {labels.shape}")
    _, targets = classes_and_targets(labels, classes)
    if (targets < 0).any():
        raise ValueError(f"expected labels out of {listing(classes.tolist())}, got {labels[targets < 0].tolist()[0]!r}")
    return targets.astype(np.int64)


def _matrix(model: Any, X: Any) -> NDArray[Any]:
    if isinstance(X, Table):
        return X.matrix
    if not isinstance(model, Model):
        return np.asarray(model.to_matrix(X))
    if not isinstance(X, np.ndarray):
        raise TypeError(f"expected a Table or a matrix to explain a Model on, got {type(X).__name__}; read it with the model's schema: tables.read(X, schema=model.schema)")
    return X


def _in_words(model: Model, flip: Flip | None, row: NDArray[Any], names: tuple[str, ...], owners: NDArray[np.intp]) -> str | None:
    if flip is None:
        return None
    feature = int(owners[flip.column])
    label, before = model.classes[flip.predicted], describe(model.schema, row, feature, owners)
    return f"the answer would be '{label}' if {names[feature]} were {describe(model.schema, row, feature, owners, flip.value)} instead of {before}"
