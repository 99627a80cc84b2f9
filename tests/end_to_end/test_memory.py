"""Too little memory, too few threads: one sentence, or the result; never a crash."""

import os
import resource
import subprocess
import sys

import pytest
from commands import NORMEXP, table

MB, GB = 1 << 20, 1 << 30


def limited(arguments, cwd, address_space, stack=None, program=NORMEXP):
    """The command under a limit on its address space; a huge default stack makes that no thread can start."""

    def limits():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if stack is not None:
            resource.setrlimit(resource.RLIMIT_STACK, (stack, resource.getrlimit(resource.RLIMIT_STACK)[1]))
        resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))

    return subprocess.run([program, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120, preexec_fn=limits)


def assert_done_or_said(ended):
    assert ended.returncode in (0, 1), ended.stderr
    if ended.returncode:
        assert ended.stderr.count("normexp: error: not enough memory") == 1, ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of some 20 MB in memory."""
    folder = tmp_path_factory.mktemp("memory")
    table(folder / "t.csv", ",".join([*(f"c{j}" for j in range(20)), "y"]), [[*(f"{i * (j + 7) % 1009 / 7:.4f}" for j in range(20)), "pqr"[i % 3]] for i in range(40_000)])
    return folder


PROCESSORS = os.cpu_count() or 1


@pytest.mark.parametrize("megabytes", [120, 700, 1000 + 128 * PROCESSORS, 1060 + 128 * PROCESSORS, 1200 + 128 * PROCESSORS, 4000 + 128 * PROCESSORS])
def test_a_limit_on_the_address_space(folder, megabytes):
    ended = limited(["train", "t.csv", "--target", "y", "--epochs", 1, "--hidden", "512", "-o", "m.safetensors"], folder, megabytes * MB)
    assert_done_or_said(ended)
    if megabytes < 1000:
        assert "not enough memory to start; raise the limit on the address space (ulimit -v)" in ended.stderr
    if megabytes > 4000:
        assert ended.returncode == 0
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_a_table_that_memory_cannot_hold_once_trained(trained, tmp_path):
    ended = limited(["train", trained / "colours.csv", "--target", "label", "--hidden", "20000,20000", "-o", "m"], tmp_path, (2200 + 128 * PROCESSORS) * MB)
    assert ended.returncode == 1
    assert_done_or_said(ended)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_STACK)[1] != resource.RLIM_INFINITY, reason="the hard limit on stacks is in the way")
def test_threads_that_cannot_start_are_done_without(trained, tmp_path):
    limit = (1100 + 128 * PROCESSORS) * MB
    options = ["train", trained / "colours.csv", "--target", "label", "--epochs", 3, "--threads", 4, "--hidden", "512", "-o"]
    ended = limited([*options, "few"], tmp_path, limit, stack=8 * GB)
    assert ended.returncode == 0, ended.stderr
    assert limited([*options, "many"], tmp_path, 4 * limit).returncode == 0
    assert (tmp_path / "few").read_bytes() == (tmp_path / "many").read_bytes()


IN_WORKERS = """
import resource, sys
import numpy as np
from normexp.network import Dense, Network, initial_parameters, predict_logits
wide = Network(2, (Dense(300_000, "relu"), Dense(2)))
parameters = initial_parameters(wide, 0)
features = np.ones((2048, 2), np.float32)
predict_logits(Network.classifier(2, (2,), 2), initial_parameters(Network.classifier(2, (2,), 2), 0), features, 4)  # the pool is there
used = int(next(line for line in open("/proc/self/status") if line.startswith("VmSize")).split()[1]) << 10
before = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (used + (8 << 20), before[1]))
try:
    predict_logits(wide, parameters, features, 4)
except MemoryError:
    resource.setrlimit(resource.RLIMIT_AS, before)
    print(predict_logits(wide, parameters, features[:300], 2).shape)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_worker_without_memory_raises_and_the_pool_works_on():
    ended = subprocess.run([sys.executable, "-c", IN_WORKERS], capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout.strip()) == (0, "(300, 2)"), ended.stderr
