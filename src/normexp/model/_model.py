"""A fitted classifier as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.functional import softmax
from normexp.model._encoder import Encoder
from normexp.network import History, Network, Parameters, predict_logits
from normexp.tables import Schema

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """What predicts, what is saved, and what is told of it; it knows neither scikit-learn nor files.

    Parameters
    ----------
    schema : Schema or None
        The columns of the table or data frame that it was trained on; None for plain arrays.
    classes : ndarray of shape (n_classes,)
        Labels in their own type.
    encoder, network, parameters
        From a matrix to inputs, the layers over them, and their values.
    temperature : float
        What the logits are divided by, above 0.
    class_shares : ndarray of shape (n_classes,), or None
        Shares of the classes among the training rows.
    n_features : int
        Columns of the table or array, before a schema leaves some out.
    feature_names : tuple of str, or None
        Their names, where they have some.
    history : History
        Of the training.
    scores : mapping of str to float
        On held-out rows.
    params : mapping of str to Any
        Arguments of the estimator that made it.
    """

    schema: Schema | None
    classes: NDArray[Any]
    encoder: Encoder
    network: Network
    parameters: Parameters
    temperature: float
    class_shares: NDArray[np.float64] | None
    n_features: int
    feature_names: tuple[str, ...] | None
    history: History
    scores: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    def logits(self, matrix: NDArray[Any], n_threads: int = 0, *, dtype: type[np.floating[Any]] | None = None) -> NDArray[Any]:
        """Calibrated logits, divided by the temperature, of shape (n_rows, n_classes).

        Parameters
        ----------
        matrix : ndarray of shape (n_rows, n_matrix_columns)
            float32 or float64; NaN is missing, categories are codes, as in `Table.matrix`.
        n_threads : int
            0 is the default number; the bits do not depend on it.
        dtype : float32 or float64, optional
            Of the answer and of the division; by default that of the matrix.
        """
        dtype = dtype or (np.float32 if matrix.dtype == np.float32 else np.float64)
        logits = np.empty((len(matrix), len(self.classes)), dtype)
        first = 0
        for piece in self.encoder.pieces(matrix):
            logits[first : first + len(piece)] = predict_logits(self.network, self.parameters, piece, n_threads)
            first += len(piece)
        logits /= dtype(self.temperature)
        return logits

    def probabilities(self, matrix: NDArray[Any], n_threads: int = 0, *, dtype: type[np.floating[Any]] | None = None) -> NDArray[Any]:
        """The softmax of the logits, of shape (n_rows, n_classes), columns as in `classes`; arguments as those of `logits`."""
        probabilities: NDArray[Any] = softmax(self.logits(matrix, n_threads, dtype=dtype))
        return probabilities
