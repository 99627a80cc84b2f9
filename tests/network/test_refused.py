"""Descriptions and arrays that do not fit are refused before the native call."""

import subprocess
import sys

import numpy as np
import pytest

from normexp.network import Dense, Network, Training, fit, initial_parameters, predict_logits
from training_problems import problem


def test_descriptions_are_checked():
    with pytest.raises(ValueError, match="expected a dense layer of at least 1 unit, got 0"):
        Dense(0)
    with pytest.raises(ValueError, match=r"expected an activation out of linear, relu, .* and softmax, got 'cube'"):
        Dense(3, "cube")
    with pytest.raises(ValueError, match="expected a network with inputs and layers, got 0 inputs"):
        Network(0, (Dense(2),))


def test_arrays_that_do_not_fit_are_refused():
    network = Network.classifier(4, (), 3)
    x, targets, weights = problem(4, 3, 10)
    parameters, rows = initial_parameters(network, 0), np.arange(10)
    cases = [
        ((x[:, :3], targets, None, rows), "expected C-contiguous float32 features of shape"),
        ((x.astype(np.float64), targets, None, rows), "got float64 of shape"),
        ((x, targets[:9], None, rows), "expected a target and, if any, a weight for each of 10 rows"),
        ((x, targets, weights[:3], rows), r"\(3,\) weights"),
        ((x, targets, None, np.array([0, 10])), "expected rows from 0 to 9, got 0 to 10"),
        ((x, targets + 1, None, rows), "expected targets from 0 to 2, got 1 to 3"),
        ((x, targets, None, rows[:0]), "expected rows to train on, got none"),
    ]
    for (features, labels, row_weights, chosen), message in cases:
        with pytest.raises(ValueError, match=message):
            fit(network, parameters, features, labels, Training(1, 5), training_rows=chosen, weights=row_weights)
    with pytest.raises(ValueError, match=r"expected features of shape \(n, 4\), got \(10, 3\)"):
        predict_logits(network, parameters, x[:, :3])


START = """
import numpy as np
from normexp.network import *
n = Network.classifier(3, (4,), 3); p = initial_parameters(n, 0); short = Parameters(p.values[:5].copy(), p.segments)
x = np.ones((60, 3), np.float32); y = np.zeros(60, np.int32); rows = np.arange(60)
try:
    {}
except (TypeError, ValueError):
    print("refused")
"""


@pytest.mark.parametrize(
    "call",
    [
        "fit(n, p, x, y, Training(1, 0), training_rows=rows)",
        "fit(n, short, x, y, Training(1, 7), training_rows=rows)",
        "predict_logits(n, short, x)",
        "fit(n, p, x, y, Training(1, 7), training_rows=rows, state=OptimizerState(np.zeros((2, 3), np.float32)))",
        "fit(n, Parameters(p.values, (Segment('x', 0, (10**6,)),)), x, y, Training(1, 7), training_rows=rows)",
    ],
    ids=["batch_size_0_hangs", "short_parameters_fit", "short_parameters_predict", "short_state", "segment_beyond_the_end"],
)
def test_what_does_not_fit_is_refused_before_the_native_call(call):
    done = subprocess.run([sys.executable, "-c", START.format(call)], capture_output=True, text=True, timeout=15)
    assert (done.returncode, done.stdout.strip()) == (0, "refused")
