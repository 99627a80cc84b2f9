"""A forest as data, and what it says of rows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native

__all__ = ["Forest", "n_outputs_of"]


@dataclass(frozen=True, eq=False)
class Forest:
    """Symmetric trees: on each level one question for all rows, whether a feature's value is above a threshold. The answers are the digits of the leaf's number, the first level's
    the lowest.

    features, thresholds, missing : ndarrays of shape (n_trees, depth)
        int32, float64, bool. A feature of -1 is no question: every row says no. `missing` is what a row without a value says.
    leaves : float32 ndarray of shape (n_trees, 2 ** depth, n_outputs)
        What a leaf adds to the logits; n_outputs is the number of classes, or 1 for two: then it is the logit of the second class above the first.
    base : float32 ndarray of shape (n_outputs,)
        Logits before the first tree.
    gains : float32 ndarray of shape (n_trees, depth)
        By how much a question lowered the loss that splits are judged by, summed over training rows; 0 for none.
    """

    features: NDArray[np.int32]
    thresholds: NDArray[np.float64]
    missing: NDArray[np.bool_]
    leaves: NDArray[np.float32]
    base: NDArray[np.float32]
    gains: NDArray[np.float32]

    @staticmethod
    def without_trees(depth: int, n_classes: int) -> "Forest":
        """What gives every class one probability."""
        n_outputs = n_outputs_of(n_classes)
        return Forest(
            np.empty((0, depth), np.int32), np.empty((0, depth)), np.empty((0, depth), bool), np.empty((0, 2**depth, n_outputs), np.float32),
            np.zeros(n_outputs, np.float32), np.empty((0, depth), np.float32),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.features)

    def take(self, trees: Any) -> "Forest":
        """Those of an index or slice, over the same base."""
        return replace(
            self, features=self.features[trees], thresholds=self.thresholds[trees], missing=self.missing[trees], leaves=self.leaves[trees], gains=self.gains[trees],
        )  # fmt: skip

    def copy(self) -> "Forest":
        """In memory of its own: what others share it with may go."""
        return replace(self, features=self.features.copy(), thresholds=self.thresholds.copy(), missing=self.missing.copy(), leaves=self.leaves.copy(), gains=self.gains.copy())

    def first(self, n: int) -> "Forest":
        """The first n trees."""
        return self.take(slice(n))

    @property
    def n_classes(self) -> int:
        return max(len(self.base), 2)

    def logits(self, matrix: NDArray[Any], n_threads: int = 0, chosen: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """Of rows of numbers, NaN for missing, shape (n, n_features): logits of shape (n, n_classes). A row's bits do not depend on the other rows or on the threads.

        `chosen` are the numbers of the trees that are asked; default all.
        """
        if matrix.ndim != 2 or (len(self) and matrix.shape[1] <= self.features.max(initial=0)):
            raise ValueError(f"expected a matrix of at least {int(self.features.max(initial=0)) + 1} columns, got shape {matrix.shape}")
        out = np.empty((len(matrix), len(self.base)), np.float32)
        question = self.features, self.thresholds, self.missing, self.leaves.ravel(), self.base, out, n_threads, chosen
        if matrix.dtype == np.float32:
            _native.forest_logits_f32(matrix, *question)
        else:
            _native.forest_logits_f64(np.asarray(matrix, np.float64), *question)
        return np.concatenate([np.zeros_like(out), out], axis=1) if len(self.base) == 1 else out


def n_outputs_of(n_classes: int) -> int:
    """Numbers of a leaf: one for two classes."""
    return 1 if n_classes == 2 else n_classes
