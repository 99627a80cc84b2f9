"""Layers one after the other, with their weights in one flat vector; a stack may itself be a layer of another."""

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import network
from normexp._checks import users_line
from normexp.keras import layers as known_layers
from normexp.keras._layer import Layer, Shape, next_name
from normexp.keras._names import resolved, unsupported
from normexp.keras._summary import summary_of

__all__ = ["Stack", "warn_of_one_unit"]

_LAYERS: dict[str, type] = {
    name: getattr(known_layers, name) for name in known_layers.__all__ if name not in ("Input", "Layer") and isinstance(getattr(known_layers, name), type)
}  # fmt: skip


def warn_of_one_unit(where: str) -> None:
    warnings.warn(f"expected a softmax over more than one unit, got one ({where}): it always gives 1; did you mean sigmoid?", stacklevel=users_line())


class Stack:
    """What Sequential is without training and files."""

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        self.name = name or next_name("sequential")
        self.trainable = trainable
        self.layers: list[Any] = []  # Layer or Stack
        self.input_shape_: Shape | None = None
        self._is_layer = False
        self._warned: set[int] = set()
        self._parameters: network.Parameters | None = None
        try:
            for layer in layers or []:
                self._append(layer)
            self._forget()
        except (TypeError, ValueError):
            self._release(*self.layers)
            raise

    def add(self, layer: Any) -> None:
        """One more layer at the end."""
        self._check_own("add to")
        self._append(layer)
        try:
            self._forget()
        except (TypeError, ValueError):  # it does not fit: the model stays what it was
            self.pop()
            raise

    def _append(self, layer: Any) -> None:
        if isinstance(layer, known_layers.InputLayer):
            if self.layers or self.input_shape_:
                raise ValueError("expected Input as the first of the layers, got it after others")
            self.input_shape_ = layer.shape
            return
        if not isinstance(layer, (Layer, Stack)) or layer is self:
            raise TypeError(f"expected a layer of normexp.keras.layers, got {type(layer).__module__}.{type(layer).__name__}")
        if any(layer is other for other in self.layers):
            raise ValueError(f"expected each layer once, got '{layer.name}' again; make another layer")
        if isinstance(layer, Stack):
            layer._check_own("put into another")
            if not layer.layers:
                raise ValueError(f"expected a model with layers as a layer, got '{layer.name}' without; add them first")
        if not self.layers and self.input_shape_ is None and layer.wanted_shape is not None:
            self.input_shape_ = layer.wanted_shape
        self.layers.append(layer)
        if isinstance(layer, Stack):
            layer._is_layer = True

    @staticmethod
    def _release(*layers: Any) -> None:
        """Models among these are models by themselves again."""
        for layer in layers:
            if isinstance(layer, Stack):
                layer._is_layer = False

    def _check_own(self, verb: str) -> None:
        if self._is_layer:
            raise ValueError(f"expected a model by itself to {verb}, got '{self.name}', which is a layer of another; do it before, or build the layers anew")

    def pop(self) -> Any:
        """Take the last layer off."""
        self._check_own("take a layer off")
        if not self.layers:
            raise ValueError("expected layers to take one off, got none")
        last = self.layers.pop()
        self._release(last)
        self._forget()
        return last

    def _forget(self) -> None:
        self._parameters = None
        if self.input_shape_ is not None and self.layers:
            self.build()

    @property
    def built(self) -> bool:
        return self._parameters is not None

    def build(self, input_shape: Any = None, start: bool = True) -> None:
        """Make the weights; `input_shape` is (None, *shape of a row). Without `start` they are left at 0, for weights to come."""
        self._check_own("build")
        if input_shape is not None:
            self.input_shape_ = tuple(int(n) for n in input_shape[1:])
        if not self.input_shape_ or not self.layers:
            raise ValueError(f"expected the shape of a row and layers to build the network, got {self.input_shape_} and {len(self.layers)} layers; begin with Input")
        self._adopt(network.blank_parameters(self._network()), start)
        for layer, (_, parts, shape) in zip(self.layers, self._made(), strict=True):
            if shape[-1:] == (1,) and any(isinstance(part, network.Softmax) for part in parts) and id(layer) not in self._warned:
                self._warned.add(id(layer))
                warn_of_one_unit(f"layer '{layer.name}'")

    def _adopt(self, parameters: network.Parameters, start: bool) -> None:
        """Live in this vector; layers that had weights keep them."""
        kept = [layer.get_weights() for layer in self.layers]
        self._parameters, places = parameters, iter(parameters.segments)
        for layer, made, before in zip(self.layers, self._made(), kept, strict=True):
            segments = [next(places) for part in made[1] for _ in part.variables(made[0])]
            if isinstance(layer, Stack):
                first = segments[0].first if segments else 0
                values = parameters.values[first : first + sum(s.size for s in segments)]
                layer._adopt(network.Parameters(values, tuple(replace(s, first=s.first - first) for s in segments)), start)
                continue
            views = [parameters.view(s) for s in segments]
            for view, initializer in zip(views, layer.starts() if start else (), strict=False):
                view[...] = initializer(view.shape)
            layer.hold(views)
            if before and [np.shape(w) for w in before] == [np.shape(w) for w in layer.get_weights()]:
                layer.set_weights(before)

    def flattened(self) -> list[Layer]:
        """The layers, with those of the models among them in their place."""
        return [one for layer in self.layers for one in (layer.flattened() if isinstance(layer, Stack) else [layer])]

    # ---- as a layer of another

    @property
    def wanted_shape(self) -> Shape | None:
        return self.input_shape_

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        """The engine's layers for inputs of that shape."""
        if self.input_shape_ not in (None, shape):
            raise ValueError(f"expected inputs of shape {self.input_shape_} for model '{self.name}', as it was built, got {shape}")
        self.input_shape_ = shape
        return tuple(part for _, parts, _ in self._made() for part in parts)

    def shape_after(self, shape: Shape) -> Shape:
        return self._made()[-1][2]

    def treatments(self) -> tuple[dict[str, Any], ...]:
        """Regularizers and constraints of each variable."""
        return tuple(
            t for layer, (n, parts, _) in zip(self.layers, self._made(), strict=True)
            for t in (*layer.treatments(), *[{}] * (sum(len(part.variables(n)) for part in parts) - len(layer.treatments())))
        )  # fmt: skip

    # ---- the engine's view

    def _made(self) -> list[tuple[int, tuple[Any, ...], Shape]]:
        """Of each layer: how many inputs, what the engine does, the shape of its outputs."""
        shape: Shape = self.input_shape_ or ()
        made = []
        for layer in self.layers:
            n, parts = math.prod(shape), layer.engine(shape)
            if not self.trainable:
                parts = tuple(replace(part, trained=False) if part.trained else part for part in parts)
            shape = layer.shape_after(shape)
            made.append((n, parts, shape))
        return made

    def _network(self) -> network.Network:
        parts = tuple(part for _, parts, _ in self._made() for part in parts)
        return network.Network(math.prod(self.input_shape_ or ()), parts or (network.Dropout(0.0),))

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        return (None, *self._made()[-1][2])

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        return (None, *(self.input_shape_ or ()))

    def plan(self) -> list[Any]:
        """What the engine needs, as the layers are now."""
        return self._network().plan()

    def parameters(self) -> network.Parameters:
        """The flat vector, its segments treated as the layers say now: all decayed, as in Keras."""
        if self._parameters is None:
            raise ValueError("expected a built network, got one without weights; begin with Input, or call build((None, n_inputs)) or fit")
        variables = [v for n, parts, _ in self._made() for part in parts for v in part.variables(n)]
        segments = tuple(
            replace(s, trained=v.trained, decayed=True, **t) for s, v, t in zip(self._parameters.segments, variables, self.treatments(), strict=True)
        )  # fmt: skip
        return network.Parameters(self._parameters.values, segments)

    # ---- weights

    def get_weights(self) -> list[NDArray[Any]]:
        return [w for layer in self.layers for w in layer.get_weights()]

    def set_weights(self, weights: list[Any]) -> None:
        counts = [len(layer.get_weights()) for layer in self.layers]
        if len(weights) != sum(counts):
            raise ValueError(f"expected {sum(counts)} arrays of weights, got {len(weights)}")
        rest = list(weights)
        for layer, count in zip(self.layers, counts, strict=True):
            layer.set_weights([rest.pop(0) for _ in range(count)])

    @property
    def weights(self) -> list[NDArray[Any]]:
        return self.get_weights()

    def count_params(self) -> int:
        return sum(layer.count_params() for layer in self.layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        for i, layer in enumerate(self.layers):
            if layer.name == name or i == index:
                return layer
        raise ValueError(f"expected the name of a layer out of {', '.join(layer.name for layer in self.layers)}, got {name if index is None else index!r}")

    def summary(self, print_fn: Callable[[str], Any] | None = None, **others: Any) -> None:
        """Print the layers, the shapes of their outputs and how many parameters they have."""
        unsupported("summary", **{key: (value, (None, False)) for key, value in others.items()})
        summary_of(self, print_fn)

    # ---- description

    def get_config(self) -> dict[str, Any]:
        shape = {"name": "input_layer", "batch_shape": [None, *(self.input_shape_ or ())], "dtype": "float32"}
        first = [] if self.input_shape_ is None else [{"class_name": "InputLayer", "config": shape}]
        return {"name": self.name, "trainable": self.trainable, "layers": [*first, *({"class_name": type(layer).__name__, "config": layer.get_config()} for layer in self.layers)]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The network that `get_config` described, with fresh weights."""
        layers = [cls.from_config(entry["config"]) if entry["class_name"] == "Sequential" else resolved(entry, _LAYERS, "a layer") for entry in config["layers"]]
        return cls(layers, config.get("trainable", True), config.get("name"))

