"""Values and slopes of the activations, against mpmath and differences."""

import mpmath
import numpy as np
import pytest

from normexp.explanation._activations import activated, slope_of
from normexp.network import CLASSIFIER_ACTIVATIONS

EXACT = {
    "relu": lambda x: max(x, mpmath.mpf(0)), "silu": lambda x: x / (1 + mpmath.exp(-x)), "gelu": lambda x: x * mpmath.ncdf(x), "tanh": mpmath.tanh,
}  # fmt: skip
X = np.concatenate([np.linspace(-6, 6, 41) + 0.013, [-30.0, 30.0]])


@pytest.mark.parametrize("name", CLASSIFIER_ACTIVATIONS)
def test_values_and_slopes(name):
    with mpmath.workdps(40):
        values = [float(EXACT[name](mpmath.mpf(x))) for x in X]
        slopes = [float(mpmath.diff(EXACT[name], mpmath.mpf(x))) for x in X]
    np.testing.assert_allclose(activated(X, name), values, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(slope_of(X, name), slopes, rtol=1e-9, atol=1e-12)
