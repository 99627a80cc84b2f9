"""The layers that normalise: by given moments, by those of the batch, by those of each row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import network
from normexp.keras import constraints, initializers, regularizers
from normexp.keras._layer import Layer, Shape, flat, treatment
from normexp.keras._names import unsupported

__all__ = ["BatchNormalization", "LayerNormalization", "Normalization"]


class Normalization(Layer):
    """(x - mean) / standard deviation of each entry of the last axis, from `adapt` or given; `invert` goes back."""

    def __init__(self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **base: Any) -> None:
        super().__init__(**base)
        axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
        unsupported("Normalization", axis=(axis, -1))
        if (mean is None) != (variance is None):
            raise ValueError(f"expected both mean and variance in Normalization, or neither, got mean={mean!r}, variance={variance!r}")
        self._describe(axis=axis, mean=_numbers(mean), variance=_numbers(variance), invert=invert)
        self.mean: Any
        self.variance: Any
        self.mean, self.variance = (None, None) if mean is None else (np.asarray(mean, np.float32), np.asarray(variance, np.float32))
        if mean is not None and not (np.isfinite(self.mean).all() and np.isfinite(self.variance).all() and (self.variance >= 0).all()):
            raise ValueError(f"expected a finite mean and a finite variance of at least 0 in Normalization, got mean={mean!r:.100}, variance={variance!r:.100}")
        self.count = 0

    def adapt(self, data: Any) -> None:
        """Mean and variance over all axes but the last."""
        x = np.asarray(data, np.float64)
        axes = tuple(range(x.ndim - 1))
        self.mean, self.variance, self.count = np.asarray(x.mean(axes), np.float32), np.asarray(x.var(axes), np.float32), 0
        self._fill()

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        for name in ("mean", "variance"):
            given = np.shape(self._arguments[name] if self._arguments[name] is not None else 0.0)
            if int(np.prod(given)) not in (1, shape[-1]):
                raise ValueError(f"expected one number or {shape[-1]} as {name} of layer '{self.name}', as its inputs have, got shape {given}")
        self._last_axis = shape[-1]
        return (network.Scale(),)

    def hold(self, views: list[NDArray[np.float32]]) -> None:
        self._factors = views
        self._width = views[0].size
        if self.mean is None:  # not adapted yet: nothing changes, as in Keras
            n = self._last_axis
            self.mean, self.variance = np.zeros(n, np.float32), np.ones(n, np.float32)
        self._fill()

    def _fill(self) -> None:
        factors = getattr(self, "_factors", None)
        if factors is None:
            return
        deviation = np.maximum(np.sqrt(np.asarray(self.variance, np.float64)), 1e-7)
        scale, shift = (deviation, self.mean) if self._arguments["invert"] else (1 / deviation, -self.mean / deviation)
        for view, values in zip(factors, (scale, shift), strict=True):
            view[...] = np.resize(values, self._width)  # once for each entry of the axes before

    def get_weights(self) -> list[NDArray[Any]]:
        if self._arguments["mean"] is not None or self.mean is None:
            return []
        return [np.array(self.mean), np.array(self.variance), np.array(self.count, np.int32)]

    def set_weights(self, weights: list[Any]) -> None:
        if len(weights) != (0 if self._arguments["mean"] is not None else 3):
            raise ValueError(f"expected mean, variance and count for layer '{self.name}', got {len(weights)} arrays")
        if weights:
            self.mean, self.variance, self.count = np.asarray(weights[0], np.float32), np.asarray(weights[1], np.float32), int(weights[2])
            self._fill()


def _numbers(values: Any) -> Any:
    return None if values is None else np.asarray(values, np.float32).tolist()


class BatchNormalization(Layer):
    """By the moments of the batch in training, by their moving averages afterwards."""

    def __init__(
        self, axis: Any = -1, momentum: float = 0.99, epsilon: float = 0.001, center: bool = True, scale: bool = True,
        beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", moving_mean_initializer: Any = "zeros", moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None, gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None, synchronized: bool = False, **base: Any,
    ) -> None:  # fmt: skip
        for name in ("renorm", "renorm_clipping", "renorm_momentum"):
            base.pop(name, None) if base.get(name) in (None, False, 0.99) else None
        super().__init__(**base)
        if not 0 <= momentum <= 1 or not epsilon > 0:
            raise ValueError(f"expected momentum of BatchNormalization from 0 to 1 and epsilon above 0, got {momentum!r} and {epsilon!r}")
        unsupported("BatchNormalization", axis=(axis, (-1, 1)), synchronized=(synchronized, False))
        self._describe(
            axis=axis, momentum=momentum, epsilon=epsilon, center=center, scale=scale, beta_initializer=initializers.get(beta_initializer),
            gamma_initializer=initializers.get(gamma_initializer), moving_mean_initializer=initializers.get(moving_mean_initializer),
            moving_variance_initializer=initializers.get(moving_variance_initializer), beta_regularizer=regularizers.get(beta_regularizer),
            gamma_regularizer=regularizers.get(gamma_regularizer), beta_constraint=constraints.get(beta_constraint), gamma_constraint=constraints.get(gamma_constraint),
        )  # fmt: skip

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        a = self._arguments
        flat(shape, self)
        return (network.BatchNormalize(a["momentum"], a["epsilon"], a["center"], a["scale"], self.trainable),)

    def starts(self) -> tuple[Any, ...]:
        a = self._arguments
        return (*_gamma_and_beta(a, "initializer"), a["moving_mean_initializer"], a["moving_variance_initializer"])

    def treatments(self) -> tuple[dict[str, Any], ...]:
        pairs = zip(_gamma_and_beta(self._arguments, "regularizer"), _gamma_and_beta(self._arguments, "constraint"), strict=True)
        return (*(treatment(*pair) for pair in pairs), {}, {})


def _gamma_and_beta(arguments: dict[str, Any], what: str) -> tuple[Any, ...]:
    return tuple(arguments[f"{name}_{what}"] for name, used in (("gamma", arguments["scale"]), ("beta", arguments["center"])) if used)


class LayerNormalization(Layer):
    """By the moments of each row."""

    def __init__(
        self, axis: Any = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True, beta_initializer: Any = "zeros", gamma_initializer: Any = "ones",
        beta_regularizer: Any = None, gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None, rms_scaling: bool = False, **base: Any,
    ) -> None:  # fmt: skip
        super().__init__(**base)
        axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
        if not epsilon > 0:
            raise ValueError(f"expected epsilon of LayerNormalization above 0, got {epsilon!r}")
        unsupported("LayerNormalization", axis=(axis, (-1, 1)), rms_scaling=(rms_scaling, False))
        self._describe(
            axis=axis, epsilon=epsilon, center=center, scale=scale, beta_initializer=initializers.get(beta_initializer), gamma_initializer=initializers.get(gamma_initializer),
            beta_regularizer=regularizers.get(beta_regularizer), gamma_regularizer=regularizers.get(gamma_regularizer), beta_constraint=constraints.get(beta_constraint),
            gamma_constraint=constraints.get(gamma_constraint),
        )  # fmt: skip

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        a = self._arguments
        flat(shape, self)
        return (network.LayerNormalize(a["epsilon"], a["center"], a["scale"], self.trainable),)

    def starts(self) -> tuple[Any, ...]:
        return _gamma_and_beta(self._arguments, "initializer")

    def treatments(self) -> tuple[dict[str, Any], ...]:
        pairs = zip(_gamma_and_beta(self._arguments, "regularizer"), _gamma_and_beta(self._arguments, "constraint"), strict=True)
        return tuple(treatment(*pair) for pair in pairs)
