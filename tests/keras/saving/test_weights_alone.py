"""Files of weights alone, and the version that an archive names."""

import json
import zipfile

import numpy as np
import pytest

from keras_networks import nested
from normexp import ModelFileError, keras
from normexp.keras import layers

RNG = np.random.default_rng(3)
X = RNG.standard_normal((40, 4)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)


def test_weights_alone(tmp_path):
    h5py = pytest.importorskip("h5py")
    path, model, other = tmp_path / "m.weights.h5", nested(), nested()
    model.fit(X, Y, verbose=0)
    model.save_weights(path)
    other.load_weights(str(path))
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    with pytest.raises(FileExistsError, match="expected a path that is free"):
        model.save_weights(path, overwrite=False)
    with pytest.raises(ValueError, match=r"expected a path that ends in '\.weights\.h5', got .*m\.h5"):
        model.save_weights(tmp_path / "m.h5")
    with pytest.raises(ValueError, match=r"expected a path that ends in '\.weights\.h5', got .*; whole models are read by load_model"):
        model.load_weights(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="expected a built model to load weights into"):
        keras.Sequential([layers.Dense(2)]).load_weights(path)
    with pytest.raises(ValueError, match="expected skip_mismatch of load_weights"):
        model.load_weights(path, skip_mismatch=True)
    for content, message in ((None, "got a path where there is none"), (b"no", "expected weights in HDF5, got a part that does not read as such")):
        if content:
            (tmp_path / "bad.weights.h5").write_bytes(content)
        with pytest.raises(ModelFileError, match=message):
            model.load_weights(tmp_path / "bad.weights.h5")
    with pytest.raises(ModelFileError, match=r"variables in layers/dense/vars, as configured|expected shape"):
        keras.Sequential([keras.Input((4,)), layers.Dense(2)]).load_weights(path)
    with h5py.File(path, "a") as file:
        file["layers/sequential/layers/batch_normalization/vars/3"][0] = -1
    with pytest.raises(ModelFileError, match="expected finite numbers in layers/sequential/layers/batch_normalization/vars/3 of at least 0"):
        model.load_weights(path)


def test_the_settings_of_a_file_name_the_version(tmp_path):
    pytest.importorskip("h5py")
    nested().save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as file:
        assert json.loads(file.read("metadata.json"))["keras_version"] == keras.__version__
