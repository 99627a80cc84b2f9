"""The bounded minimum is SciPy's, to the bit."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from normexp.evaluation._minimum import bounded_minimum

RNG = np.random.Generator(np.random.PCG64(0))
FUNCTIONS = {
    "parabola": lambda x: (x - 0.3) ** 2, "flat": lambda x: 0.0 * x, "falling": lambda x: -x, "rising": lambda x: math.exp(x), "quartic": lambda x: (x + 1) ** 4 - x,
    "wavy": lambda x: math.sin(5 * x) + 0.1 * x, "kinked": lambda x: abs(x - 1.1), "steps": lambda x: math.floor(3 * x) ** 2,
}  # fmt: skip


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-9])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_known_functions(name, tolerance):
    for low, high in ((-2.0, 2.0), (-2.0794415416798357, 2.0794415416798357), (0.0, 5.0)):
        wanted = minimize_scalar(FUNCTIONS[name], bounds=(low, high), method="bounded", options={"xatol": tolerance}).x
        assert bounded_minimum(FUNCTIONS[name], low, high, tolerance) == wanted


def test_random_functions():
    for _ in range(300):
        c, d = RNG.normal(size=(2, 5))
        function = lambda x, c=c, d=d: float(np.sum(c * np.cos(d * x))) + 0.01 * x * x  # noqa: E731
        assert bounded_minimum(function, -3.0, 3.0, 1e-5) == minimize_scalar(function, bounds=(-3.0, 3.0), method="bounded").x
