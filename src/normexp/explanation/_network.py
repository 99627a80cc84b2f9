"""A classifier's network in float64 NumPy, for the questions that need its inside: slopes along a path, one input changed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model import as_model

__all__ = ["ReluNetwork"]

Array = NDArray[np.float64]
PIECE_ROWS = 4_096


@dataclass(frozen=True)
class ReluNetwork:
    """Dense relu layers and a linear one; logits are divided by the temperature."""

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    @staticmethod
    def of(fitted: Any) -> "ReluNetwork":
        """The network of a Model of one member, or of a fitted SoftmaxClassifier."""
        model = as_model(fitted)
        parameters, n = model.parameters, len(model.network.layers)
        weights = [parameters[f"dense_{i}/weights"].astype(np.float64) for i in range(n)]
        biases = [parameters[f"dense_{i}/bias"].astype(np.float64) for i in range(n)]
        weights[-1], biases[-1] = weights[-1] / model.temperature, biases[-1] / model.temperature
        return ReluNetwork(tuple(weights), tuple(biases))

    def raised(self, by: Array) -> "ReluNetwork":
        """With something added to each logit, shape (n_classes,)."""
        return ReluNetwork(self.weights, (*self.biases[:-1], self.biases[-1] + by))

    def first(self, inputs: Array) -> Array:
        """What the first layer makes of encoded rows, before its relu: linear in the inputs."""
        return inputs @ self.weights[0] + self.biases[0]

    def logits(self, first: Array) -> Array:
        """Logits (n, n_classes) from what `first` gave (n, units)."""
        pieces = []
        for start in range(0, len(first), PIECE_ROWS):
            x = first[start : start + PIECE_ROWS]
            for weights, bias in zip(self.weights[1:], self.biases[1:], strict=True):
                x = np.maximum(x, 0) @ weights + bias
            pieces.append(x)
        return np.concatenate(pieces) if pieces else np.empty((0, len(self.biases[-1])))

    def mean_slope(self, first: Array, direction: Array) -> Array:
        """The mean over rows of the gradient of logits @ direction with respect to `first`, shape (units,)."""
        total = np.zeros(first.shape[1])
        for start in range(0, len(first), PIECE_ROWS):
            x = first[start : start + PIECE_ROWS]
            open_units = []
            for weights, bias in zip(self.weights[1:], self.biases[1:], strict=True):
                open_units.append(x > 0)
                x = np.maximum(x, 0) @ weights + bias
            slope = np.broadcast_to(direction, x.shape)
            for weights, is_open in zip(reversed(self.weights[1:]), reversed(open_units), strict=True):
                slope = (slope @ weights.T) * is_open
            total += slope.sum(axis=0)
        return total / len(first)

    def integrated_gradients(self, start: Array, end: Array, direction: Array, tolerance: float = 1e-4, most_steps: int = 2**17) -> Array:
        """What each input contributes to the change of logits @ direction from one encoded row to another (Sundararajan et al. 2017), shape (n_inputs,).

        (end - start) times the mean slope along the straight path, by the midpoint rule; the number of steps doubles until the contributions sum to
        the change within tolerance x max(1, |logits @ direction at the end|).
        """
        first_start, first_end = self.first(start), self.first(end)
        before, after = (self.logits(first[None])[0] @ direction for first in (first_start, first_end))
        n = 128
        while True:
            t = (np.arange(n)[:, None] + 0.5) / n
            slope = self.mean_slope(first_start + t * (first_end - first_start), direction)
            contributions: Array = (end - start) * (self.weights[0] @ slope)
            if abs(contributions.sum() - (after - before)) <= tolerance * max(1, abs(after)) or n >= most_steps:
                return contributions
            n *= 2
