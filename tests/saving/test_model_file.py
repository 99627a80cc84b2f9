"""Model files: the same bits back, and damaged ones refused."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from normexp import SoftmaxClassifier, load, save
from normexp.saving import info, load_model
from normexp.tables import read

X, Y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def model():
    return SoftmaxClassifier(epochs=10, random_state=0, quality="fast").fit(X, Y)


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
    again = SoftmaxClassifier(epochs=10, random_state=0, n_threads=2, quality="fast").fit(X, Y)
    save(again, tmp_path / "again", scores={"accuracy": 0.5})
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("labels", [np.array(["x", "y", "z"]), np.array([-1, 5, 9]), np.array([0.0, 1.0, 2.0]), np.array(["u", "v", "w"], object)])
def test_labels_come_back_in_their_type(labels, tmp_path):
    save(SoftmaxClassifier(epochs=2, random_state=0, quality="fast").fit(X, labels[Y]), tmp_path / "m")
    back = load(tmp_path / "m").classes_
    assert back.tolist() == labels.tolist()
    assert back.dtype.kind == labels.dtype.kind


def test_a_table_model_keeps_its_schema(tmp_path):
    frame = pd.DataFrame({"a": X[:, 0], "c": np.array(["u", "v", "w"])[Y]})
    fitted = SoftmaxClassifier(epochs=5, random_state=0, quality="fast").fit(frame, Y)
    save(fitted, tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").predict_proba(frame), fitted.predict_proba(frame))
    table = read("example:iris", target="species")
    save(SoftmaxClassifier(epochs=2, random_state=0, quality="fast").fit_table(table), tmp_path / "t")
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


def test_what_could_not_be_read_again_is_not_written(model, tmp_path):
    cases = [
        (SoftmaxClassifier(epochs=1, quality="fast").fit(X, np.array([1, 2, 2**64 - 1], np.uint64)[Y]), {}, "a class to be an integer"),
        (SoftmaxClassifier(epochs=1, quality="fast").fit(X, np.array(["a", "b", "\ud800"], object)[Y]), {}, "a class to be text, got half of a character"),
        (SoftmaxClassifier(epochs=1, quality="fast").fit(X, Y).set_params(epochs=0), {}, "the parameter epochs to be an integer"),
        (SoftmaxClassifier(epochs=1, quality="fast").fit(X, Y).set_params(verbose=object()), {}, "is not JSON serializable"),
        (model, {"accuracy": np.nan}, "the score 'accuracy' to be a finite number"),
    ]
    for fitted, scores, message in cases:
        with pytest.raises(ValueError, match=f"expected a model that can be read again, got one that cannot be written: .*{message}"):
            save(fitted, tmp_path / "m", scores=scores)
    with pytest.raises(TypeError, match="expected labels that are numbers, booleans or text, got dtype object"):
        save(replace(model.to_model(), classes=np.array([1, None, "x"], object)), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_read_without_scikit_learn_and_is_the_same(model, path, tmp_path):
    read = load_model(path)
    np.testing.assert_array_equal(read.probabilities(X), model.predict_proba(X))
    np.testing.assert_array_equal(read.logits(X.astype(np.float32), n_threads=2), model.decision_function(X.astype(np.float32)))
    assert (read.scores, read.params["epochs"], read.n_features, read.feature_names) == ({"accuracy": 0.5}, 10, 4, None)
    save(read, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    heavy = ("sklearn", "pandas", "scipy", "duckdb", "narwhals", "matplotlib", "click")
    code = f"import sys; from normexp.saving import load_model; import normexp.model; load_model({str(path)!r}); print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_diverged_history_and_numpy_parameters_survive(tmp_path):
    params = {"learning_rate": np.float32(0.5), "validation_fraction": 0, "random_state": np.random.RandomState(0), "quality": "fast"}
    fitted = SoftmaxClassifier(np.array([3]), epochs=np.int64(2), **params).fit(X, Y)
    fitted.history_ = replace(fitted.history_, loss=(np.inf, np.nan), stopped="diverged")
    save(fitted, tmp_path / "m", scores={"n": np.float32(0.5)})
    read = load_model(tmp_path / "m")
    assert read.history.loss[0] == np.inf
    assert np.isnan(read.history.loss[1])
    assert np.isnan(read.history.validation_loss).all()
    assert (read.params["hidden_layer_sizes"], read.params["learning_rate"], read.params["random_state"], read.scores) == ((3,), 0.5, None, {"n": 0.5})


def test_a_warm_start_goes_on_from_a_file(model, path):
    again = load(path).set_params(warm_start=True, epochs=3).fit(X, Y)
    assert again.history_.best_epoch < 3
    save(again, path)
    np.testing.assert_array_equal(load(path).predict_proba(X), again.predict_proba(X))
