"""The activations of a classifier's hidden layers in float64, and their slopes."""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["activated", "slope_of"]

Array = NDArray[np.float64]


def activated(x: Array, name: str) -> Array:
    """Of "relu", "silu", "gelu" or "tanh"."""
    found: Array
    if name == "relu":
        found = np.maximum(x, 0)
    elif name == "tanh":
        found = np.tanh(x)
    else:
        found = x * (_logistic(x) if name == "silu" else _normal(x))
    return found


def slope_of(x: Array, name: str) -> Array:
    """The derivative; that of relu is 0 at 0."""
    found: Array
    if name == "relu":
        found = (x > 0).astype(np.float64)
    elif name == "tanh":
        found = 1 - np.tanh(x) ** 2
    elif name == "silu":
        share = _logistic(x)
        found = share * (1 + x * (1 - share))
    else:
        found = _normal(x) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return found


def _logistic(x: Array) -> Array:
    from scipy.special import expit

    found: Array = expit(x)
    return found


def _normal(x: Array) -> Array:
    """The distribution function of the normal distribution."""
    from scipy.special import ndtr

    found: Array = ndtr(x)
    return found
