"""Model files: the same bits back, and damaged ones refused."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from normexp import ModelFileError, SoftmaxClassifier, load, save
from normexp.saving import info
from normexp.tables import read

X, Y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def model():
    return SoftmaxClassifier(epochs=10, random_state=0).fit(X, Y)


@pytest.fixture
def path(model, tmp_path):
    save(model, tmp_path / "model.safetensors", scores={"accuracy": 0.5})
    return tmp_path / "model.safetensors"


def test_predictions_are_the_same_bits(model, path):
    loaded = load(path)
    for method in ("predict_proba", "predict_log_proba", "decision_function", "predict"):
        np.testing.assert_array_equal(getattr(loaded, method)(X), getattr(model, method)(X))
    assert loaded.history_ == model.history_
    assert loaded.get_params() == model.get_params()
    assert [file.name for file in path.parent.iterdir()] == ["model.safetensors"]


def test_equal_seeds_give_equal_bytes_whatever_the_threads(path, tmp_path):
    again = SoftmaxClassifier(epochs=10, random_state=0, n_threads=2).fit(X, Y)
    save(again, tmp_path / "again", scores={"accuracy": 0.5})
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("labels", [np.array(["x", "y", "z"]), np.array([-1, 5, 9]), np.array([0.0, 1.0, 2.0]), np.array(["u", "v", "w"], object)])
def test_labels_come_back_in_their_type(labels, tmp_path):
    save(SoftmaxClassifier(epochs=2, random_state=0).fit(X, labels[Y]), tmp_path / "m")
    back = load(tmp_path / "m").classes_
    assert back.tolist() == labels.tolist()
    assert back.dtype.kind == labels.dtype.kind


def test_a_table_model_keeps_its_schema(tmp_path):
    frame = pd.DataFrame({"a": X[:, 0], "c": np.array(["u", "v", "w"])[Y]})
    fitted = SoftmaxClassifier(epochs=5, random_state=0).fit(frame, Y)
    save(fitted, tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").predict_proba(frame), fitted.predict_proba(frame))
    table = read("example:iris", target="species")
    save(SoftmaxClassifier(epochs=2, random_state=0).fit_table(table), tmp_path / "t")
    assert info(tmp_path / "t").schema["target"] == "species"
    assert load(tmp_path / "t").schema_ == table.schema


def test_what_cannot_be_saved(model, tmp_path):
    with pytest.raises(TypeError, match="expected a SoftmaxClassifier, got dict"):
        save({}, tmp_path / "m")
    with pytest.raises(NotFittedError):
        save(SoftmaxClassifier(), tmp_path / "m")
    with pytest.raises(FileNotFoundError, match="which does not exist; create it first"):
        save(model, tmp_path / "no" / "m")
    assert list(tmp_path.iterdir()) == []
