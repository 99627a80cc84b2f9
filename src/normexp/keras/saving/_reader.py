"""Reading models. A file is data from a stranger: nothing is built before its parts agree and what they ask for is within a budget."""

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from normexp.errors import ModelFileError
from normexp.keras.saving import _archive
from normexp.keras.saving._archive import CONFIG, METADATA, WEIGHTS, json_object, members, refused
from normexp.keras.saving._configuration import entry_of, plain_model, unwrapped
from normexp.keras.saving._shapes import Variables, variables
from normexp.keras.saving._weights import Arrays, read_weights, variables_of_model

__all__ = ["load_model", "load_weights"]

MAX_STEPS = 1 << 40


def load_model(path: str | os.PathLike[str], compile: bool = True) -> Any:  # noqa: A002
    """Read a Sequential model from a `.keras` file that Keras 3 or `save_model` wrote.

    With `compile`, optimizer, loss, metrics and the optimizer's state come back too, when the file has them. Raises ImportError without
    h5py, and ModelFileError if the file is missing, damaged, unsafe, asks for more memory than it fills, or holds what this package does not have:
    models other than Sequential, other layers, code, numbers other than float32, weights that are not finite. What loads gives finite
    outputs for finite rows unless float32 overflows.
    """
    where = os.fspath(path)
    try:
        return _load(where, compile)
    except (ModelFileError, ImportError):
        raise
    except Exception as error:  # whatever a damaged file brings about, it is the file's fault
        raise refused("a model file", f"one that does not read as such: {error!r:.300}", where) from error


def _load(where: str, with_compiled: bool) -> Any:
    found = members(where)
    json_object(found.pop(METADATA), METADATA, where)
    config = json_object(found.pop(CONFIG), CONFIG, where)
    model = plain_model(config, where)
    compiled = unwrapped(config.get("compile_config") or {}, "compile_config", where) if with_compiled else {}
    del config
    data = found.pop(WEIGHTS)
    expected = variables(model["layers"], model["input_shape"], len(data), where)
    weights, state = read_weights(data, expected, bool(compiled), where)
    del data
    return _model(model, weights, compiled, state, where)


def _model(described: dict[str, Any], weights: list[Arrays], compiled: dict[str, Any], state: Arrays, where: str) -> Any:
    from normexp.keras._sequential import Sequential

    try:
        model = Sequential.from_config({key: described[key] for key in ("name", "trainable", "layers")})
        model.build((None, *described["input_shape"]), start=False)
        for layer, arrays in zip(model.flattened(), weights, strict=True):
            layer.set_weights(arrays)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise refused("a model whose settings this package has", f"another: {error}", where) from error
    if compiled:
        try:
            model.compile_from_config(compiled)
            _restore(model, compiled, state, where)
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise refused("a loss, metrics and an optimizer that this package has", f"others: {error}", where, "load it with compile=False") from error
    return model


def _restore(model: Any, compiled: dict[str, Any], state: Arrays, where: str) -> None:
    """Steps and slots of the optimizer; the learning rate, second in the file unless a schedule gives it, is in its settings already."""
    has_schedule = isinstance(entry_of(entry_of(entry_of(compiled, "optimizer"), "config"), "learning_rate"), dict)
    if not (slots := state[1 if has_schedule else 2 :]) and not (state and state[0]):
        return
    if int(state[0]) > MAX_STEPS:
        raise refused(f"an optimizer after at most {MAX_STEPS} steps", f"{int(state[0])}", where, "load it with compile=False")
    model.optimizer.build(model.parameters())
    expected, found = ([np.shape(array) for array in arrays] for arrays in (model.optimizer.variables, slots))
    if expected == found:
        model.optimizer.set_variables(int(state[0]), slots)
    else:
        warnings.warn(f"expected {len(expected)} optimizer variables of the model's shapes, got {len(found)} ({where}); the optimizer starts afresh", stacklevel=6)


def load_weights(model: Any, path: str | os.PathLike[str]) -> None:
    """Put the weights of a `.weights.h5` file into a built model of the same layers; the optimizer stays as it is. Raises as `load_model`."""
    where = os.fspath(path)
    if not where.endswith(".weights.h5"):
        raise ValueError(f"expected a path that ends in '.weights.h5', got '{where}'; whole models are read by load_model")
    if not model.built:
        raise ValueError(f"expected a built model to load weights into, got one without an input shape ({model.name}); start it with an Input")
    if not Path(where).is_file():
        raise refused("a .weights.h5 file", "a path where there is none", where, "save weights there first")
    if (size := Path(where).stat().st_size) > _archive.MAX_BYTES:
        raise refused(f"a file of at most {_archive.MAX_BYTES} bytes", f"{size}", where)
    expected: Variables = variables_of_model(model)
    try:
        weights, _ = read_weights(bytearray(Path(where).read_bytes()), expected, False, where)
    except (ModelFileError, ImportError):
        raise
    except Exception as error:
        raise refused("a file of weights", f"one that does not read as such: {error!r:.300}", where) from error
    for layer, arrays in zip(model.flattened(), weights, strict=True):
        layer.set_weights(arrays)
