"""Settings of layers, optimizers, metrics and nested models have their kinds and ranges, or the file is refused."""

import pytest

from keras_archives import assert_refused, rewritten, saved
from normexp import keras
from normexp.keras import layers

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
