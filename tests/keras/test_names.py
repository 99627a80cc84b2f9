"""The small names that every tutorial has, and what is said about those that are not there."""

import importlib

import numpy as np
import pytest

from normexp import keras
from normexp.keras import layers, optimizers

MODULES = [
    "", ".activations", ".backend", ".callbacks", ".constraints", ".initializers", ".layers", ".losses", ".metrics", ".models", ".optimizers",
    ".optimizers.schedules", ".regularizers", ".saving", ".utils",
]  # fmt: skip
RNG = np.random.default_rng(3)


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


def test_arguments_of_old_optimizers():
    with pytest.raises(ValueError, match=r"Argument\(s\) not recognized: {'lr': 0.1}; the learning rate is learning_rate"):
        optimizers.Adam(lr=0.1)
    with pytest.warns(UserWarning, match="Argument `decay` is no longer supported and will be ignored"):
        assert optimizers.SGD(0.1, decay=1e-6).learning_rate == 0.1
