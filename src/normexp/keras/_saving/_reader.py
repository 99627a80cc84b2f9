"""Reading files as plain data. A file comes from a stranger: nothing may be built of it before its parts agree and what they ask for is within a budget."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from normexp.keras._saving import _archive
from normexp.keras._saving._archive import CONFIG, METADATA, WEIGHTS, json_object, members, refused, the_files_fault
from normexp.keras._saving._configuration import entry_of, plain_model, unwrapped
from normexp.keras._saving._shapes import variables
from normexp.keras._saving._weights import Arrays, read_weights, variables_of_model

__all__ = ["Contents", "load_weights", "put_weights", "read_model"]

MAX_STEPS = 1 << 40


@dataclass(frozen=True)
class Contents:
    """What a `.keras` file holds, after all checks."""

    model: dict[str, Any]  # name, trainable, input_shape and layers, each of them {"class_name", "config"} with plain values
    weights: list[Arrays]  # of each layer
    compiled: dict[str, Any]  # how the model was compiled; empty: it was not, or nobody asked
    steps: int  # of the optimizer
    slots: Arrays  # what the optimizer keeps of each variable


def read_model(path: str | os.PathLike[str], with_compiled: bool = True) -> Contents:
    """What a `.keras` file holds. Raises ImportError without h5py, and ModelFileError for every fault of the file."""
    where = os.fspath(path)
    with the_files_fault(where, "a model file"):
        found = members(where)
        json_object(found.pop(METADATA), METADATA, where)
        config = json_object(found.pop(CONFIG), CONFIG, where)
        model = plain_model(config, where)
        compiled = unwrapped(config.get("compile_config") or {}, "compile_config", where) if with_compiled else {}
        del config
        data = found.pop(WEIGHTS)
        expected = variables(model["layers"], model["input_shape"], len(data), where)
        weights, state = read_weights(data, expected, bool(compiled), where)
        return Contents(model, weights, compiled, *_steps_and_slots(compiled, state, where))


def _steps_and_slots(compiled: dict[str, Any], state: Arrays, where: str) -> tuple[int, Arrays]:
    """The learning rate, second in the file unless a schedule gives it, is in the settings already."""
    steps = int(state[0]) if state else 0
    if steps > MAX_STEPS:
        raise refused(f"an optimizer after at most {MAX_STEPS} steps", f"{steps}", where, "load it with compile=False")
    has_schedule = isinstance(entry_of(entry_of(entry_of(compiled, "optimizer"), "config"), "learning_rate"), dict)
    return steps, state[1 if has_schedule else 2 :]


def load_weights(model: Any, path: str | os.PathLike[str]) -> None:
    """Put the weights of a `.weights.h5` file into a built model of the same layers; the optimizer stays as it is. Raises as `read_model`."""
    where = os.fspath(path)
    if not where.endswith(".weights.h5"):
        raise ValueError(f"expected a path that ends in '.weights.h5', got '{where}'; whole models are read by load_model")
    if not model.built:
        raise ValueError(f"expected a built model to load weights into, got one without an input shape ({model.name}); start it with an Input")
    if not Path(where).is_file():
        raise refused("a .weights.h5 file", "a path where there is none", where, "save weights there first")
    if (size := Path(where).stat().st_size) > _archive.MAX_BYTES:
        raise refused(f"a file of at most {_archive.MAX_BYTES} bytes", f"{size}", where)
    expected = variables_of_model(model)
    with the_files_fault(where, "a file of weights"):
        weights, _ = read_weights(bytearray(Path(where).read_bytes()), expected, False, where)
    put_weights(model, weights)


def put_weights(model: Any, weights: list[Arrays]) -> None:
    """Weights of each layer, models among the layers opened, into a model with these layers."""
    for layer, arrays in zip(model.flattened(), weights, strict=True):
        layer.set_weights(arrays)
