"""The examples are scikit-learn's, read without importing it."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from normexp.tables import EXAMPLES
from normexp.tables.sources import _examples


def assert_same(found, wanted):
    assert list(found) == list(wanted)
    for name, cells in wanted.items():
        assert found[name].dtype == cells.dtype, name
        assert np.array_equal(found[name], cells), name


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"blobs"}))
def test_files_are_read_as_scikit_learn_reads_them(name, monkeypatch, tmp_path):
    found = _examples.example(name)
    monkeypatch.setattr(_examples, "_folder", lambda: tmp_path)  # as if a version of scikit-learn kept them elsewhere
    assert_same(found, _examples.example(name))


def test_blobs_are_those_of_the_tutorial():
    points, classes = make_blobs(n_samples=1000, centers=_examples.BLOB_CENTRES, cluster_std=1.5, random_state=0)
    assert_same(_examples.example("blobs"), {"X1": points[:, 0], "X2": points[:, 1], "class": classes})


def test_scikit_learn_is_not_imported_for_them():
    code = f"import sys; from normexp.tables import read; [read('example:' + name, target=target) for name, target in {EXAMPLES}.items()]; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
