"""How the learning rate goes."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["cosine_rates"]

WARM = 0.05  # share of the steps in which it rises from 0


def cosine_rates(learning_rate: float, n_steps: int) -> NDArray[np.float32]:
    """Of each step: up in a line, then down along half a cosine (Loshchilov and Hutter 2017)."""
    t = (np.arange(n_steps) + 0.5) / n_steps
    return (learning_rate * np.where(t < WARM, t / WARM, (1 + np.cos(np.pi * (t - WARM) / (1 - WARM))) / 2)).astype(np.float32)
