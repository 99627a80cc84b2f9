"""The .keras archive: the same model back, and what cannot be written or read says so."""

import sys
import zipfile

import numpy as np
import pytest

import normexp.keras as nk
from keras_archives import BIAS, KERNEL, X, Y, archive, members, network


def test_a_handwritten_file_is_read(path):
    model = nk.models.load_model(archive(path, members()))
    np.testing.assert_allclose(model.predict(X, verbose=0), X @ KERNEL + BIAS, rtol=1e-5, atol=1e-6)
    assert model.name == "m"
    assert [one.name for one in model.layers] == ["dense"]
    model = nk.models.load_model(archive(path, members(), zipfile.ZIP_DEFLATED))
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], KERNEL)


def test_everything_comes_back_and_training_goes_on(path):
    model = network()
    model.save(path)
    back = nk.models.load_model(path)
    np.testing.assert_array_equal(back.predict(X, verbose=0), model.predict(X, verbose=0))
    assert back.name == "small"
    assert [one.get_config() for one in back.layers] == [one.get_config() for one in model.layers]
    assert back.get_compile_config() == model.get_compile_config()
    assert back.optimizer.iterations == model.optimizer.iterations == 6
    for one, other in zip(back.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert nk.models.load_model(path, compile=False).optimizer is None
    assert [file.name for file in path.parent.iterdir()] == ["model.keras"]
    back.save(path.with_name("again.keras"))
    assert path.with_name("again.keras").read_bytes() == path.read_bytes()
    for one in (model, back):
        one.fit(X, Y, epochs=1, batch_size=24, shuffle=False, verbose=0)
    for one, other in zip(model.layers, back.layers, strict=True):
        for array, same in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(array, same)


def test_what_cannot_be_saved(path, tmp_path, monkeypatch):
    model = network()
    with pytest.raises(ValueError, match=r"expected a path that ends in '\.keras', got .*model\.h5'; Keras loads no other"):
        model.save(tmp_path / "model.h5")
    with pytest.raises(ValueError, match="expected a built model, got one without an input shape"):
        nk.Sequential([nk.layers.Dense(3)]).save(path)
    with pytest.raises(FileNotFoundError, match="create it first"):
        model.save(tmp_path / "no" / "model.keras")
    assert list(tmp_path.iterdir()) == []
    model.save(path)
    with pytest.raises(FileExistsError, match=r"expected a path that is free, got .*; give another one, or overwrite=True"):
        model.save(path, overwrite=False)
    model.name = float("nan")
    with pytest.raises(ValueError, match="expected settings that are finite numbers, got others"):
        nk.saving.save_model(model, path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"install normexp\[keras\]"):
        nk.models.load_model(path)
