"""A classifier's networks in float64 NumPy, for the questions that need their inside: slopes along a path, one input changed."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.functional import softmax
from normexp.model import Member, as_model, averaged

__all__ = ["ReluNetworks"]

Array = NDArray[np.float64]
PIECE_ROWS = 4_096
TINY = 1e-300


@dataclass(frozen=True)
class _Tail:
    """What follows the first layer of one member: its units there, and the further layers."""

    units: slice
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    def logits(self, first: Array) -> Array:
        x = first[:, self.units]
        for weights, bias in zip(self.weights, self.biases, strict=True):
            x = np.maximum(x, 0) @ weights + bias
        return x

    def slopes(self, first: Array, direction: Array) -> Array:
        """Of logits @ direction, one a row, with respect to its units."""
        x, open_units = first[:, self.units], []
        for weights, bias in zip(self.weights, self.biases, strict=True):
            open_units.append(x > 0)
            x = np.maximum(x, 0) @ weights + bias
        slope = direction
        for weights, is_open in zip(reversed(self.weights), reversed(open_units), strict=True):
            slope = (slope @ weights.T) * is_open
        return slope


@dataclass(frozen=True)
class ReluNetworks:
    """Dense relu layers and a linear one, of every member of a model, over the same inputs, the first layers side by side; kinds of members are combined as in `Model`.

    `weights` and `biases` are those of the first layers, shape (n_inputs, n_units) and (n_units,); logits are calibrated.
    """

    weights: Array
    biases: Array
    kinds: tuple[tuple[float, tuple[_Tail, ...]], ...]  # a weight, and the members that are averaged
    bias: Array

    @staticmethod
    def of(fitted: Any) -> "ReluNetworks":
        """The networks of a Model, or of a fitted SoftmaxClassifier."""
        model = as_model(fitted)
        layers = [_layers(member) for member in model.members]
        ends = np.cumsum([len(biases[0]) for _, biases in layers])
        firsts = np.zeros((model.encoder.n_inputs, ends[-1]))
        for (weights, _), end in zip(layers, ends, strict=True):
            firsts[: len(weights[0]), end - weights[0].shape[1] : end] = weights[0]  # members without bins take the first inputs
        tails = [_Tail(slice(end - len(biases[0]), end), tuple(weights[1:]), tuple(biases[1:])) for (weights, biases), end in zip(layers, ends, strict=True)]
        kinds = tuple(
            (weight / model.temperature, tuple(tail for tail, kind in zip(tails, model.kind_of_members, strict=True) if kind == i)) for i, weight in enumerate(model.weights)
        )
        bias = np.zeros(len(model.classes)) if model.bias is None else model.bias / model.temperature
        return ReluNetworks(firsts, np.concatenate([biases[0] for _, biases in layers]), kinds, bias)

    def raised(self, by: Array) -> "ReluNetworks":
        """With something added to each logit, shape (n_classes,)."""
        return replace(self, bias=self.bias + by)

    def first(self, inputs: Array) -> Array:
        """What the first layers make of encoded rows, before their relu: linear in the inputs."""
        return inputs @ self.weights + self.biases

    def logits(self, first: Array) -> Array:
        """Logits (n, n_classes) from what `first` gave (n, n_units)."""
        found = np.tile(self.bias, (len(first), 1))
        for start in range(0, len(first), PIECE_ROWS):
            rows = slice(start, start + PIECE_ROWS)
            for weight, tails in self.kinds:
                found[rows] += weight * averaged([tail.logits(first[rows]) for tail in tails])
        return found

    def mean_slope(self, first: Array, direction: Array) -> Array:
        """The mean over rows of the gradient of logits @ direction with respect to `first`, shape (n_units,)."""
        total = np.zeros(first.shape[1])
        for start in range(0, len(first), PIECE_ROWS):
            rows = first[start : start + PIECE_ROWS]
            for weight, tails in self.kinds:
                for tail, towards in zip(tails, _directions([tail.logits(rows) for tail in tails], direction), strict=True):
                    total[tail.units] += weight * tail.slopes(rows, towards).sum(axis=0)
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


def _directions(logits: list[Array], direction: Array) -> list[Array]:
    """The gradients of (logits of the mean probabilities) @ direction with respect to the logits of each member, each of shape (n, n_classes)."""
    if len(logits) == 1:
        return [np.broadcast_to(direction, logits[0].shape)]
    probabilities: list[Array] = [softmax(one) for one in logits]
    total = np.maximum(sum(probabilities), TINY)
    shares = [direction * p / total for p in probabilities]
    return [share - p * share.sum(axis=1, keepdims=True) for share, p in zip(shares, probabilities, strict=True)]
