"""Files are data from strangers: what they ask for is bounded before anything is made, settings have their kinds, weights are numbers."""

import io
import json
import resource
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from normexp import ModelFileError, keras
from normexp.keras import layers
from normexp.keras._saving import _shapes

h5py = pytest.importorskip("h5py", reason="h5py is in the extra keras")


def saved(path, *stack, shape=(4,)):
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(path)
    return path


def rewritten(path, settings=None, weights=None):
    """The file with its settings or its weights changed by a function."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    if settings:
        config = json.loads(parts["config.json"])
        settings(config)
        parts["config.json"] = json.dumps(config).encode()
    if weights:
        data = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(data, "a") as file:
            weights(file)
        parts["model.weights.h5"] = data.getvalue()
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            file.writestr(zipfile.ZipInfo(name), part)
    return path


def with_shape(shape):
    def edit(config):
        changed = json.loads(json.dumps(config).replace("[null, 4]", json.dumps([None, *shape])))
        config.update(changed)

    return edit


def assert_refused(path, match):
    with pytest.raises(ModelFileError, match=match) as caught:
        keras.models.load_model(path)
    assert str(path) in str(caught.value)


WIDE = {
    "rescaling": lambda: [layers.Rescaling(2.0)], "activation": lambda: [layers.Activation("tanh")], "many": lambda: [layers.Rescaling(2.0) for _ in range(30)],
    "normalization": lambda: [layers.Normalization(mean=1.0, variance=2.0)], "noise": lambda: [layers.Dropout(0.1)], "flatten": lambda: [layers.Flatten()],
    "nested": lambda: [keras.Sequential([layers.Rescaling(2.0), layers.Activation("tanh")])], "bare": lambda: [layers.LayerNormalization(center=False, scale=False)],
}  # fmt: skip


@pytest.mark.parametrize("what", WIDE)
def test_width_that_the_file_does_not_fill_is_within_a_budget(tmp_path, what):
    budget = "numbers that are not in the file, got more, in .* of width "
    for shape, match in (([2 * 10**8], budget + "200000000"), ([10**9] * 8, budget), ([1] * 9, "at most 8 axes, got 9")):
        path = rewritten(saved(tmp_path / "m.keras", *WIDE[what]()), with_shape(shape))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert_refused(path, match)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 << 10  # kilobytes


def test_the_budget_grows_with_the_file_up_to_a_cap(tmp_path, monkeypatch):
    monkeypatch.setattr(_shapes, "FREE", 10)
    monkeypatch.setattr(_shapes, "MOST_FREE", 4000)
    small, large = saved(tmp_path / "small.keras", layers.Rescaling(2.0), layers.Dense(2)), saved(tmp_path / "large.keras", layers.Rescaling(2.0), layers.Dense(9), shape=(900,))
    assert keras.models.load_model(small).built
    assert keras.models.load_model(large).built
    monkeypatch.setattr(_shapes, "MOST_FREE", 3500)
    assert_refused(large, "at most 3500 numbers that are not in the file, got more, in 'rescaling.*' of width 900")
    monkeypatch.setattr(_shapes, "FREE_FOR_A_BYTE", 0)
    assert_refused(small, "at most 10 numbers that are not in the file")


def test_what_is_written_and_cannot_be_read_says_so(tmp_path):
    with pytest.warns(UserWarning, match="expected a model that load_model reads, got one beyond its limits: .* numbers that are not in the file"):
        saved(tmp_path / "m.keras", layers.Rescaling(2.0), shape=(3000, 3000))
    with pytest.warns(UserWarning, match="got one beyond its limits: expected at most 2097152 bytes of text"):
        saved(tmp_path / "m.keras", layers.Dense(2, name="x" * (3 << 20)))


def test_text_that_grows_in_memory_is_short(tmp_path):
    path = saved(tmp_path / "m.keras", layers.Dense(2))
    assert_refused(rewritten(path, lambda c: c.update(more=[{}] * 700_000)), r"and 2097152 of text, got more in config\.json")


LOAD = """
import sys, resource, warnings
from normexp import keras
keras.models.load_model(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model = keras.models.load_model(sys.argv[2])
import numpy as np
model.predict(np.zeros((1, *model.input_shape[1:]), np.float32), verbose=0)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_the_largest_that_is_read_takes_a_few_tens_of_megabytes(tmp_path):
    small = saved(tmp_path / "small.keras", layers.Rescaling(2.0))
    wide = rewritten(saved(tmp_path / "wide.keras", *[layers.Rescaling(2.0) for _ in range(9)]), with_shape([149_000]))
    done = subprocess.run([sys.executable, "-c", LOAD, small, wide], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100
    assert_refused(rewritten(saved(tmp_path / "wide.keras", *[layers.Rescaling(2.0) for _ in range(9)]), with_shape([151_000])), "numbers that are not in the file")


def kernel(file, value):
    file["layers/dense/vars/0"][0, 0] = value


BAD_WEIGHTS = {
    "NaN": (lambda f: kernel(f, np.nan), "expected finite numbers in layers/dense/vars/0, got others"),
    "infinity": (lambda f: kernel(f, -np.inf), "expected finite numbers in layers/dense/vars/0"),
    "moving variance": (lambda f: f["layers/batch_normalization/vars/3"].__setitem__(1, -1e-9), r"expected finite numbers in layers/batch_normalization/vars/3 of at least 0"),
    "variance": (lambda f: f["layers/normalization/vars/1"].__setitem__(0, -1), "expected finite numbers in layers/normalization/vars/1 of at least 0"),
    "NaN mean": (lambda f: f["layers/normalization/vars/0"].__setitem__(0, np.nan), "expected finite numbers in layers/normalization/vars/0"),
    "count": (lambda f: f["layers/normalization/vars/2"].__setitem__((), -1), "expected finite numbers in layers/normalization/vars/2 of at least 0"),
    "state": (lambda f: f["optimizer/vars/2"].__setitem__(0, np.nan), "expected finite numbers in optimizer/vars/2"),
    "steps": (lambda f: f["optimizer/vars/0"].__setitem__((), -5), "expected finite numbers in optimizer/vars/0 of at least 0"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_WEIGHTS)
def test_weights_are_finite_and_variances_not_negative(tmp_path, what):
    edit, match = BAD_WEIGHTS[what]
    path = tmp_path / "m.keras"
    model = keras.Sequential([keras.Input((4,)), layers.Normalization(), layers.Dense(3), layers.BatchNormalization(), layers.Softmax()])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.eye(4), np.arange(4) % 3, verbose=0)
    model.save(path)
    assert keras.models.load_model(path).optimizer.iterations == 1
    assert_refused(rewritten(path, weights=edit), match)


def test_steps_of_a_stranger_ask_for_nothing(tmp_path):
    path = tmp_path / "m.keras"
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("nadam", "sparse_categorical_crossentropy")
    model.fit(np.eye(4), np.arange(4) % 3, verbose=0)
    model.save(path)

    def steps(n):
        def edit(file):
            del file["optimizer/vars/0"]
            file["optimizer/vars/0"] = np.uint64(n)

        return edit

    back = keras.models.load_model(rewritten(path, weights=steps(2**40)))
    assert back.optimizer.iterations == 2**40
    assert back.optimizer.variables[-1] == 0  # the product of 2**40 momenta, at once
    assert_refused(rewritten(path, weights=steps(2**63)), "expected an optimizer after at most 1099511627776 steps, got 9223372036854775808")


SETTINGS = [
    ("Dense", "units", [True, 3.5, "3", None, -3, 0, [3], 10**30]), ("Dense", "activation", [3, ["relu"], {"a": 1}]),
    ("Dense", "name", [3, [], {}]), ("Dense", "trainable", [1, "yes", []]),
    ("Dense", "kernel_initializer", [3, [], {"class_name": ["Zeros"]}]),
    ("Dense", "kernel_regularizer", [3, "l3", {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": "x"}}]),
    ("Dense", "kernel_constraint", [{"module": "keras.constraints", "class_name": "MaxNorm", "config": {"max_value": [1], "axis": 0}}]),
    ("BatchNormalization", "momentum", ["x", None, 2, -1, [0.9]]), ("BatchNormalization", "epsilon", [0, -1, "x", None]), ("BatchNormalization", "axis", ["x", 1.5, {}, [7.5]]),
    ("LayerNormalization", "epsilon", [0, -1e-3, "x"]), ("Dropout", "rate", [1, -0.1, "x", None, [0.1]]), ("GaussianNoise", "stddev", ["x", -1, None]),
    ("LeakyReLU", "negative_slope", ["x", None, []]), ("ReLU", "max_value", ["x", -1, [6]]), ("ELU", "alpha", ["x", None, {}]), ("Rescaling", "scale", ["x", None, [1, 2], {}]),
    ("Rescaling", "offset", ["x", None]), ("Normalization", "mean", ["x", [1, 2], [1] * 5, {}]), ("Normalization", "variance", [-1.0, [1, 1, 1, -1], None]),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "key", "values"), SETTINGS, ids=[f"{row[0]}.{row[1]}" for row in SETTINGS])
def test_settings_of_the_wrong_kind_are_refused(tmp_path, layer, key, values):
    made = {"Dropout": [0.1], "GaussianNoise": [0.1], "Dense": [3], "Rescaling": [2.0]}.get(layer, [])
    options = {"mean": [1.0, 2, 3, 4], "variance": [1.0, 2, 3, 4]} if layer == "Normalization" else {}
    for value in values:
        path = saved(tmp_path / "m.keras", getattr(layers, layer)(*made, **options))
        assert keras.models.load_model(path).built
        assert_refused(rewritten(path, lambda c, value=value: c["config"]["layers"][1]["config"].update({key: value})), "^expected ")


def test_settings_of_optimizers_and_metrics_are_refused(tmp_path):
    wrong = {"learning_rate": "x", "beta_1": 2, "beta_2": None, "use_ema": 3, "clipnorm": "x", "weight_decay": [], "nothing": 1, "name": [], "epsilon": -1.0}
    for value in [{"learning_rate": [1]}, *({key: value} for key, value in wrong.items())]:
        path = saved(tmp_path / "m.keras", layers.Dense(3, activation="softmax"))
        rewritten(path, lambda c, value=value: c["compile_config"]["optimizer"]["config"].update(value))
        assert_refused(path, "expected a loss, metrics and an optimizer that this package has, got others: .*load it with compile=False")
        assert keras.models.load_model(path, compile=False).optimizer is None
    for value in (3, [3], [{"class_name": "AUC", "module": "keras.metrics", "config": {"num_thresholds": 10**9}}], {"a": {"b": 1}}):
        path = saved(tmp_path / "m.keras", layers.Dense(3, activation="softmax"))
        assert_refused(rewritten(path, lambda c, value=value: c["compile_config"].update(metrics=value)), "expected a loss, metrics and an optimizer")


def test_nested_models_are_refused_where_they_do_not_fit(tmp_path):
    def made():
        return saved(tmp_path / "m.keras", keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="inner"), layers.Softmax())

    def inner(config):
        return config["config"]["layers"][1]["config"]

    assert keras.models.load_model(made()).layers[0].name == "inner"
    def widened(config):
        inner(config).update(build_input_shape=[None, 5], layers=inner(config)["layers"][1:])
        config["config"]["layers"][1].pop("build_config")

    assert_refused(rewritten(made(), widened), r"expected an input of shape \(4,\) for 'inner', as the layers before it give, got \(5,\)")
    assert_refused(rewritten(made(), lambda c: inner(c).update(trainable=3)), "trainable true or false")
    assert_refused(rewritten(made(), lambda c: inner(c).update(layers=inner(c)["layers"] * 600)), "at most 1000 layers")

    def deep(config):
        for _ in range(30):
            settings = {"name": "m", "layers": [config["config"]["layers"][1]]}
            config["config"]["layers"][1] = {"module": "keras", "class_name": "Sequential", "registered_name": None, "config": settings}

    assert_refused(rewritten(made(), deep), "in models at most 8 deep")


def test_many_layers_load_in_a_moment(tmp_path):
    """Initializers do not run, and the network is built once, not after each layer."""
    path = saved(tmp_path / "m.keras", *[layers.Dense(4, kernel_initializer="orthogonal") for _ in range(900)])
    assert keras.models.load_model(path).count_params() == 900 * 20
