"""A classifier's networks in float64 NumPy, for the questions that need their inside: slopes along a path, one input changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.explanation._activations import activated, slope_of
from normexp.explanation._averages import directions
from normexp.model import Member, as_model, averaged
from normexp.network import Activate, Dense, NativeLayer, Network, Parameters, predict_outputs, segments_of

__all__ = ["DenseNetworks", "linear_layer"]

Array = NDArray[np.float64]
PIECE_ROWS = 4_096
TINY = 1e-300


@dataclass(frozen=True)
class _Kind:
    """Members that are averaged, all of one shape, their arrays side by side: what follows their first layers, whose units they find at `units`."""

    weight: float
    units: slice
    n_members: int
    weights: tuple[Array, ...]  # (n_members, inputs, units) of each further layer
    biases: tuple[Array, ...]  # (n_members, 1, units)
    natives: tuple[tuple[list[NativeLayer], Parameters], ...]  # the same a member for the engine, in float32
    activation: str

    def logits(self, first: Array) -> Array:
        """Of each member, shape (n_members, n, n_classes)."""
        x = self._of_members(first)
        for weights, bias in zip(self.weights, self.biases, strict=True):
            x = activated(x, self.activation) @ weights + bias
        return x

    def quick_logits(self, first: NDArray[np.float32]) -> list[NDArray[Any]]:
        """About the same by the engine."""
        parts = self._of_members(first)
        if not self.weights:
            return list(parts.astype(np.float64))
        return [predict_outputs(plan, parameters, np.ascontiguousarray(part), 1).astype(np.float64) for (plan, parameters), part in zip(self.natives, parts, strict=True)]

    def slopes(self, first: Array, directions: Array) -> Array:
        """Of logits @ direction with respect to the units, shape (n_members, n, units of a member), for a direction a member and row."""
        x, before = self._of_members(first), []
        for weights, bias in zip(self.weights, self.biases, strict=True):
            before.append(x)
            x = activated(x, self.activation) @ weights + bias
        slope = directions
        for weights, at in zip(reversed(self.weights), reversed(before), strict=True):
            slope = (slope @ weights.transpose(0, 2, 1)) * slope_of(at, self.activation)
        return slope

    def _of_members(self, first: NDArray[Any]) -> NDArray[Any]:
        """A view of shape (n_members, n, units of a member)."""
        return first[:, self.units].reshape(len(first), self.n_members, -1).transpose(1, 0, 2)


@dataclass(frozen=True)
class DenseNetworks:
    """Dense layers and a linear one, of every network of a model, over the same inputs, the first layers side by side; kinds of members are combined as in `Model`, forests
    left out.

    `weights` and `biases` are those of the first layers, shape (n_inputs, n_units) and (n_units,); logits are calibrated.
    """

    weights: Array
    biases: Array
    kinds: tuple[_Kind, ...]
    bias: Array

    @staticmethod
    def of(fitted: Any) -> "DenseNetworks":
        """The networks of a Model, or of a fitted SoftmaxClassifier."""
        model = as_model(fitted)
        by_kind = [(weight, networks) for weight, members in model.by_kind() if (networks := [member for member in members if isinstance(member, Member)])]
        layers = [[_layers(member) for member in members] for _, members in by_kind]
        ends = np.cumsum([0, *(len(of_kind) * len(of_kind[0][1][0]) for of_kind in layers)])
        firsts = np.zeros((model.encoder.n_inputs, ends[-1]))
        for of_kind, start, end in zip(layers, ends, ends[1:], strict=False):
            joined = np.concatenate([weights[0] for weights, _ in of_kind], axis=1)
            firsts[: len(joined), start:end] = joined  # members without bins take the first inputs
        kinds = tuple(
            _kind(weight / model.temperature, slice(start, end), members, of_kind)
            for (weight, members), of_kind, start, end in zip(by_kind, layers, ends, ends[1:], strict=False)
        )
        bias = np.zeros(len(model.classes)) if model.bias is None else model.bias / model.temperature
        return DenseNetworks(firsts, np.concatenate([np.empty(0), *(biases[0] for of_kind in layers for _, biases in of_kind)]), kinds, bias)

    def raised(self, by: Array) -> "DenseNetworks":
        """With something added to each logit, shape (n_classes,)."""
        return replace(self, bias=self.bias + by)

    def first(self, inputs: Array) -> Array:
        """What the first layers make of encoded rows, before their activation: linear in the inputs."""
        return inputs @ self.weights + self.biases

    def logits(self, first: Array) -> Array:
        """Logits (n, n_classes) from what `first` gave (n, n_units)."""
        found = np.tile(self.bias, (len(first), 1))
        for start in range(0, len(first), PIECE_ROWS):
            rows = slice(start, start + PIECE_ROWS)
            for kind in self.kinds:
                found[rows] += kind.weight * averaged(list(kind.logits(first[rows])))
        return found

    def quick_logits(self, first: NDArray[np.float32]) -> Array:
        """As `logits`, in float32 by the engine: for thousands of rows."""
        found = np.tile(self.bias, (len(first), 1))
        for kind in self.kinds:
            found += kind.weight * averaged(kind.quick_logits(first))
        return found

    def mean_slope(self, first: Array, direction: Array) -> Array:
        """The mean over rows of the gradient of logits @ direction with respect to `first`, shape (n_units,)."""
        total = np.zeros(first.shape[1])
        for start in range(0, len(first), PIECE_ROWS):
            rows = first[start : start + PIECE_ROWS]
            for kind in self.kinds:
                total[kind.units] += kind.weight * kind.slopes(rows, directions(kind.logits(rows), direction)).sum(axis=1).ravel()
        return total / len(first)

    def integrated_gradients(self, start: Array, end: Array, direction: Array, n_steps: int = 128) -> Array:
        """What each input contributes to the change of logits @ direction from one encoded row to another (Sundararajan et al. 2017), shape (n_inputs,).

        (end - start) times the mean slope along the straight path, by the midpoint rule. What the rule misses of the change, as a rule less than a thousandth, is shared
        out by the size of the contributions, so that their sum is the change.
        """
        first_start, first_end = self.first(start), self.first(end)
        before, after = (self.logits(first[None])[0] @ direction for first in (first_start, first_end))
        t = (np.arange(n_steps)[:, None] + 0.5) / n_steps
        slope = self.mean_slope(first_start + t * (first_end - first_start), direction)
        contributions: Array = (end - start) * (self.weights @ slope)
        sizes, missed = np.abs(contributions), after - before - contributions.sum()
        shared: Array = contributions + missed * sizes / max(float(sizes.sum()), TINY)
        return shared


def _layers(member: Member) -> tuple[list[Array], list[Array]]:
    """Weights and biases of the layers."""
    names = [f"dense_{i}" for i in range(len(member.network.layers))]
    return [member.parameters[f"{name}/weights"].astype(np.float64) for name in names], [member.parameters[f"{name}/bias"].astype(np.float64) for name in names]


def linear_layer(weights: Array) -> tuple[list[NativeLayer], Parameters]:
    """The product with these weights, for the engine."""
    network = Network(weights.shape[0], (Dense(weights.shape[1], use_bias=False),))
    return network.plan(), Parameters(np.ascontiguousarray(weights, np.float32).ravel(), segments_of(network))


def _kind(weight: float, units: slice, members: Sequence[Member], layers: Sequence[tuple[list[Array], list[Array]]]) -> _Kind:
    """Of members and their layers."""
    weights = tuple(np.stack(of_layer) for of_layer in zip(*(one[1:] for one, _ in layers), strict=True))
    biases = tuple(np.stack(of_layer)[:, None] for of_layer in zip(*(one[1:] for _, one in layers), strict=True))
    natives, first = list[tuple[list[NativeLayer], Parameters]](), members[0].network.layers[0]
    activation = first.activation if isinstance(first, Dense) else "linear"
    for member in members if weights else ():
        tail = Network(weights[0].shape[1], (Activate(activation), *member.network.layers[1:]))
        natives.append((tail.plan(), Parameters(member.parameters.values[-tail.n_parameters :], segments_of(tail)).copy()))
    return _Kind(weight, units, len(members), weights, biases, tuple(natives), activation)
