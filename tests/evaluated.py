"""Rows of four classes with ties, and their evaluation."""

import numpy as np

from normexp.evaluation import Evaluation

RNG = np.random.default_rng(0)
CLASSES = np.array(["a", "b", "c", "d"])
P = np.round(RNG.dirichlet([1, 1, 1, 1], 500), 2)  # with ties
P[:, 3] = 1 - P[:, :3].sum(axis=1)
P = np.clip(P, 0.001, 1)
P /= P.sum(axis=1, keepdims=True)
TARGETS = np.where(RNG.random(500) < 0.5, P.argmax(axis=1), RNG.integers(0, 4, 500)).astype(np.int32)
WEIGHTS = RNG.random(500) + 0.1


def of(weights=None, p=P, targets=TARGETS, classes=CLASSES):
    return Evaluation(classes, targets, p, weights)
