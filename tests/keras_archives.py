"""What tests of .keras archives share: one written by hand as Keras writes it, models that are saved, and their parts changed."""

import io
import json
import zipfile

import numpy as np
import pytest

from normexp import ModelFileError, keras

h5py = pytest.importorskip("h5py", reason="h5py is in the extra keras")

RNG = np.random.default_rng(7)
X = RNG.normal(size=(24, 4)).astype(np.float32)
Y = RNG.integers(0, 3, 24)
KERNEL, BIAS = RNG.normal(size=(4, 3)).astype(np.float32), RNG.normal(size=3).astype(np.float32)
FLOAT32 = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}


def keras_object(module, class_name, **config):
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def layer(class_name, **config):
    return keras_object("keras.layers", class_name, name=class_name.lower(), trainable=True, dtype=FLOAT32, **config)


def configuration():
    """What Keras writes for Sequential([Input((4,)), Dense(3)])."""
    glorot = keras_object("keras.initializers", "GlorotUniform", seed=None)
    entry = keras_object("keras.layers", "InputLayer", batch_shape=[None, 4], dtype="float32", sparse=False, ragged=False, name="input_layer")
    dense = layer("Dense", units=3, activation="linear", use_bias=True, kernel_initializer=glorot, bias_initializer=keras_object("keras.initializers", "Zeros"),
                  kernel_regularizer=None, bias_regularizer=None, kernel_constraint=None, bias_constraint=None)  # fmt: skip
    model = keras_object("keras", "Sequential", name="m", trainable=True, dtype=FLOAT32, layers=[entry, dense], build_input_shape=[None, 4])
    return model | {"build_config": {"input_shape": [None, 4]}, "compile_config": {}}


def weights(edit=None, **arrays):
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        for name, array in ({"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": BIAS} | arrays).items():
            file[name] = array
        if edit:
            edit(file)
    return data.getvalue()


def members(config=None, h5=None):
    text = config if isinstance(config, str) else json.dumps(config or configuration())
    return {"metadata.json": b'{"keras_version": "3.15.1"}', "config.json": text.encode(), "model.weights.h5": h5 or weights()}


def archive(path, parts, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in parts.items() if isinstance(parts, dict) else parts:
            file.writestr(zipfile.ZipInfo(name), data, compression)
    return path


def assert_refused(path, match):
    with pytest.raises(ModelFileError, match=match) as caught:
        keras.models.load_model(path)
    assert str(path) in str(caught.value)


def network():
    hidden = [keras.layers.Dense(5, activation="tanh"), keras.layers.BatchNormalization()]
    model = keras.Sequential([keras.Input((4,)), *hidden, keras.layers.Dense(3, activation="softmax")], name="small")
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    return model


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
