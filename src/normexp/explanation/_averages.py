"""What members that are averaged as probabilities mean to their combined logits."""

import numpy as np
from numpy.typing import NDArray

from normexp.functional import softmax

__all__ = ["directions"]

Array = NDArray[np.float64]
TINY = 1e-300


def directions(logits: Array, direction: Array) -> Array:
    """The gradients of (logits of the mean probabilities) @ direction with respect to the logits of each member, (n_members, n, n_classes) as `logits`."""
    if len(logits) == 1:
        return np.broadcast_to(direction, logits.shape)
    probabilities: Array = softmax(logits)
    share: Array = direction * probabilities / np.maximum(probabilities.sum(axis=0), TINY)
    slopes: Array = share - probabilities * share.sum(axis=2, keepdims=True)
    return slopes
