"""Scores without scikit-learn are scikit-learn's: ties, weights, unknown classes, classes that are not there."""

import subprocess
import sys

import numpy as np
import pytest
import sklearn.metrics as sk

from normexp.evaluation import Evaluation, class_scores
from normexp.evaluation._counting import in_top_k
from normexp.evaluation._ranking import ranking


@pytest.mark.parametrize("seed", range(60))
def test_areas_are_scikit_learns(seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    n = int(rng.integers(2, 400))
    p = rng.random(n).astype((np.float32, np.float64)[seed % 2])
    p = np.round(p, 1 + seed % 3) if seed % 4 else p  # ties
    positive = rng.random(n) < p
    positive[:2] = True, False
    weights = None if seed % 3 else rng.exponential(size=n)
    wanted = sk.roc_auc_score(positive, p, sample_weight=weights), sk.average_precision_score(positive, p, sample_weight=weights)
    assert ranking(p, positive, np.ones(n) if weights is None else weights)[:2] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_scores_of_classes_are_scikit_learns(seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    n, n_classes = int(rng.integers(2, 200)), int(rng.integers(4, 9))
    p = np.round(rng.dirichlet(np.ones(n_classes), n), 1) + 1e-3
    p /= p.sum(axis=1, keepdims=True)
    targets = rng.integers(-1 if seed % 2 else 0, n_classes - 1, n)  # the last class has no rows
    weights = None if seed % 3 else rng.exponential(size=n)
    evaluation, labels = Evaluation(np.arange(n_classes), targets, p, weights), np.arange(n_classes)
    wanted = sk.precision_recall_fscore_support(targets, evaluation.predicted, labels=labels, sample_weight=weights, zero_division=0)
    for found, one in zip(class_scores(evaluation), wanted, strict=True):
        assert found.dtype == one.dtype
        assert np.array_equal(found, one)
    seen = evaluation.take(evaluation.known)
    hits = in_top_k(seen.targets, seen.probabilities, 3)
    assert np.average(hits, weights=seen.weights) == sk.top_k_accuracy_score(seen.targets, seen.probabilities, k=3, labels=labels, sample_weight=seen.weights)


def test_training_does_not_import_what_it_does_not_use(tmp_path):
    code = (
        "import sys; from normexp.cli import run; assert run(['train', 'example:iris', '--json']) == 0; "
        "print([name for name in ('sklearn', 'scipy', 'matplotlib', 'pandas', 'duckdb', 'narwhals', 'rich', 'jinja2') if name in sys.modules], file=sys.stderr)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path).stderr == "[]\n"
