"""ONE flat float32 vector with named segments: optimizer, best-epoch snapshot and saving all handle one array."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normexp.network._layers import Network

__all__ = ["NativeSegment", "Parameters", "Segment", "blank_parameters", "initial_parameters", "segments_of", "vectors_of"]

# first, size, learning-rate factor, decay, l1, l2, largest norm, columns (negative: the norm is that of rows)
NativeSegment = tuple[int, int, float, float, float, float, float, int]


@dataclass(frozen=True)
class Segment:
    """A named run of the vector and how it is trained; `largest_norm` is that of each column (each unit's weights) or row, 0 for any."""

    name: str
    first: int
    shape: tuple[int, ...]
    trained: bool = True
    decayed: bool = True
    learning_rate_factor: float = 1.0
    l1: float = 0.0
    l2: float = 0.0
    largest_norm: float = 0.0
    of_rows: bool = False

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
                return self.view(segment)
        raise KeyError(f"expected one of {', '.join(s.name for s in self.segments)}, got {name!r}")

    def view(self, segment: Segment) -> NDArray[np.float32]:
        return self.values[segment.first : segment.first + segment.size].reshape(segment.shape)

    def copy(self) -> "Parameters":
        """The same values in memory of its own."""
        values = vectors_of(1, len(self.values))[0]
        values[:] = self.values
        return Parameters(values, self.segments)

    def plan(self, weight_decay: float, one_by_one: bool = False) -> list[NativeSegment]:
        """What the native optimizer needs; equal neighbours are joined, unless each variable is wanted by itself."""
        runs: list[NativeSegment] = []
        for s in self.segments:
            if not s.trained:
                continue
            alike = (s.learning_rate_factor, weight_decay if s.decayed else 0.0, s.l1, s.l2)
            joins = not one_by_one and s.largest_norm == 0
            if joins and runs and runs[-1][0] + runs[-1][1] == s.first and runs[-1][2:7] == (*alike, 0.0):
                runs[-1] = (runs[-1][0], runs[-1][1] + s.size, *alike, 0.0, 1)
            else:
                columns = s.shape[-1] if len(s.shape) > 1 else 1
                runs.append((s.first, s.size, *alike, s.largest_norm, -columns if s.of_rows else columns))
        return runs


def segments_of(network: Network) -> tuple[Segment, ...]:
    """'dense_0/weights', 'dense_0/bias', … in the order of the vector; weight matrices are decayed."""
    return tuple(
        Segment(f"{s.layer.kind}_{i}/{variable.name}", place, variable.shape, variable.trained, decayed=len(variable.shape) > 1)
        for i, s in enumerate(network.shapes())
        for variable, place in zip(s.variables, s.places, strict=True)
    )


def vectors_of(n_vectors: int, n: int, start: float = 0.0) -> NDArray[np.float32]:
    """Shape (n_vectors, n), each vector from a multiple of 64 bytes on: numpy's own begin 16 bytes later, which makes an update half as slow again."""
    line = 64 // 4
    width = -(-n // line) * line
    room = np.full(n_vectors * width + line, start, np.float32)
    first = -room.ctypes.data // 4 % line
    return room[first : first + n_vectors * width].reshape(n_vectors, width)[:, :n]


def blank_parameters(network: Network) -> Parameters:
    """All 0."""
    return Parameters(vectors_of(1, network.n_parameters)[0], segments_of(network))


def initial_parameters(network: Network, seed: int) -> Parameters:
    """Weights uniform on +-sqrt(6 / (n_inputs + units)) (Glorot and Bengio 2010), the others as their layer says: biases 0."""
    rng = np.random.Generator(np.random.Philox(seed))
    starts = [variable.start for s in network.shapes() for variable in s.variables]
    blank = blank_parameters(network)
    for segment, start in zip(blank.segments, starts, strict=True):
        limit = np.sqrt(6 / sum(segment.shape))
        blank.values[segment.first : segment.first + segment.size] = rng.uniform(-limit, limit, segment.size) if start is None else start
    return blank
