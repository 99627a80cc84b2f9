"""ONE flat float32 vector with named segments: optimizer, best-epoch snapshot and saving all handle one array."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normexp.network._layers import Network

__all__ = ["Parameters", "Segment", "initial_parameters"]


@dataclass(frozen=True)
class Segment:
    """A named run of the vector and how it is trained."""

    name: str
    first: int
    shape: tuple[int, ...]
    trained: bool = True
    decayed: bool = True
    learning_rate_factor: float = 1.0

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Parameters:
    """The values of all layers, shape (n,), and their segments in order."""

    values: NDArray[np.float32]
    segments: tuple[Segment, ...]

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """A view of one segment in its own shape."""
        for segment in self.segments:
            if segment.name == name:
                return self.values[segment.first : segment.first + segment.size].reshape(segment.shape)
        raise KeyError(f"expected one of {', '.join(s.name for s in self.segments)}, got {name!r}")

    def plan(self, weight_decay: float) -> list[tuple[int, int, float, float]]:
        """What the native optimizer needs: (first, size, learning-rate factor, decay), equal neighbours joined."""
        runs: list[tuple[int, int, float, float]] = []
        for s in self.segments:
            if not s.trained:
                continue
            decay = weight_decay if s.decayed else 0.0
            if runs and runs[-1][0] + runs[-1][1] == s.first and runs[-1][2:] == (s.learning_rate_factor, decay):
                runs[-1] = (runs[-1][0], runs[-1][1] + s.size, s.learning_rate_factor, decay)
            else:
                runs.append((s.first, s.size, s.learning_rate_factor, decay))
        return runs


def segments_of(network: Network) -> tuple[Segment, ...]:
    """'dense_0/weights', 'dense_0/bias', … in the order of the vector."""
    segments = []
    for i, s in enumerate(network.shapes()):
        segments.append(Segment(f"dense_{i}/weights", s.weights, (s.n_inputs, s.layer.units)))
        if s.bias >= 0:
            segments.append(Segment(f"dense_{i}/bias", s.bias, (s.layer.units,), decayed=False))
    return tuple(segments)


def initial_parameters(network: Network, seed: int) -> Parameters:
    """Weights uniform on +-sqrt(6 / (n_inputs + units)) (Glorot and Bengio 2010), biases 0."""
    rng = np.random.Generator(np.random.Philox(seed))
    segments = segments_of(network)
    values = np.zeros(segments[-1].first + segments[-1].size, np.float32)
    for segment in segments:
        if len(segment.shape) == 2:
            limit = np.sqrt(6 / sum(segment.shape))
            values[segment.first : segment.first + segment.size] = rng.uniform(-limit, limit, segment.size)
    return Parameters(values, segments)
