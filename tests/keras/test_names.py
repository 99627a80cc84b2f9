"""The small names that every tutorial has, and what is said about those that are not there."""

import importlib
import json
import zipfile

import numpy as np
import pytest

from normexp import ModelFileError, keras
from normexp.keras import layers, losses, metrics, optimizers

MODULES = [
    "", ".activations", ".backend", ".callbacks", ".constraints", ".initializers", ".layers", ".losses", ".metrics", ".models", ".optimizers",
    ".optimizers.schedules", ".regularizers", ".saving", ".utils",
]  # fmt: skip
RNG = np.random.default_rng(3)
X = RNG.standard_normal((40, 4)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_there_is(name):
    module = importlib.import_module(f"normexp.keras{name}")
    with pytest.raises(AttributeError, match=rf"^expected a name that normexp\.keras{name} has, got 'Nothing'; it has .*; others are in Keras itself$") as caught:
        _ = module.Nothing
    assert all(known in str(caught.value) for known in module.__all__)
    assert caught.value.name == "Nothing"
    near = next(known for known in module.__all__ if len(known) > 4 and not known.startswith("_"))
    with pytest.raises(AttributeError, match=f"did you mean '{near}'"):
        getattr(module, near + "s")
    assert not hasattr(module, "__nothing__")


def test_what_is_imported_and_not_there_says_what_there_is():
    for name in MODULES:
        with pytest.raises(ImportError, match=rf"^expected a name that normexp\.keras{name} has, got 'Conv9D'; it has .*"):
            exec(f"from normexp.keras{name} import Conv9D")
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'normexp\.keras\.applications'"):
        importlib.import_module("normexp.keras.applications")


def test_every_module_of_keras_is_in_the_list():
    found = {module.__name__ for module in vars(keras).values() if hasattr(module, "__path__") or hasattr(module, "__spec__")}
    public = {name for name in found if name.startswith("normexp.keras.") and "._" not in name}
    assert public | {"normexp.keras", "normexp.keras.optimizers.schedules"} == {f"normexp.keras{name}" for name in MODULES}


def test_the_functional_api_is_not_there_yet():
    for call in (lambda: layers.Dense(64)(keras.Input((4,))), lambda: keras.Sequential([layers.Dense(3)])(keras.Input((4,))), lambda: keras.Model, lambda: keras.models.Model):
        with pytest.raises((TypeError, AttributeError), match=r"the functional API is not there yet .it comes with images.; put the layers in a Sequential"):
            call()
    with pytest.raises(TypeError, match="expected 'first' as a layer of a model, got it called on nothing"):
        layers.Dense(2, name="first")()


def test_names_in_lower_case_are_the_classes():
    assert (keras.regularizers.l1, keras.regularizers.l2, keras.regularizers.l1_l2) == (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
    assert type(layers.Dense(1, kernel_regularizer="l1_l2")._arguments["kernel_regularizer"]) is keras.regularizers.L1L2
    assert layers.Dense(1, kernel_regularizer=keras.regularizers.l2(0.1)).treatments()[0]["l2"] == 0.1
    assert keras.constraints.max_norm(3.0).max_value == 3.0
    assert keras.initializers.he_normal is keras.initializers.HeNormal
    assert isinstance(keras.__version__, str)
    assert keras.__version__ >= "3"
    assert (keras.backend.epsilon(), keras.backend.floatx(), keras.backend.backend()) == (1e-7, "float32", "normexp")
    keras.backend.clear_session()
    assert layers.Dense(1).name == "dense"
    assert layers.Dense(1).name == "dense_1"
    keras.utils.clear_session()
    assert layers.Dense(1).name == "dense"


def test_normalize():
    x = RNG.standard_normal((3, 4, 5))
    x[0, 0] = 0
    for axis, order in ((-1, 2), (1, 2), (0, 1), (2, np.inf)):
        norm = np.linalg.norm(x, order, axis, keepdims=True)
        np.testing.assert_allclose(keras.utils.normalize(x, axis, order), x / np.where(norm == 0, 1, norm))


@pytest.mark.parametrize(("short", "cls", "function", "value"), [
    ("mse", losses.MeanSquaredError, losses.mean_squared_error, lambda d: np.square(d).mean()),
    ("mae", losses.MeanAbsoluteError, losses.mean_absolute_error, lambda d: np.abs(d).mean()),
])  # fmt: skip
def test_losses_of_numbers(short, cls, function, value):
    y, p = RNG.standard_normal((2, 7, 3))
    long = function.__name__
    assert {type(losses.get(name)) for name in (short, short.upper(), long, cls.__name__, function, cls, cls())} == {cls}
    assert function(y, p) == cls()(y, p) == pytest.approx(value(np.float32(y) - np.float32(p)), rel=1e-6)
    weights = RNG.uniform(0, 2, 7)
    assert cls()(y, p, weights) == pytest.approx(sum(w * value(row) for w, row in zip(weights, y - p, strict=True)) / 7, rel=1e-6)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    truth = X @ [1.0, -2.0, 0.5, 3.0] + 0.5
    model.compile(optimizers.Adam(0.1), short, metrics=[short, metrics.RootMeanSquaredError(), function])
    history = model.fit(X, truth, epochs=40, verbose=0)
    assert model.metrics_names == ["loss", short, "root_mean_squared_error", long]
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]
    values = dict(zip(model.metrics_names, model.evaluate(X, truth, verbose=0), strict=True))
    error = model.predict(X, verbose=0)[:, 0] - truth
    assert values["loss"] == values[short] == pytest.approx(value(error), rel=1e-4)
    assert values["root_mean_squared_error"] == pytest.approx(np.sqrt(np.square(error).mean()), rel=1e-4)
    with pytest.raises(ValueError, match="expected class_weight with a loss of classes, got mean_"):
        model.fit(X, truth, verbose=0, class_weight={0: 1})
    with pytest.warns(UserWarning, match="expected finite numbers in y, got NaN or infinity in 1 of 40 rows, first 7"):
        model.evaluate(X, np.where(np.arange(40) == 7, np.nan, truth), verbose=0)


def test_counts_and_means():
    y, p = np.array([[1.0], [0], [1], [0], [1]]), np.array([[0.9], [0.8], [0.2], [0.1], [0.5]])
    counts = {"TruePositives": 1, "FalsePositives": 1, "TrueNegatives": 1, "FalseNegatives": 2}
    assert {name: getattr(metrics, name)()(y, p) for name in counts} == counts
    assert metrics.FalseNegatives(thresholds=0.4)(y, p) == 1
    assert metrics.FalsePositives()(y, p, [1, 3, 1, 1, 1]) == 3
    with pytest.raises(ValueError, match="expected one threshold in TruePositives"):
        metrics.TruePositives(thresholds=[0.1, 0.2])
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=[metrics.TruePositives(name="tp"), "false_positives"])
    logs = model.fit(X, Y > 0, verbose=0, batch_size=40).history
    predicted = logs["tp"][0] + logs["false_positives"][0]
    assert 0 <= predicted <= 40
    assert predicted == int(predicted)
    mean = metrics.Mean()
    assert mean.result() == 0
    assert mean([1, 3]) == 2
    assert mean(9, sample_weight=2) == pytest.approx((1 + 3 + 18) / 4)
    mean.reset_state()
    mean.update_state([[1, 2], [3, 4]], [[0, 0], [1, 1]])
    assert (mean.name, mean.result()) == ("mean", 3.5)
    with pytest.raises(TypeError, match="expected numbers and, if any, their weights in update_state of Mean"):
        mean([1], [1], [1])
    model.compile("adam", "binary_crossentropy", metrics=[mean])
    with pytest.raises(TypeError, match="expected a metric of targets and predictions, got Mean"):
        model.evaluate(X, Y > 0, verbose=0)


def test_metrics_have_the_names_they_are_asked_by():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    assert model.metrics_names == []
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc", "AUC", "sparse_top_k_categorical_accuracy", metrics.AUC(), metrics.AUC()])
    assert model.metrics_names == ["loss", "acc", "AUC", "sparse_top_k_categorical_accuracy", "auc", "auc_1"]
    assert model.history is None
    assert model.fit(X, Y, verbose=0) is model.history
    assert list(model.history.history) == sorted(model.metrics_names)


def test_arguments_of_old_optimizers():
    with pytest.raises(ValueError, match=r"Argument\(s\) not recognized: {'lr': 0.1}; the learning rate is learning_rate"):
        optimizers.Adam(lr=0.1)
    with pytest.warns(UserWarning, match="Argument `decay` is no longer supported and will be ignored"):
        assert optimizers.SGD(0.1, decay=1e-6).learning_rate == 0.1


def nested():
    inner = keras.Sequential([layers.Dense(6, activation="tanh", kernel_regularizer="l2"), layers.BatchNormalization(), layers.Dropout(0.1)], name="inner")
    second = keras.Sequential([keras.Input((6,)), layers.Dense(4, kernel_constraint="max_norm")])
    model = keras.Sequential([keras.Input((4,)), inner, second, layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_a_model_is_a_layer_of_another(tmp_path):
    model = nested()
    plain = keras.Sequential([keras.Input((4,)), *[type(layer).from_config(layer.get_config()) for layer in model.flattened()]])
    plain.compile("adam", "sparse_categorical_crossentropy")
    plain.set_weights(model.get_weights())
    for one in (model, plain):
        keras.utils.set_random_seed(0)
        one.fit(X, Y, epochs=3, verbose=0, shuffle=False)
    assert all((a == b).all() for a, b in zip(model.get_weights(), plain.get_weights(), strict=True))
    inner = model.get_layer("inner")
    assert model.count_params() == plain.count_params()
    np.testing.assert_array_equal(model.layers[2].get_weights()[0], plain.layers[-1].get_weights()[0])
    hidden = keras.Sequential([keras.Input((4,)), *plain.layers[:3]])
    np.testing.assert_array_equal(inner.predict(X, verbose=0), hidden.predict(X, verbose=0))
    inner.set_weights([0 * w for w in inner.get_weights()])
    assert np.ptp(model.predict(X, verbose=0), axis=0).max() == 0
    inner.trainable = False
    before = inner.get_weights()
    model.fit(X, Y, verbose=0)
    assert all((a == b).all() for a, b in zip(before[:2], inner.get_weights()[:2], strict=True))
    again = keras.Sequential.from_config(model.get_config())
    assert [layer.name for layer in again.flattened()] == [layer.name for layer in model.flattened()]
    pytest.importorskip("h5py")
    model.save(tmp_path / "model.keras")
    back = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(back.predict(X, verbose=0), model.predict(X, verbose=0))
    assert back.optimizer.iterations == model.optimizer.iterations
    back.save(tmp_path / "again.keras")
    assert (tmp_path / "again.keras").read_bytes() == (tmp_path / "model.keras").read_bytes()


def test_models_that_cannot_be_layers():
    model = nested()
    inner = model.layers[0]
    for use in (lambda: inner.add(layers.Dense(1)), inner.pop, inner.build, lambda: keras.Sequential([inner])):
        with pytest.raises(ValueError, match=r"expected a model by itself to .*, got 'inner', which is a layer of another"):
            use()
    with pytest.raises(ValueError, match="expected a model with layers as a layer, got 'empty' without"):
        keras.Sequential([keras.Sequential(name="empty")])
    with pytest.raises(ValueError, match=r"expected inputs of shape \(4,\) for model 'inner', as it was built, got \(5,\)"):
        keras.Sequential([keras.Input((5,)), keras.Sequential([keras.Input((4,)), layers.Dense(2)], name="inner")])
    with pytest.raises(TypeError, match=r"expected a layer of normexp.keras.layers"):
        model.add(model)
    model.pop()
    last = model.pop()
    last.add(layers.Dense(2))  # by itself again
    assert last.predict(np.zeros((1, 6)), verbose=0).shape == (1, 2)


def test_what_does_not_fit_changes_nothing():
    model, inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)]), keras.Sequential([keras.Input((5,)), layers.Dense(2)], name="inner")
    before, weights = model.predict(X, verbose=0), inner.get_weights()
    for use in (lambda: model.add(inner), lambda: keras.Sequential([keras.Input((4,)), inner])):
        with pytest.raises(ValueError, match=r"expected inputs of shape \(5,\) for model 'inner'"):
            use()
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    inner.add(layers.Dense(1))  # still by itself
    np.testing.assert_array_equal(inner.get_weights()[0], weights[0])
    wide = keras.Sequential([keras.Input((2, 3))])
    with pytest.raises(ValueError, match=r"expected inputs of shape .n,. for layer"):
        wide.add(layers.Dense(2))
    wide.add(layers.Flatten())
    assert wide.output_shape == (None, 6)


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
