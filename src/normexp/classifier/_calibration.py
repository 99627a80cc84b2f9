"""Temperature scaling on held-out logits (Guo et al. 2017), shrunk towards 1 where there is little evidence."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.functional import cross_entropy

__all__ = ["fit_temperature"]

BOUND = np.log(8)  # of |log(1/T)|
PRIOR_SCALE = 0.5


def fit_temperature(logits: NDArray[Any], targets: NDArray[np.int32], weights: NDArray[np.float32] | None = None) -> float:
    """The temperature T by which to divide logits, shape (n, n_classes); 1 for no rows.

    Minimises sum_i w_i loss_i(b) + log(b)^2 / (2 * 0.5^2) over b = 1/T in [1/8, 8]: the log loss of all rows (weights scaled to mean 1) plus the
    penalty of a normal prior on log b with standard deviation 0.5. With many rows the data decide; with a few, or where every row is already right
    by far, T stays near 1.
    """
    if not len(targets):
        return 1.0
    from scipy.optimize import minimize_scalar

    z = logits.astype(np.float64)
    w = np.ones(len(targets)) if weights is None else weights / weights.mean()

    def penalised(log_b: float) -> float:
        losses = cross_entropy(z * np.exp(log_b), targets, reduction="none")
        return float(w @ losses) + log_b**2 / (2 * PRIOR_SCALE**2)

    best = minimize_scalar(penalised, bounds=(-BOUND, BOUND), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(-best.x))
