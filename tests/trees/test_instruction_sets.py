"""The same splits on every instruction set; leaves follow the exponential, whose last bits differ."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest

from normexp import _native

GROWN = """
import sys
import numpy as np
from normexp import trees
rng = np.random.default_rng(0)
found = {}
for k in (2, 5, 20):
    x = rng.standard_normal((3000, 8))
    y = ((x[:, 0] > 0) + 2 * (x[:, 1] > 0.3) + np.abs(4 * x[:, 2]).astype(int)).astype(np.int32) % k
    forest = trees.fit(x, y, k, trees.Boosting(rounds=40, patience=0)).forest
    found |= {f"{name} {k}": getattr(forest, name) for name in ("features", "thresholds", "leaves", "gains")}
np.savez(sys.stdout.buffer, **found)
"""


def grown(isa):
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", GROWN], env={**os.environ, "NORMEXP_ISA": isa}, capture_output=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return np.load(io.BytesIO(ended.stdout))


@pytest.mark.parametrize("isa", _native.available_isas.split(", ")[1:])
def test_splits_are_the_same(isa):
    ours, theirs = grown(_native.available_isas.split(", ")[0]), grown(isa)
    for name in ours:
        if name.split()[0] in ("features", "thresholds"):
            np.testing.assert_array_equal(ours[name], theirs[name])
        else:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-2, atol=1e-4)
