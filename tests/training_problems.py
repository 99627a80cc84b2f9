"""Rows to train a network on, and how far two results are apart."""

import numpy as np


def problem(n_inputs, n_classes, n_rows, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_rows, n_inputs)).astype(np.float32)
    targets = rng.integers(0, n_classes, n_rows).astype(np.int32)
    return x, targets, (0.5 + rng.random(n_rows)).astype(np.float32)


def relative(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)
