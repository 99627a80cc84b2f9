"""Instruction sets, threads and forks, each in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from normexp import _native

DIGEST = """
import hashlib, numpy as np, normexp
x = np.random.default_rng(0).standard_normal((2000, 300)).astype(np.float32)
print(hashlib.sha256(normexp.softmax(x).tobytes()).hexdigest())
"""
WORST = """
import numpy as np, normexp
from normexp import _native
worst = 0
for n in (3, 10, 17, 37, 200, 513, 1000):
    x = 10 * np.random.default_rng(n).standard_normal((2000, n)).astype(np.float32)
    z = x.astype(np.float64) - x.max(axis=1, keepdims=True)
    exact = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    worst = np.maximum(worst, (np.abs(normexp.softmax(x) - exact) / np.spacing(exact.astype(np.float32))).max())
print(_native.isa, worst)
"""
FORK = """
import os, numpy as np, normexp
x = np.random.default_rng(0).standard_normal((2000, 300)).astype(np.float32)
before = normexp.softmax(x).tobytes()
child = os.fork()
if child == 0:
    os._exit(0 if normexp.softmax(x).tobytes() == before else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def run(code, **environment):
    return subprocess.run([sys.executable, "-W", "ignore", "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("isa", _native.available_isas.split(", "))
def test_every_instruction_set_is_within_the_bound(isa):
    name, worst = run(WORST, NORMEXP_ISA=isa).stdout.split()
    assert name == isa
    assert 0 < float(worst) <= 2  # NaN is neither


@pytest.mark.parametrize("isa", _native.available_isas.split(", ")[1:])
def test_the_familys_tests_pass_on_the_other_instruction_sets(isa):
    files = [str(Path(__file__).with_name(f"test_{name}.py")) for name in ("family", "contract", "elementwise", "exponential", "cross_entropy", "sampling")]
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *files]
    ended = subprocess.run(command, env={**os.environ, "NORMEXP_ISA": isa}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", ended.stdout)[1]) > 300


def test_a_wrong_instruction_set_is_refused():
    ended = run("import normexp", NORMEXP_ISA="v9")
    assert ended.returncode == 1
    assert f"expected NORMEXP_ISA to be one of {_native.available_isas}, got 'v9'" in ended.stderr


def test_the_same_bits_on_any_number_of_threads():
    digests = {run(DIGEST, OMP_NUM_THREADS=n).stdout for n in ("1", "2", "7")}
    assert len(digests) == 1
    assert len(digests.pop()) == 65


def test_the_environment_sets_the_number_of_threads():
    assert run("from normexp import _native; print(_native.get_num_threads())", OMP_NUM_THREADS="3").stdout == "3\n"


def test_a_forked_child_has_threads_of_its_own():
    assert run(FORK, OMP_NUM_THREADS="2").stdout == "0\n"
