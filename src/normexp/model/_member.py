"""A member of a model: an encoder and the network, or the forest, that it feeds."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model._encoder import Encoder
from normexp.network import NativeLayer, Network, OptimizerState, Parameters, check_parameters, predict_outputs
from normexp.trees import Forest

__all__ = ["AnyMember", "Encoded", "Member", "TreeMember"]


@dataclass(frozen=True, eq=False)
class Member:
    """Matrix in, logits out.

    `state` is what a fit that goes on needs of the one before; without it the update rule starts afresh. It is no part of a model file.
    """

    encoder: Encoder
    network: Network
    parameters: Parameters
    state: OptimizerState | None = None

    def logits(self, matrix: NDArray[Any], n_threads: int = 0, *, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Logits of shape (n_rows, n_classes) as the network gives them, in float32, kept as `dtype`; arguments as those of `Model.logits`."""
        logits = np.empty((len(matrix), self.network.n_outputs), dtype)
        first = 0
        for piece in self.encoder.pieces(matrix):
            logits[first : first + len(piece)] = self.logits_of(piece, n_threads)
            first += len(piece)
        return logits

    @property
    def n_outputs(self) -> int:
        """The number of classes."""
        return self.network.n_outputs

    @property
    def is_linear(self) -> bool:
        return len(self.network.layers) == 1

    @property
    def shape(self) -> Any:
        """What members of a kind have in common."""
        return self.network

    def of_rows(self, rows: "Encoded", n_threads: int = 0) -> NDArray[np.float32]:
        """Logits of rows that are encoded for all members."""
        return self.logits_of(rows.inputs if self.network.n_inputs == rows.inputs.shape[1] else rows.plain_inputs, n_threads)

    def logits_of(self, inputs: NDArray[np.float32], n_threads: int = 0) -> NDArray[np.float32]:
        """Logits of encoded rows."""
        return predict_outputs(self._plan, self.parameters, inputs, n_threads)

    @cached_property
    def _plan(self) -> list[NativeLayer]:
        """Found once: a row is asked of some twenty members."""
        check_parameters(self.network, self.parameters)
        return self.network.plan()


@dataclass(frozen=True, eq=False)
class TreeMember:
    """Matrix in, logits out, by a forest of the numbers that the encoder makes (`Encoder.numbers`)."""

    encoder: Encoder
    forest: Forest

    def logits(self, matrix: NDArray[Any], n_threads: int = 0, *, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """As those of a network."""
        return self.forest.logits(self.encoder.numbers(matrix), n_threads).astype(dtype, copy=False)

    @property
    def n_outputs(self) -> int:
        """The number of classes."""
        return self.forest.n_classes

    @property
    def is_linear(self) -> bool:
        return False

    @property
    def shape(self) -> Any:
        """What members of a kind have in common."""
        return self.forest.features.shape[1:]

    def of_rows(self, rows: "Encoded", n_threads: int = 0) -> NDArray[np.float32]:
        """Logits of rows that are encoded for all members."""
        return self.forest.logits(rows.numbers, n_threads)


AnyMember = Member | TreeMember


@dataclass(frozen=True, eq=False)
class Encoded:
    """Rows of a matrix, each encoding made once, when a first member asks."""

    encoder: Encoder
    matrix: NDArray[Any]

    @cached_property
    def inputs(self) -> NDArray[np.float32]:
        return self.encoder.encode(self.matrix)

    @cached_property
    def plain_inputs(self) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.inputs[:, : self.encoder.n_plain_inputs])

    @cached_property
    def numbers(self) -> NDArray[Any]:
        return self.encoder.numbers(self.matrix)
