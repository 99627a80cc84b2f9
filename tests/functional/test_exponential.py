"""exp of the core against wider arithmetic."""

import os
import subprocess
import sys

import mpmath
import numpy as np
import pytest

from normexp import _native
from reference.family import ulp_error
from tolerances import MAX_ULP


def test_float32_within_one_ulp_over_the_whole_range():
    x = np.unique(np.concatenate([np.linspace(-103.9, 88.7, 1_000_003), np.random.default_rng(0).uniform(-1, 1, 200_000)]).astype(np.float32))
    exact = np.exp(x.astype(np.float64))  # right to 1e-16, a billionth of the bound
    error = np.abs(_native.exponential(x) - exact) / np.spacing(exact.astype(np.float32))
    assert error.max() <= MAX_ULP["exponential", np.float32]
    assert error.max() > 0.4  # the measure measures


def test_float64_within_one_ulp():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(-745, 709.7, 2000), rng.uniform(-1, 1, 1000), rng.uniform(-745, -700, 500)])
    got = _native.exponential(x)
    assert max(ulp_error(g, mpmath.exp(mpmath.mpf(v)), np.float64) for g, v in zip(got, x, strict=True)) <= MAX_ULP["exponential", np.float64]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values(dtype):
    x = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1e4, -1e4], dtype)
    with np.errstate(all="raise"):
        got = _native.exponential(x)
    np.testing.assert_array_equal(got, np.array([np.nan, np.inf, 0, 1, 1, np.inf, 0], dtype))


def test_subnormal_results_are_not_flushed():
    assert _native.exponential(np.float32(-103)) > 0
    assert _native.exponential(-745.0) == 5e-324


EVERY_FLOAT = """
import numpy as np
from normexp import _native
worst, seen = 0.0, 0
for first in range(0, 2**32, 2**24):
    x = np.arange(first, first + 2**24, dtype=np.uint64).astype(np.uint32).view(np.float32)
    x = x[(x > -103.97) & (x < 88.72)]
    if x.size:
        exact = np.exp(x.astype(np.float64))
        worst = np.maximum(worst, (np.abs(_native.exponential(x) - exact) / np.spacing(exact.astype(np.float32))).max())
        seen += x.size
print(worst, seen)
"""


@pytest.mark.slow
@pytest.mark.parametrize("isa", _native.available_isas.split(", "))
def test_every_float32(isa):
    ended = subprocess.run([sys.executable, "-c", EVERY_FLOAT], env={**os.environ, "NORMEXP_ISA": isa}, capture_output=True, text=True, check=True)
    worst, seen = ended.stdout.split()
    assert 0.4 < float(worst) <= MAX_ULP["exponential", np.float32]
    assert int(seen) > 2.2e9
