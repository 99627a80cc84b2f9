"""Configurations that are no model of this package: refused by what is wrong with them."""

import json

import pytest

from keras_archives import FLOAT32, archive, assert_refused, configuration, keras_object, layer, members


@pytest.mark.parametrize(("text", "match"), [
    ("[1]", "a list at the top"),
    ("{", "does not read as such"),
    ('{"a": NaN}', "NaN is not finite"),
    ('{"a": -Infinity}', "-Infinity is not finite"),
    ('{"a": 1e999}', "1e999 is not finite"),
    ("[" * 100_000, "does not read as such"),
    ('{"a":' * 100_000, "does not read as such"),
])  # fmt: skip
def test_text_that_is_no_configuration(path, text, match):
    assert_refused(archive(path, members(text)), match)
    assert_refused(archive(path, members() | {"metadata.json": text.encode()}), match)


def edited(edit):
    config = configuration()
    edit(config)
    return config


def dense(**changes):
    return lambda c: c["config"]["layers"][1]["config"].update(changes)


EDITS = {
    "functional": (lambda c: c.update(class_name="Functional"), "expected a Sequential model of Keras, got 'Functional'"),
    "own Sequential": (lambda c: c.update(module="evil", registered_name=None), "got 'Sequential' of 'evil'"),
    "registered": (lambda c: c.update(registered_name="Evil>Sequential"), "expected a Sequential model of Keras"),
    "keras-like module": (lambda c: c.update(module="kerasevil"), "expected a Sequential model of Keras"),
    "no layers": (lambda c: c["config"].pop("layers"), "a list of layers, got another"),
    "too many layers": (lambda c: c["config"].update(layers=c["config"]["layers"] * 501), "expected at most 1000 layers, in models at most 8 deep"),
    "empty": (lambda c: c["config"].update(layers=[]), "or without layers"),
    "no name": (lambda c: c["config"].update(name=3), "a model with a name"),
    "Lambda": (lambda c: c["config"]["layers"].append(layer("Lambda", function={"class_name": "__lambda__", "config": {}})), "got a Lambda layer"),
    "Conv2D": (lambda c: c["config"]["layers"].append(layer("Conv2D", filters=3)), "expected layers of Keras among Activation, .*, got 'Conv2D'"),
    "class a list": (lambda c: c["config"]["layers"][1].update(class_name=["Dense"]), r"got \['Dense'\]"),
    "layer a number": (lambda c: c["config"]["layers"].append(3), "got None of None"),
    "own Dense": (lambda c: c["config"]["layers"][1].update(module="os"), "got 'Dense' of 'os'"),
    "registered Dense": (lambda c: c["config"]["layers"][1].update(registered_name="mine>Dense"), "got 'Dense'"),
    "no config": (lambda c: c["config"]["layers"][1].update(config=None), "expected a configuration with a name for each Dense"),
    "no layer name": (dense(name=None), "expected a configuration with a name for each Dense"),
    "float64": (dense(dtype=FLOAT32 | {"config": {"name": "float64"}}), "expected dtype 'float32' for dense, got 'float64'"),
    "float16 input": (lambda c: c["config"]["layers"][0]["config"].update(dtype="float16"), "expected dtype 'float32' for input_layer"),
    "function": (dense(activation={"module": "builtins", "class_name": "function", "config": "f", "registered_name": "f"}), "got 'function' of 'builtins'"),
    "lambda": (dense(activation={"class_name": "__lambda__", "config": {"value": "x"}}), "got '__lambda__' of None"),
    "own initializer": (dense(kernel_initializer=keras_object("mine", "Zeros")), r"in Dense\.kernel_initializer, got 'Zeros' of 'mine'"),
    "layer as activation": (dense(activation=layer("ReLU")), r"in Dense\.activation, got 'ReLU' of 'keras.layers'"),
    "deep": (dense(units=json.loads("[" * 100 + "]" * 100)), "at most 40 levels"),
    "no units": (lambda c: c["config"]["layers"][1]["config"].pop("units"), r"settings of 'dense' that fit an input of shape \(4,\), got others: KeyError"),
    "units a text": (dense(units="3"), "settings of 'dense' that fit"),
    "units": (dense(units=2), r"expected shape \(4, 2\) for layers/dense/vars/0, as configured, got \(4, 3\)"),
    "flag": (dense(use_bias=10**6), "flags that are neither true nor false"),
    "huge units": (dense(units=10**18), r"expected shape \(4, 10{18}\)"),
    "no bias": (dense(use_bias=False), "expected 1 variables in layers/dense/vars, as configured, got 2"),
    "unbuilt": (lambda c: (c.pop("build_config"), c["config"].pop("build_input_shape"), c["config"]["layers"].pop(0)), "one whose input is not known"),
    "two inputs": (lambda c: c["config"]["layers"].append(c["config"]["layers"][0]), "expected a built model: one input, then layers"),
    "two shapes": (lambda c: c.update(build_config={"input_shape": [None, 5]}), r"expected one input shape, .*, got \[None, 4\] and \[None, 5\]"),
    "unknown activation": (dense(activation="evil"), "expected a model whose settings this package has, got another"),
    "unknown loss": (lambda c: c.update(compile_config={"optimizer": keras_object("keras.optimizers", "Evil"), "loss": "evil"}), "load it with compile=False"),
    "own loss": (lambda c: c.update(compile_config={"loss": keras_object("mine", "Loss")}), r"in compile_config\.loss, got 'Loss' of 'mine'"),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_configurations_that_are_refused(path, what):
    edit, match = EDITS[what]
    assert_refused(archive(path, members(edited(edit))), match)


@pytest.mark.parametrize("shape", [[None], [None, 0], [None, -4], [None, None], [None, True], [None, 4.0], "ab", {}])
def test_input_shapes_that_are_refused(path, shape):
    def edit(config):
        config["config"]["layers"][0]["config"]["batch_shape"] = config["config"]["build_input_shape"] = config["build_config"]["input_shape"] = shape

    assert_refused(archive(path, members(edited(edit))), r"expected one input shape, such as \[null, 4\]")
