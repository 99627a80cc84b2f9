"""A network is a list of layer descriptions: data, no weights."""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Dense", "LayerShape", "Network"]

ACTIVATIONS = ("linear", "relu")  # the order of the native enum


@dataclass(frozen=True)
class Dense:
    """outputs = activation(inputs @ weights + bias), weights of shape (n_inputs, units)."""

    units: int
    activation: str = "linear"
    use_bias: bool = True

    def __post_init__(self) -> None:
        if self.units < 1:
            raise ValueError(f"expected a dense layer of at least 1 unit, got {self.units}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"expected an activation out of {', '.join(ACTIVATIONS)}, got {self.activation!r}")


@dataclass(frozen=True)
class LayerShape:
    """Where a layer's parameters lie in the flat vector; `bias` is -1 without one."""

    layer: Dense
    n_inputs: int
    weights: int
    bias: int


@dataclass(frozen=True)
class Network:
    """Layers over `n_inputs` numbers a row; the last layer's outputs are the logits."""

    n_inputs: int
    layers: tuple[Dense, ...]

    def __post_init__(self) -> None:
        if self.n_inputs < 1 or not self.layers:
            raise ValueError(f"expected a network with inputs and layers, got {self.n_inputs} inputs and {len(self.layers)} layers")

    @property
    def n_outputs(self) -> int:
        return self.layers[-1].units

    def shapes(self) -> Iterator[LayerShape]:
        """Each layer with its place in the flat parameter vector."""
        at, n_inputs = 0, self.n_inputs
        for layer in self.layers:
            n_weights = n_inputs * layer.units
            yield LayerShape(layer, n_inputs, at, at + n_weights if layer.use_bias else -1)
            at += n_weights + (layer.units if layer.use_bias else 0)
            n_inputs = layer.units

    @property
    def n_parameters(self) -> int:
        """Length of the flat parameter vector."""
        return sum(s.n_inputs * s.layer.units + s.layer.units * s.layer.use_bias for s in self.shapes())

    def plan(self) -> list[tuple[int, int, int, int, int]]:
        """What the native trainer needs: (activation, inputs, outputs, weights, bias) a layer."""
        return [(ACTIVATIONS.index(s.layer.activation), s.n_inputs, s.layer.units, s.weights, s.bias) for s in self.shapes()]

    @staticmethod
    def classifier(n_inputs: int, hidden: tuple[int, ...], n_classes: int) -> "Network":
        """relu layers of the given widths and a linear layer of one logit a class."""
        return Network(n_inputs, (*(Dense(width, "relu") for width in hidden), Dense(n_classes)))
