"""Helpers of Keras programs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.keras._names import absent
from normexp.keras._random import reseed

__all__ = ["clear_session", "normalize", "set_random_seed", "to_categorical"]


def to_categorical(x: Any, num_classes: int | None = None) -> NDArray[np.float64]:
    """One-hot rows of class indices, shape (*x.shape, num_classes); a last axis of length 1 goes away.

    Examples
    --------
    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    indices = np.asarray(x, np.int64)
    if indices.ndim > 1 and indices.shape[-1] == 1:
        indices = indices[..., 0]
    n = int(indices.max(initial=-1)) + 1 if num_classes is None else num_classes
    if indices.size and not (indices.min() >= 0 and indices.max() < n):
        raise ValueError(f"expected class indices from 0 to {n - 1}, got {indices.min()} to {indices.max()}; give num_classes")
    return np.eye(n)[indices]


def normalize(x: Any, axis: int = -1, order: float = 2) -> NDArray[Any]:
    """x divided by its norm of that order along the axis; what has norm 0 stays.

    Examples
    --------
    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    array = np.asarray(x)
    norm = np.linalg.norm(array, order, axis, keepdims=True)
    return array / np.where(norm == 0, 1, norm)


def set_random_seed(seed: int) -> None:
    """Seeds initial weights, shuffles and dropout, and as Keras does Python's and NumPy's own generators."""
    import random

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    reseed(seed)


def clear_session(free_memory: bool = True) -> None:
    """Names of layers count from the start again."""
    from normexp.keras._layer import forget_names

    forget_names()


__getattr__ = absent(__name__, __all__)
