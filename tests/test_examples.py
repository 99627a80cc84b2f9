"""The examples run, from first line to last, and give what they promise; the tutorial's program runs on Keras too, by replacing the import."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(source, folder, **environment):
    program = folder / "program.py"
    program.write_text(source)
    ended = subprocess.run([sys.executable, str(program)], cwd=folder, capture_output=True, text=True, timeout=300, env={**os.environ, **environment})
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


def assert_learnt(printed, folder):
    loss, accuracy = map(float, re.search(r"Loss: (\S+) - Accuracy: (\S+)%", printed).groups())
    assert accuracy > 97
    assert loss < 0.1
    assert printed.count("120/120") >= 30
    assert (folder / "four_blobs.png").stat().st_size > 5000


def test_four_blobs(tmp_path):
    assert_learnt(run((EXAMPLES / "four_blobs.py").read_text(), tmp_path), tmp_path)


@pytest.mark.parity
def test_four_blobs_on_keras(tmp_path):
    pytest.importorskip("jax", reason="jax and keras are in the extra parity")
    source = (EXAMPLES / "four_blobs.py").read_text().replace("normexp.keras", "keras")
    assert_learnt(run(source, tmp_path, KERAS_BACKEND="jax"), tmp_path)


def test_tune_blobs(tmp_path):
    pytest.importorskip("optuna", reason="optuna is in the extra tune")
    printed = run((EXAMPLES / "tune_blobs.py").read_text(), tmp_path)
    found = re.fullmatch(r"30 networks, the best: loss (\S+), \{'units': \d+, 'activation': '\w+', 'learning_rate': \S+\}\n", printed)
    assert found, "no best network was printed"
    assert float(found[1]) < 0.15
