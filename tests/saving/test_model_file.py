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


def tensors_and_text(path):
    with safe_open(path, framework="np") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, json.loads(file.metadata()["normexp"])  # noqa: SIM118


def rewritten(path, change):
    tensors, data = tensors_and_text(path)
    change(tensors, data)
    save_file(tensors, path, metadata={"normexp": json.dumps(data)})
    return path


def test_damaged_and_foreign_files_are_refused(path, tmp_path):
    content = path.read_bytes()
    for name, damaged in (("cut", content[:-100]), ("short", content[:40]), ("empty", b""), ("text", b"hello, this is no model at all")):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(ModelFileError, match="got a file that does not read as one"):
            load(tmp_path / name)
    (tmp_path / "liar").write_bytes(content.replace(b'"shape":[4]', b'"shape":[9]', 1))
    with pytest.raises(ModelFileError, match="does not read as one"):
        load(tmp_path / "liar")
    save_file({"a": np.zeros(3)}, tmp_path / "other")
    with pytest.raises(ModelFileError, match="got a safetensors file of another kind"):
        load(tmp_path / "other")
    with pytest.raises(ModelFileError, match="which does not exist"):
        load(tmp_path / "nothing")


def test_descriptions_that_do_not_fit_are_refused(path):
    content = path.read_bytes()
    cases = [
        (lambda _tensors, data: data.update(format=99), "expected model format 1 or older, got 99"),
        (lambda _tensors, data: data.pop("layers"), "expected a complete model description, got a damaged one"),
        (lambda _tensors, data: data.update(label_type="thing"), "got one with a part that does not read"),
        (lambda _tensors, data: data.update(classes=[0, 1]), "expected a model whose parts fit together"),
        (lambda tensors, _data: tensors.update(parameters=tensors["parameters"][:-1]), "expected a model whose parts fit together"),
        (lambda tensors, _data: tensors.update({"encoder/centre": np.zeros(9)}), "expected a model whose parts fit together"),
    ]
    for change, message in cases:
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match=message):
            load(rewritten(path, change))
