"""Weights in HDF5 that are elsewhere, of another kind, or not those of the configuration: refused by name."""

import io
import zipfile

import numpy as np
import pytest

import normexp.keras as nk
from keras_archives import BIAS, KERNEL, archive, assert_refused, h5py, members, network, weights


def virtual(file):
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (3,))
    file.create_virtual_dataset("x", layout)


H5_EDITS = {
    "soft link": (lambda f: f.update(x=h5py.SoftLink("/layers")), r"'x', a link \(SoftLink\)"),
    "external link": (lambda f: f["layers/dense"].update(x=h5py.ExternalLink("other.h5", "/")), r"'layers/dense/x', a link \(ExternalLink\)"),
    "cycle": (lambda f: f["layers/dense"].update(x=f["layers"]), "'layers/dense/x' above that, or a second name"),
    "root": (lambda f: f.update(x=f["/"]), "'x' above that, or a second name"),
    "external": (lambda f: f.create_dataset("x", shape=(3,), dtype="f4", external=[("/etc/passwd", 0, 12)]), "'x', whose data lie elsewhere"),
    "virtual": (virtual, "'x', whose data lie elsewhere"),
    "type": (lambda f: f.update(x=np.dtype("f4")), "expected groups and datasets in HDF5, got 'x', a Datatype"),
    "text": (lambda f: f.update(x="text"), "expected plain numbers, no larger than the file, got 'x'"),
    "compound": (lambda f: f.update(x=np.zeros(2, [("a", "f4")])), "expected plain numbers"),
    "enum": (lambda f: f.create_dataset("x", shape=(2,), dtype=h5py.enum_dtype({"A": 1})), "expected plain numbers"),
    "boolean": (lambda f: f.update(x=np.zeros(2, bool)), "expected plain numbers"),
    "compressed": (lambda f: f.create_dataset("x", data=np.zeros(9), compression="gzip"), "or compressed"),
    "claimed": (lambda f: f.create_dataset("x", shape=(10**9,), dtype="f4"), r"expected plain numbers, no larger than the file, got 'x' of dtype float32 and shape \(10{9},\)"),
    "empty": (lambda f: f.update(x=h5py.Empty("f4")), "expected plain numbers"),
    "missing": (lambda f: f["layers/dense/vars"].pop("1"), "expected 2 variables in layers/dense/vars, as configured, got 1"),
    "extra": (lambda f: f.update({"layers/dense/vars/2": BIAS}), "expected 2 variables in layers/dense/vars, as configured, got 3"),
    "transposed": (lambda f: (f.pop("layers/dense/vars/0"), f.update({"layers/dense/vars/0": KERNEL.T})), r"shape \(4, 3\) for layers/dense/vars/0, as configured, got \(3, 4\)"),
    "float64": (lambda f: (f.pop("layers/dense/vars/1"), f.update({"layers/dense/vars/1": np.zeros(3)})), r"expected float32 numbers in layers/dense/vars/1, got float64"),
    "integers": (lambda f: (f.pop("layers/dense/vars/1"), f.update({"layers/dense/vars/1": np.zeros(3, "i4")})), r"expected float32 numbers in layers/dense/vars/1, got int32"),
}  # fmt: skip


@pytest.mark.parametrize("what", H5_EDITS)
def test_weights_that_are_refused(path, what):
    edit, match = H5_EDITS[what]
    assert_refused(archive(path, members(h5=weights(edit))), match)


def test_state_of_the_optimizer_that_does_not_fit(path):
    network().save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    data = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(data, "a") as file:
        last = max(file["optimizer/vars"], key=int)
        del file[f"optimizer/vars/{last}"]
    archive(path, parts | {"model.weights.h5": data.getvalue()})
    with pytest.warns(UserWarning, match="the optimizer starts afresh"):
        model = nk.models.load_model(path)
    assert model.optimizer.iterations == 0
