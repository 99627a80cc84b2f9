"""Models and their files: here what a file holds becomes a Sequential."""

import os
import warnings
from typing import Any

import numpy as np

from normexp._checks import users_line
from normexp.keras._names import absent
from normexp.keras._saving import Contents, put_weights, read_model, refused, the_files_fault
from normexp.keras._saving import save_model as save_model
from normexp.keras._sequential import Sequential as Sequential

__all__ = ["Sequential", "load_model", "save_model"]

UNUSABLE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)  # what settings that do not fit bring about


def load_model(path: str | os.PathLike[str], compile: bool = True) -> Any:  # noqa: A002
    """Read a Sequential model from a `.keras` file that Keras 3 or `save_model` wrote.

    With `compile`, optimizer, loss, metrics and the optimizer's state come back too, when the file has them. Raises ImportError without
    h5py, and ModelFileError if the file is missing, damaged, unsafe, asks for more memory than it fills, or holds what this package does not have:
    models other than Sequential, other layers, code, numbers other than float32, weights that are not finite. What loads gives finite
    outputs for finite rows unless float32 overflows.
    """
    contents, where = read_model(path, compile), os.fspath(path)
    with the_files_fault(where, "a model file"):
        model = _built(contents, where)
        if contents.compiled:
            _compile(model, contents, where)
        return model


def _built(contents: Contents, where: str) -> Sequential:
    try:
        model: Sequential = Sequential.from_config({key: contents.model[key] for key in ("name", "trainable", "layers")})
        model.build((None, *contents.model["input_shape"]), start=False)
        put_weights(model, contents.weights)
    except UNUSABLE as error:
        raise refused("a model whose settings this package has", f"another: {error}", where) from error
    return model


def _compile(model: Sequential, contents: Contents, where: str) -> None:
    """As it was, with the steps and slots of the optimizer where the file has them."""
    try:
        model.compile_from_config(contents.compiled)
        if not contents.slots and not contents.steps:
            return
        expected, found = ([np.shape(array) for array in arrays] for arrays in (model.optimizer.variables, contents.slots))
        if expected == found:
            model.optimizer.set_variables(contents.steps, contents.slots)
        else:
            warnings.warn(f"expected {len(expected)} optimizer variables of the model's shapes, got {len(found)} ({where}); the optimizer starts afresh", stacklevel=users_line())
    except UNUSABLE as error:
        raise refused("a loss, metrics and an optimizer that this package has", f"others: {error}", where, "load it with compile=False") from error


__getattr__ = absent(__name__, __all__)
