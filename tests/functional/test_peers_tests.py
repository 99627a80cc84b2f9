"""SciPy's tests of these functions, as they come in its wheel, and PyTorch's samples, run on ours."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from normexp import functional

TESTS = Path(__file__).parent.parent


def test_scipys_tests_pass(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "reference.scipys_tests", "-p", "no:cacheprovider", "--pyargs", "scipy.special.tests.test_logsumexp"]
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", ended.stdout)[1]) >= 50


NAMES = ("softmax", "log_softmax", "logsumexp", "nn.functional.cross_entropy")


def ours(torch, name, sample):
    """Our result for a sample of PyTorch's, or None for what we refuse on purpose: negative class weights."""
    options = dict(sample.kwargs)
    x = sample.input.detach().to(options.pop("dtype", sample.input.dtype)).numpy()
    if name == "nn.functional.cross_entropy":
        targets, weights, ignored = sample.args[0].detach().numpy(), options.pop("weight", None), options.pop("ignore_index", -100)
        if weights is not None and weights.min() < 0:
            return None
        options |= {"class_weights": None if weights is None else weights.detach().numpy()} | ({"ignore_index": ignored} if targets.dtype.kind == "i" else {})
        return functional.cross_entropy(x, targets, axis=min(1, x.ndim - 1), **options)
    dim, *rest = sample.args or (options.pop("dim"),)
    axis = tuple(dim) if isinstance(dim, list) else dim
    if name == "logsumexp":
        return functional.logsumexp(x, axis, keepdims=rest[0] if rest else options.get("keepdim", False))
    return getattr(functional, name)(x, axis)


@pytest.mark.parametrize("name", NAMES)
def test_torchs_samples_pass(name):
    torch = pytest.importorskip("torch", reason="torch is in the extra bench")
    pytest.importorskip("expecttest", reason="expecttest is in the extra bench")
    from torch.testing._internal.common_methods_invocations import op_db

    operation = next(op for op in op_db if op.name == name)
    compared = 0
    for dtype in (torch.float32, torch.float64):
        for sample in operation.sample_inputs("cpu", dtype):
            got = ours(torch, name, sample)
            if got is not None:
                torch.testing.assert_close(torch.as_tensor(np.asarray(got)), operation(sample.input, *sample.args, **sample.kwargs).detach(), equal_nan=True)
                compared += 1
    assert compared >= 10
