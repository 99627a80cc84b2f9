"""Keras's losses, by what the engine does for them. Called with targets and predictions they give the mean over the rows."""

import warnings
from typing import Any

import numpy as np

from normexp import network
from normexp._checks import users_line
from normexp.keras._names import Described, absent, resolved, snake_case, unsupported

__all__ = [
    "BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy", "KLDivergence", "Loss", "MeanAbsoluteError", "MeanSquaredError",
    "SparseCategoricalCrossentropy", "binary_crossentropy", "categorical_crossentropy", "get", "mean_absolute_error", "mean_squared_error", "sparse_categorical_crossentropy",
]  # fmt: skip


_LAST: dict[str, Any] = {"softmax": network.Softmax(), "sigmoid": network.Activate("sigmoid"), "linear": network.Dense(1)}
_KINDS = {network.Network(1, (layer,)).plan()[0][:2]: name for name, layer in _LAST.items()}


class Loss(Described):
    """The base of all losses; not itself a loss.

    `kind` and `on_logits` are the engine's losses of probabilities and of logits; `squashes` is the activation that makes the former from the latter.
    """

    kind: str
    on_logits: str | None = None
    squashes: str | None = None
    takes_classes = False
    of_probabilities = True  # are targets, and predictions, from 0 to 1?
    of_classes = True  # is a column of the targets a class?
    needs_several = False  # does one output say nothing?
    from_logits = False
    label_smoothing = 0.0

    def _start(self, name: str | None, reduction: str, dtype: Any, axis: int = -1, **arguments: Any) -> None:
        unsupported(type(self).__name__, reduction=(reduction, ("sum_over_batch_size", "auto")), axis=(axis, (-1, 1)), dtype=(dtype, (None, "float32")))
        self.name = name or snake_case(type(self).__name__)
        self._describe(**arguments)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": "sum_over_batch_size", **super().get_config()}

    def engine(self, kind: str) -> network.Loss:
        return network.Loss(kind, self.label_smoothing)

    def plan(self, layers: list[Any]) -> tuple[list[Any], network.Loss, str | None]:
        """The engine's layers and loss for training: a last softmax or sigmoid is taken into the loss. Third: what makes predictions of these layers' outputs."""
        squash = network.Network(layers[-1][3], (network.Softmax() if self.squashes == "softmax" else network.Activate("sigmoid"),)).plan()[0] if self.squashes else None
        self._warn(layers[-1])
        if self.from_logits and self.on_logits is None:
            return [*layers, squash], self.engine(self.kind), None
        if self.from_logits:
            return layers, self.engine(self.on_logits or self.kind), None
        if self.on_logits and squash is not None and layers[-1][:2] == squash[:2] and len(layers) > 1:
            return layers[:-1], self.engine(self.on_logits), self.squashes
        return layers, self.engine(self.kind), None

    def _warn(self, last: Any) -> None:
        """Of a last layer whose outputs this loss makes nothing of."""
        kind = _KINDS.get(last[:2])
        if self.needs_several and last[3] == 1:
            warnings.warn(
                f"expected more than one output for {self.name}, one for each class, got 1; use binary_crossentropy with a sigmoid, or Dense(2, activation='softmax')",
                SyntaxWarning, stacklevel=users_line(),
            )  # fmt: skip
        if self.from_logits and kind in ("softmax", "sigmoid"):
            advice = "leave away either the activation or from_logits=True"
            warnings.warn(f"expected logits for {self.name} with from_logits=True, got outputs of {kind}; {advice}", stacklevel=users_line())
        if self.of_probabilities and not self.from_logits and kind == "linear":
            advice = f"add activation='{self.squashes or 'softmax'}'" + (" or give from_logits=True" if self.on_logits else "")
            warnings.warn(f"expected probabilities from the last layer for {self.name}, got the outputs of a linear one; {advice}", stacklevel=users_line())

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        from normexp.keras._data import targets_of, weights_of

        predictions = np.ascontiguousarray(np.asarray(y_pred, np.float32).reshape(len(y_pred), -1))
        layers, loss, _ = self.plan(network.Network(predictions.shape[1], (network.Dropout(0.0),)).plan())
        part = network.Rows(predictions, targets_of(y_true, self, predictions.shape[1]), np.arange(len(predictions)), weights_of(sample_weight, len(predictions)))
        sums = network.evaluate_rows(layers, network.Parameters(np.empty(0, np.float32), ()), part, loss)
        return sums.loss / sums.rows if sums.rows else float("nan")


class CategoricalCrossentropy(Loss):
    """-sum t log p; targets one-hot or probabilities."""

    needs_several = True
    kind, on_logits, squashes = "categorical", "softmax", "softmax"

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1, reduction: str = "sum_over_batch_size", name: str | None = None, dtype: Any = None
    ) -> None:
        self._start(name, reduction, dtype, axis, from_logits=from_logits, label_smoothing=_smoothing(label_smoothing))


class SparseCategoricalCrossentropy(Loss):
    """-log p of the target class; targets are class indices."""

    needs_several = True
    kind, on_logits, squashes = "categorical", "softmax", "softmax"
    takes_classes = True

    def __init__(
        self, from_logits: bool = False, ignore_class: int | None = None, reduction: str = "sum_over_batch_size", axis: int = -1, name: str | None = None, dtype: Any = None
    ) -> None:
        unsupported("SparseCategoricalCrossentropy", ignore_class=(ignore_class, None))
        self._start(name, reduction, dtype, axis, from_logits=from_logits)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "ignore_class": None}


class BinaryCrossentropy(Loss):
    """-(t log p + (1 - t) log(1 - p)), the mean over the outputs."""

    kind, on_logits, squashes = "binary", "sigmoid", "sigmoid"

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1, reduction: str = "sum_over_batch_size", name: str | None = None, dtype: Any = None
    ) -> None:
        self._start(name, reduction, dtype, axis, from_logits=from_logits, label_smoothing=_smoothing(label_smoothing))


class CategoricalFocalCrossentropy(Loss):
    """-sum alpha (1 - p)^gamma t log p."""

    needs_several = True
    kind, squashes = "focal", "softmax"
    alpha, gamma = 0.25, 2.0

    def __init__(
        self, alpha: Any = 0.25, gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1, reduction: str = "sum_over_batch_size",
        name: str | None = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if not isinstance(alpha, (int, float)):
            raise ValueError(f"expected one number as alpha of CategoricalFocalCrossentropy, got {alpha!r}; weigh classes with class_weight")
        self._start(name, reduction, dtype, axis, alpha=float(alpha), gamma=float(gamma), from_logits=from_logits, label_smoothing=_smoothing(label_smoothing))

    def engine(self, kind: str) -> network.Loss:
        return network.Loss(kind, self.label_smoothing, self.alpha, self.gamma)


class KLDivergence(Loss):
    """sum t log(t / p)."""

    needs_several = True
    kind = "divergence"

    def __init__(self, reduction: str = "sum_over_batch_size", name: str | None = None, dtype: Any = None) -> None:
        self._start(name or "kl_divergence", reduction, dtype)


class _OfNumbers(Loss):
    """Of outputs and targets that may be any numbers."""

    of_probabilities = of_classes = False

    def __init__(self, reduction: str = "sum_over_batch_size", name: str | None = None, dtype: Any = None) -> None:
        self._start(name, reduction, dtype)


class MeanSquaredError(_OfNumbers):
    """(y - t)^2, the mean over the outputs."""

    kind = "squared"


class MeanAbsoluteError(_OfNumbers):
    """|y - t|, the mean over the outputs."""

    kind = "absolute"


def _smoothing(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"expected label_smoothing from 0 to 1, got {value!r}")
    return float(value)


def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0) -> float:
    """The mean of the rows' losses."""
    return CategoricalCrossentropy(from_logits, label_smoothing)(y_true, y_pred)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> float:
    """The mean of the rows' losses."""
    return SparseCategoricalCrossentropy(from_logits)(y_true, y_pred)


def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0) -> float:
    """The mean of the rows' losses."""
    return BinaryCrossentropy(from_logits, label_smoothing)(y_true, y_pred)


def mean_squared_error(y_true: Any, y_pred: Any) -> float:
    """The mean of the rows' losses."""
    return MeanSquaredError()(y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> float:
    """The mean of the rows' losses."""
    return MeanAbsoluteError()(y_true, y_pred)


_KNOWN: dict[str, type] = {
    cls.__name__: cls for cls in (
        BinaryCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy, KLDivergence, MeanAbsoluteError, MeanSquaredError, SparseCategoricalCrossentropy,
    )
}  # fmt: skip
SHORT = {"kl_divergence": "KLDivergence", "kld": "KLDivergence", "bce": "BinaryCrossentropy", "mse": "MeanSquaredError", "mae": "MeanAbsoluteError"}
SHORT |= {name.upper(): SHORT[name] for name in ("kld", "bce", "mse", "mae")}
FUNCTIONS: dict[Any, type] = {
    categorical_crossentropy: CategoricalCrossentropy, sparse_categorical_crossentropy: SparseCategoricalCrossentropy, binary_crossentropy: BinaryCrossentropy,
    mean_squared_error: MeanSquaredError, mean_absolute_error: MeanAbsoluteError,
}  # fmt: skip


def get(identifier: Any) -> Any:
    """The loss of that name; a function of this module stands for its class."""
    if callable(identifier) and identifier in FUNCTIONS:
        return FUNCTIONS[identifier]()
    return resolved(SHORT.get(identifier, identifier) if isinstance(identifier, str) else identifier, _KNOWN, "a loss")


__getattr__ = absent(__name__, __all__)
