"""SciPy's tests of these functions, as they come in its wheel, run on ours."""

import os
import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent


def test_scipys_tests_pass(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "reference.scipys_tests", "-p", "no:cacheprovider", "--pyargs", "scipy.special.tests.test_logsumexp"]
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", ended.stdout)[1]) >= 50
