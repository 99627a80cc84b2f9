"""A member of a model: an encoder and the network that it feeds."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model._encoder import Encoder
from normexp.network import NativeLayer, Network, OptimizerState, Parameters, check_parameters, predict_outputs

__all__ = ["Member"]


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

    def logits_of(self, inputs: NDArray[np.float32], n_threads: int = 0) -> NDArray[np.float32]:
        """Logits of encoded rows."""
        return predict_outputs(self._plan, self.parameters, inputs, n_threads)

    @cached_property
    def _plan(self) -> list[NativeLayer]:
        """Found once: a row is asked of some twenty members."""
        check_parameters(self.network, self.parameters)
        return self.network.plan()
