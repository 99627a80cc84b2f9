"""The largest error of each function in units in the last place, by dtype and instruction set, on inputs chosen to hurt.

usage: accuracy.py [--all-floats]      --all-floats: exp of every float32 as well, some minutes an instruction set

Errors are measured against 80-bit arithmetic (float64: to about 0.001 ULP), in units of the last place of the exact result; of logsumexp, of the greater of
largest logit and result. float16 is compared with the exact result rounded to it: how many are equal, and by how many units the worst is off.
"""

import argparse
import os
import subprocess
import sys

import numpy as np

import normexp.functional as f
from normexp import _native

WIDE = np.longdouble
WIDTHS = (2, 3, 4, 7, 10, 16, 17, 33, 64, 100, 257, 512, 513, 1000, 5000, 40_000, 250_000)


def rows(n, dtype):
    """Rows of n logits: wide and narrow, near ties, ties, far from zero, with results below the smallest normal number, one confident."""
    rng = np.random.default_rng(n)
    many = max(2, min(4000, 400_000 // n))
    normal = rng.standard_normal((many, n))
    ties = np.round(normal)
    confident = normal.copy()
    confident[:, 0] += 30
    spread = rng.uniform(-100 if dtype == np.float32 else -740, 0, (many, n))
    cases = [normal, 3 * normal, 10 * normal, 1e-6 * normal + 5, ties, confident, spread, normal + 237, normal - 243, 1e4 + normal, -3e6 + 40 * normal]
    together = np.concatenate(cases)
    return together[np.abs(together).max(axis=-1) < np.finfo(dtype).max].astype(dtype)


def exact(x):
    """log(sum exp(x - m)) with the tail kept, and x - m."""
    wide = x.astype(WIDE)
    top = wide.max(axis=-1, keepdims=True)
    shifted = wide - top
    exponentials = np.exp(shifted)
    first = np.arange(x.shape[-1]) == wide.argmax(axis=-1)[:, None]
    return shifted, np.log1p(np.where(first, 0, exponentials).sum(axis=-1, keepdims=True)), top


def ulp(got, value, dtype, size=None):
    unit = np.spacing(np.abs(value if size is None else size).astype(dtype)).astype(WIDE)
    return float((np.abs(got.astype(WIDE) - value) / unit).max())


def errors(dtype):
    worst = dict.fromkeys(("softmax", "log_softmax", "logsumexp", "softmax, temperature 0.7"), 0.0)
    for n in WIDTHS:
        x = rows(n, dtype)
        shifted, logarithm, top = exact(x)
        worst["softmax"] = max(worst["softmax"], ulp(f.softmax(x), np.exp(shifted - logarithm), dtype))
        worst["log_softmax"] = max(worst["log_softmax"], ulp(f.log_softmax(x), shifted - logarithm, dtype))
        total = (top + logarithm)[:, 0]
        worst["logsumexp"] = max(worst["logsumexp"], ulp(f.logsumexp(x), total, dtype, np.maximum(np.abs(top[:, 0]), np.abs(total))))
        divided, logarithm, _ = exact(x / dtype(0.7))
        worst["softmax, temperature 0.7"] = max(worst["softmax, temperature 0.7"], ulp(f.softmax(x, temperature=0.7), np.exp(divided - logarithm), dtype))
    return worst | elementwise_errors(dtype)


def elementwise_errors(dtype):
    rng = np.random.default_rng(0)
    limit = 85 if dtype == np.float32 else 700
    x = np.concatenate([rng.uniform(-limit, limit, 300_000), rng.standard_normal(200_000), rng.standard_normal(100_000) * 1e-4]).astype(dtype)
    p = np.concatenate([rng.uniform(0, 1, 300_000), 10 ** rng.uniform(-37, 0, 100_000), 0.5 + 1e-4 * rng.standard_normal(100_000)]).astype(dtype)
    p = p[(p > 0) & (p < 1) & (p != 0.5)]
    wide, share = x.astype(WIDE), p.astype(WIDE)
    softplus = np.maximum(wide, 0) + np.log1p(np.exp(-np.abs(wide)))
    near = np.where(np.abs(share - 0.5) < 0.2, 2 * share - 1, 0)
    odds = np.where(near != 0, np.log1p(near) - np.log1p(-near), np.log(share / (1 - share)))
    return {
        "exp": ulp(_native.exponential(x), np.exp(wide), dtype),
        "sigmoid": ulp(f.sigmoid(x), 1 / (1 + np.exp(-wide)), dtype),
        "log_sigmoid": ulp(f.log_sigmoid(x), np.minimum(wide, 0) - np.log1p(np.exp(-np.abs(wide))), dtype),
        "softplus": ulp(f.softplus(x), softplus, dtype),
        "logit": ulp(f.logit(p), odds, dtype),
    }


def half_errors():
    """Share of correctly rounded float16 results, and the worst distance in units."""
    equal, count, worst = 0, 0, 0.0
    for n in WIDTHS:
        x = rows(n, np.float16)
        shifted, logarithm, _ = exact(x)
        rounded = np.exp(shifted - logarithm).astype(np.float16)
        got = f.softmax(x)
        equal, count = equal + int((got == rounded).sum()), count + got.size
        worst = max(worst, float((np.abs(got.astype(float) - rounded.astype(float)) / np.spacing(rounded).astype(float)).max()))
    return equal / count, worst


def all_floats():
    """exp of every float32 in the range of finite results that are not 0."""
    worst = 0.0
    for first in range(0, 2**32, 2**24):
        x = np.arange(first, first + 2**24, dtype=np.uint64).astype(np.uint32).view(np.float32)
        x = x[(x > -103.9) & (x < 88.72)]
        if x.size:
            value = np.exp(x.astype(np.float64))  # right to 1e-16: a billionth of the bound
            worst = max(worst, float((np.abs(_native.exponential(x) - value) / np.spacing(value.astype(np.float32))).max()))
    return worst


def report(with_all_floats):
    print(f"{_native.isa}:", flush=True)
    found = {dtype: errors(dtype) for dtype in (np.float32, np.float64)}
    for name in found[np.float32]:
        print(f"  {name:26} float32 {found[np.float32][name]:.2f}   float64 {found[np.float64][name]:.2f}", flush=True)
    share, worst = half_errors()
    print(f"  {'softmax':26} float16 {share:.3%} correctly rounded, the worst off by {worst:.0f}", flush=True)
    if with_all_floats:
        print(f"  {'exp of every float32':26} float32 {all_floats():.4f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all-floats", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        report(options.all_floats)
    else:
        print("largest errors, in units in the last place")
        for isa in _native.available_isas.split(", "):
            subprocess.run([sys.executable, __file__, "--here", *(["--all-floats"] if options.all_floats else [])], env={**os.environ, "NORMEXP_ISA": isa}, check=True)
