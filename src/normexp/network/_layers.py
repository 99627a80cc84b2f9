"""A network is a list of layer descriptions: data, no weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

__all__ = [
    "ACTIVATIONS", "Activate", "BatchNormalize", "CLASSIFIER_ACTIVATIONS", "Dense", "Dropout", "LayerNormalize", "LayerShape", "NativeLayer", "Network", "Noise", "PReLU",
    "Scale", "Softmax", "Variable",
]  # fmt: skip

# Both in the order of the native enums.
ACTIVATIONS = (
    "linear", "relu", "rectifier", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "tanh", "sigmoid", "hard_sigmoid", "softplus", "softsign", "exponential",
)  # fmt: skip
KINDS = ("dense", "activation", "softmax", "dropout", "noise", "batch_norm", "layer_norm", "scaling", "prelu")
CLASSIFIER_ACTIVATIONS = ("relu", "silu", "gelu", "tanh")  # of hidden layers of classifiers
FUSED = ("linear", "relu")  # what the product of a dense layer does in passing

# kind, activation, inputs, outputs, places of the segments (-1: none), options, trained
NativeLayer = tuple[int, int, int, int, list[int], list[float], bool]


class Variable(NamedTuple):
    """A named part of a layer's parameters: shape, value to start from (None: random, see initial_parameters), whether training changes it."""

    name: str
    shape: tuple[int, ...]
    start: float | None
    trained: bool = True


class _Layer:
    """As many outputs as inputs and no variables, unless a layer says otherwise."""

    kind: ClassVar[str]
    trained: bool = False

    def n_outputs(self, n_inputs: int) -> int:
        return n_inputs

    def variables(self, n_inputs: int) -> tuple[Variable, ...]:
        return ()

    def options(self) -> tuple[float, ...]:
        return ()

    def natives(self, n_inputs: int, places: tuple[int, ...]) -> list[NativeLayer]:
        """What the native engine does for this layer, in order; `places` are those of the variables, -1 where one is left away."""
        return [_native(self.kind, n_inputs, self.n_outputs(n_inputs), places, self.options(), self.trained)]


def _native(
    kind: str, n_inputs: int, n_outputs: int, places: tuple[int, ...] = (), options: tuple[float, ...] = (), trained: bool = False, activation: str = "linear"
) -> NativeLayer:  # fmt: skip
    return KINDS.index(kind), ACTIVATIONS.index(activation), n_inputs, n_outputs, [*places, -1, -1, -1, -1][:4], [*options, 0.0, 0.0, 0.0][:3], trained


def activation_options(name: str) -> tuple[float, ...]:
    """Of an activation named without options: elu with alpha 1."""
    return (1.0,) if name == "elu" else ()


@dataclass(frozen=True)
class Dense(_Layer):
    """outputs = activation(inputs @ weights + bias), weights of shape (n_inputs, units)."""

    kind: ClassVar[str] = "dense"
    units: int
    activation: str = "linear"
    use_bias: bool = True
    trained: bool = True

    def __post_init__(self) -> None:
        if self.units < 1:
            raise ValueError(f"expected a dense layer of at least 1 unit, got {self.units}")
        if self.activation not in (*ACTIVATIONS, "softmax") or self.activation == "rectifier":
            raise ValueError(f"expected an activation out of {', '.join(ACTIVATIONS)} and softmax, got {self.activation!r}")

    def n_outputs(self, n_inputs: int) -> int:
        return self.units

    def variables(self, n_inputs: int) -> tuple[Variable, ...]:
        weights = Variable("weights", (n_inputs, self.units), None, self.trained)
        return (weights, Variable("bias", (self.units,), 0.0, self.trained)) if self.use_bias else (weights,)

    def natives(self, n_inputs: int, places: tuple[int, ...]) -> list[NativeLayer]:
        fused = self.activation in FUSED
        product = _native("dense", n_inputs, self.units, places, (), self.trained, self.activation if fused else "linear")
        if fused:
            return [product]
        after: _Layer = Softmax() if self.activation == "softmax" else Activate(self.activation, activation_options(self.activation))
        return [product, *after.natives(self.units, ())]


@dataclass(frozen=True)
class Activate(_Layer):
    """An activation by itself. rectifier: (slope below, upper bound, threshold); elu: (alpha,)."""

    kind: ClassVar[str] = "activation"
    activation: str
    values: tuple[float, ...] = ()

    def natives(self, n_inputs: int, places: tuple[int, ...]) -> list[NativeLayer]:
        return [_native("activation", n_inputs, n_inputs, (), self.values, False, self.activation)]


@dataclass(frozen=True)
class Softmax(_Layer):
    """Probabilities of a row's logits."""

    kind: ClassVar[str] = "softmax"


@dataclass(frozen=True)
class Dropout(_Layer):
    """In training an entry becomes 0 with probability `rate`, else it is divided by 1 - rate."""

    kind: ClassVar[str] = "dropout"
    rate: float

    def options(self) -> tuple[float, ...]:
        return (self.rate,)


@dataclass(frozen=True)
class Noise(_Layer):
    """In training, normal noise of that standard deviation is added."""

    kind: ClassVar[str] = "noise"
    deviation: float

    def options(self) -> tuple[float, ...]:
        return (self.deviation,)


@dataclass(frozen=True)
class BatchNormalize(_Layer):
    """By the moments of the batch in training, of what was seen in training (a moving average) afterwards; not trained: always by the latter."""

    kind: ClassVar[str] = "batch_norm"
    momentum: float = 0.99
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True
    trained: bool = True

    def options(self) -> tuple[float, ...]:
        return self.momentum, self.epsilon

    def variables(self, n_inputs: int) -> tuple[Variable, ...]:
        shape = (n_inputs,)
        first = [Variable("gamma", shape, 1.0, self.trained)] * self.scale + [Variable("beta", shape, 0.0, self.trained)] * self.center
        return (*first, Variable("moving_mean", shape, 0.0, False), Variable("moving_variance", shape, 1.0, False))

    def natives(self, n_inputs: int, places: tuple[int, ...]) -> list[NativeLayer]:
        return super().natives(n_inputs, (*_scale_and_shift(self.scale, self.center, places), *places[-2:]))


@dataclass(frozen=True)
class LayerNormalize(_Layer):
    """By the moments of each row."""

    kind: ClassVar[str] = "layer_norm"
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True
    trained: bool = True

    def options(self) -> tuple[float, ...]:
        return 0.0, self.epsilon

    def variables(self, n_inputs: int) -> tuple[Variable, ...]:
        shape = (n_inputs,)
        return tuple([Variable("gamma", shape, 1.0, self.trained)] * self.scale + [Variable("beta", shape, 0.0, self.trained)] * self.center)

    def natives(self, n_inputs: int, places: tuple[int, ...]) -> list[NativeLayer]:
        return super().natives(n_inputs, _scale_and_shift(self.scale, self.center, places))


def _scale_and_shift(scale: bool, center: bool, places: tuple[int, ...]) -> tuple[int, int]:
    return places[0] if scale else -1, places[int(scale)] if center else -1


@dataclass(frozen=True)
class Scale(_Layer):
    """outputs = inputs * factors + shifts, neither of them trained."""

    kind: ClassVar[str] = "scaling"

    def variables(self, n_inputs: int) -> tuple[Variable, ...]:
        return Variable("factors", (n_inputs,), 1.0, False), Variable("shifts", (n_inputs,), 0.0, False)


@dataclass(frozen=True)
class PReLU(_Layer):
    """x above 0, slope x below, a trained slope for every input."""

    kind: ClassVar[str] = "prelu"
    trained: bool = True

    def variables(self, n_inputs: int) -> tuple[Variable, ...]:
        return (Variable("slopes", (n_inputs,), 0.0, self.trained),)


Layer = Dense | Activate | Softmax | Dropout | Noise | BatchNormalize | LayerNormalize | Scale | PReLU


@dataclass(frozen=True)
class LayerShape:
    """A layer with its place in the network: how many inputs, its variables and where they begin in the flat vector."""

    layer: Any
    n_inputs: int
    variables: tuple[Variable, ...]
    places: tuple[int, ...]


@dataclass(frozen=True)
class Network:
    """Layers over `n_inputs` numbers a row. Of a classifier the last layer's outputs are the logits."""

    n_inputs: int
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if self.n_inputs < 1 or not self.layers:
            raise ValueError(f"expected a network with inputs and layers, got {self.n_inputs} inputs and {len(self.layers)} layers")

    @property
    def n_outputs(self) -> int:
        n = self.n_inputs
        for layer in self.layers:
            n = layer.n_outputs(n)
        return n

    def shapes(self) -> Iterator[LayerShape]:
        """Each layer with its place in the flat parameter vector."""
        at, n_inputs = 0, self.n_inputs
        for layer in self.layers:
            variables = layer.variables(n_inputs)
            places = []
            for variable in variables:
                places.append(at)
                at += _size(variable.shape)
            yield LayerShape(layer, n_inputs, variables, tuple(places))
            n_inputs = layer.n_outputs(n_inputs)

    @property
    def n_parameters(self) -> int:
        """Length of the flat parameter vector."""
        return sum(_size(variable.shape) for s in self.shapes() for variable in s.variables)

    def plan(self) -> list[NativeLayer]:
        """What the native engine needs."""
        return [native for s in self.shapes() for native in s.layer.natives(s.n_inputs, s.places)]

    @staticmethod
    def classifier(n_inputs: int, hidden: tuple[int, ...], n_classes: int, activation: str = "relu") -> "Network":
        """Layers of the given widths with this activation, and a linear layer of one logit a class."""
        return Network(n_inputs, (*(Dense(width, activation) for width in hidden), Dense(n_classes)))


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
