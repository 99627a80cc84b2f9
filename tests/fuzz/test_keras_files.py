"""Mutated `.keras` files: refused with ModelFileError, or models that predict; never another error, a crash, or memory from nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("h5py", reason="h5py is in the extra keras")

N = int(os.environ.get("NORMEXP_FUZZ") or 200)


def test_mutated_files_are_refused_or_predict(tmp_path):
    script = Path(__file__).with_name("keras_files.py")
    done = subprocess.run([sys.executable, script, tmp_path, str(N), "1"], capture_output=True, text=True, env={**os.environ, "MALLOC_ARENA_MAX": "1"})
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["loaded"] + found["refused"] == N
    assert min(found["loaded"], found["refused"]) > N / 20  # both sides of the border are seen
    assert found["grown"] < 256 << 20
    assert found["slowest"] < 10
