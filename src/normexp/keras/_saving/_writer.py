"""Writing models, whole or not at all, so that equal models give equal bytes."""

import json
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from normexp._atomic import replaced
from normexp._checks import users_line
from normexp.errors import ModelFileError
from normexp.keras._names import KERAS_VERSION
from normexp.keras._saving._archive import CONFIG, METADATA, WEIGHTS, json_object
from normexp.keras._saving._configuration import model_config, plain_model
from normexp.keras._saving._shapes import variables
from normexp.keras._saving._weights import weights_bytes

__all__ = ["save_model", "save_weights"]


def save_model(model: Any, path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write a built Sequential model to a `.keras` file that Keras 3 loads, whole or not at all; equal models give equal bytes.

    A compiled model keeps its optimizer, loss and metrics. Raises ImportError without h5py, ValueError if the path does not end in
    `.keras`, the model is not built or a setting is not finite, and FileExistsError if the file exists and `overwrite` is False. Warns of weights that
    are not finite, which `load_model` refuses.
    """
    target = _target(model, path, ".keras", overwrite)
    weights = weights_bytes(model)
    try:
        config = json.dumps(model_config(model), allow_nan=False)
    except ValueError as error:
        raise ValueError(f"expected settings that are finite numbers, got others ({model.name}): {error}; JSON has no NaN and no infinity") from error
    _warn_of_limits(model, config, len(weights))
    members = {METADATA: json.dumps({"keras_version": KERAS_VERSION}).encode(), CONFIG: config.encode(), WEIGHTS: weights}
    with replaced(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)


def _warn_of_limits(model: Any, config: str, n_bytes: int) -> None:
    """Of a model that is written and cannot be read: strangers' files have limits, and so have ours."""
    try:
        plain = plain_model(json_object(bytearray(config.encode()), CONFIG, model.name), model.name)
        variables(plain["layers"], plain["input_shape"], n_bytes, model.name)
    except ModelFileError as error:
        warnings.warn(f"expected a model that load_model reads, got one beyond its limits: {error}", stacklevel=users_line())


def save_weights(model: Any, path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write the weights (and the state of a compiled model's optimizer) to a `.weights.h5` file, as Keras does."""
    target = _target(model, path, ".weights.h5", overwrite)
    data = weights_bytes(model)
    with replaced(target) as temporary:
        temporary.write_bytes(data)


def _target(model: Any, path: str | os.PathLike[str], ending: str, overwrite: bool) -> Path:
    target = Path(path)
    if not target.name.endswith(ending):
        raise ValueError(f"expected a path that ends in '{ending}', got '{target}'; Keras loads no other")
    if not overwrite and target.exists():
        raise FileExistsError(f"expected a path that is free, got '{target}', which exists; give another one, or overwrite=True")
    if not model.built:
        raise ValueError(f"expected a built model, got one without an input shape ({model.name}); start it with an Input, or fit or build it first")
    if not all(np.isfinite(array).all() for array in model.get_weights()):
        warnings.warn(f"expected finite weights to save, got NaN or infinity ({model.name}): the file will not load; train with a smaller learning rate", stacklevel=users_line())
    return target
