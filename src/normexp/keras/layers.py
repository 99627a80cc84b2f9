"""Keras's layers: what was asked for, and what the engine does for it. Weights live in the flat vector of the model."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import network
from normexp.keras import activations, constraints, initializers, regularizers
from normexp.keras._layer import Layer as Layer
from normexp.keras._layer import Shape, flat, next_name, treatment
from normexp.keras._names import absent, unsupported
from normexp.keras._normalizing import BatchNormalization as BatchNormalization
from normexp.keras._normalizing import LayerNormalization as LayerNormalization
from normexp.keras._normalizing import Normalization as Normalization

__all__ = [
    "Activation", "BatchNormalization", "Dense", "Dropout", "ELU", "Flatten", "GaussianNoise", "Input", "InputLayer", "LayerNormalization", "Layer", "LeakyReLU", "Normalization",
    "PReLU", "ReLU", "Rescaling", "Softmax",
]  # fmt: skip

class InputLayer(Layer):
    """The shape of a row, without the batch axis."""

    def __init__(self, shape: Shape | None = None, *, batch_shape: Shape | None = None, name: str | None = None, **others: Any) -> None:
        unsupported("Input", **{key: (value, (None, False, "float32", True)) for key, value in others.items()})
        super().__init__(name=name or next_name("input_layer"))
        if shape is None and batch_shape is None:
            raise ValueError("expected the shape of a row in Input, got none; pass shape=(n,)")
        self.shape: Shape = tuple(int(n) for n in ((shape,) if isinstance(shape, int) else shape) or ()) if shape is not None else tuple((batch_shape or ())[1:])
        self._describe()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "batch_shape": [None, *self.shape], "dtype": "float32"}


Input = InputLayer


class Dense(Layer):
    """activation(x @ kernel + bias)."""

    def __init__(
        self, units: int, activation: Any = None, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None,
        lora_rank: int | None = None, **base: Any,
    ) -> None:  # fmt: skip
        base.pop("quantization_config", None)
        super().__init__(**base)
        unsupported("Dense", activity_regularizer=(activity_regularizer, None), lora_rank=(lora_rank, None))
        if units < 1:
            raise ValueError(f"expected at least 1 unit in Dense, got {units!r}")
        self.units = int(units)
        self.use_bias = use_bias
        self._describe(
            units=self.units, activation=activations.name_of(activation), use_bias=use_bias, kernel_initializer=initializers.get(kernel_initializer),
            bias_initializer=initializers.get(bias_initializer), kernel_regularizer=regularizers.get(kernel_regularizer), bias_regularizer=regularizers.get(bias_regularizer),
            kernel_constraint=constraints.get(kernel_constraint), bias_constraint=constraints.get(bias_constraint),
        )  # fmt: skip

    def shape_after(self, shape: Shape) -> Shape:
        flat(shape, self)
        return (self.units,)

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        flat(shape, self)
        after = activations.engine_of(self._arguments["activation"])
        if isinstance(after, network.Activate) and after.activation == "relu":
            return (network.Dense(self.units, "relu", self.use_bias, self.trainable),)
        return (network.Dense(self.units, "linear", self.use_bias, self.trainable), *([] if after is None else [after]))

    def starts(self) -> tuple[Any, ...]:
        both = self._arguments["kernel_initializer"], self._arguments["bias_initializer"]
        return both if self.use_bias else both[:1]

    def treatments(self) -> tuple[dict[str, Any], ...]:
        a = self._arguments
        both = treatment(a["kernel_regularizer"], a["kernel_constraint"]), treatment(a["bias_regularizer"], a["bias_constraint"])
        return both if self.use_bias else both[:1]


class Activation(Layer):
    """An activation by itself."""

    def __init__(self, activation: Any, **base: Any) -> None:
        super().__init__(**base)
        self._describe(activation=activations.name_of(activation))

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        after = activations.engine_of(self._arguments["activation"])
        if isinstance(after, network.Softmax):
            flat(shape, self)
        return () if after is None else (after,)


class Softmax(Layer):
    """Probabilities along the last axis."""

    def __init__(self, axis: int = -1, **base: Any) -> None:
        super().__init__(**base)
        unsupported("Softmax", axis=(axis, (-1, 1)))
        self._describe(axis=axis)

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        flat(shape, self)
        return (network.Softmax(),)


class ReLU(Layer):
    """x above the threshold and at most max_value; below it negative_slope * (x - threshold)."""

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **base: Any) -> None:
        super().__init__(**base)
        if min(max_value or 0, negative_slope or 0, threshold or 0) < 0:
            raise ValueError(f"expected max_value, negative_slope and threshold of ReLU to be at least 0, got {max_value!r}, {negative_slope!r} and {threshold!r}")
        self._describe(max_value=max_value, negative_slope=negative_slope, threshold=threshold)

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        a = self._arguments
        return (activations.rectifier(a["negative_slope"] or 0.0, a["max_value"], a["threshold"] or 0.0),)


class LeakyReLU(Layer):
    """x above 0, negative_slope * x below."""

    def __init__(self, negative_slope: float = 0.3, **base: Any) -> None:
        super().__init__(**base)
        self._describe(negative_slope=negative_slope)

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        return (activations.rectifier(self._arguments["negative_slope"], None, 0.0),)


class ELU(Layer):
    """x above 0, alpha (e^x - 1) below."""

    def __init__(self, alpha: float = 1.0, **base: Any) -> None:
        super().__init__(**base)
        self._describe(alpha=alpha)

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        return (network.Activate("elu", (self._arguments["alpha"],)),)


class PReLU(Layer):
    """x above 0, a trained slope times x below."""

    def __init__(self, alpha_initializer: Any = "Zeros", alpha_regularizer: Any = None, alpha_constraint: Any = None, shared_axes: Any = None, **base: Any) -> None:
        super().__init__(**base)
        unsupported("PReLU", shared_axes=(shared_axes, None))
        self._describe(
            alpha_initializer=initializers.get(alpha_initializer), alpha_regularizer=regularizers.get(alpha_regularizer), alpha_constraint=constraints.get(alpha_constraint)
        )

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        flat(shape, self)
        return (network.PReLU(self.trainable),)

    def starts(self) -> tuple[Any, ...]:
        return (self._arguments["alpha_initializer"],)

    def treatments(self) -> tuple[dict[str, Any], ...]:
        return (treatment(self._arguments["alpha_regularizer"], self._arguments["alpha_constraint"]),)


class Dropout(Layer):
    """In training an entry becomes 0 with probability `rate`, the others are divided by 1 - rate."""

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **base: Any) -> None:
        super().__init__(**base)
        unsupported("Dropout", noise_shape=(noise_shape, None), seed=(seed, None))
        if not 0 <= rate < 1:
            raise ValueError(f"expected a rate from 0 to below 1 in Dropout, got {rate!r}")
        self._describe(rate=rate)

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        return (network.Dropout(self._arguments["rate"]),)


class GaussianNoise(Layer):
    """In training, normal noise of that standard deviation is added."""

    def __init__(self, stddev: float, seed: int | None = None, **base: Any) -> None:
        super().__init__(**base)
        unsupported("GaussianNoise", seed=(seed, None))
        if not stddev >= 0:
            raise ValueError(f"expected a stddev of at least 0 in GaussianNoise, got {stddev!r}")
        self._describe(stddev=stddev)

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        return (network.Noise(self._arguments["stddev"]),)


class Flatten(Layer):
    """All axes of a row in one."""

    def __init__(self, data_format: str | None = None, **base: Any) -> None:
        super().__init__(**base)
        unsupported("Flatten", data_format=(data_format, (None, "channels_last")))
        self._describe(data_format=data_format or "channels_last")

    def shape_after(self, shape: Shape) -> Shape:
        return (math.prod(shape),)


class Rescaling(Layer):
    """x * scale + offset."""

    def __init__(self, scale: float, offset: float = 0.0, **base: Any) -> None:
        super().__init__(**base)
        self._describe(scale=scale, offset=offset)

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        return (network.Scale(),)

    def hold(self, views: list[NDArray[np.float32]]) -> None:
        views[0][...], views[1][...] = self._arguments["scale"], self._arguments["offset"]


__getattr__ = absent(__name__, __all__)
