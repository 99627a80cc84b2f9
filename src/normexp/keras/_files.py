"""Keras 3's `.keras` archive, read and written without Keras: a zip of metadata.json, config.json and model.weights.h5.

In the last, variables lie at layers/dense/vars/0, layers/dense_1/vars/0, ..., optimizer/vars/0, ... A file is data from a
stranger: no name found in it is imported, and nothing is built before the shapes in the two parts agree.
"""

import io
import json
import math
import os
import re
import struct
import warnings
import zipfile
import zlib
from collections import Counter
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._files import replaced
from normexp.errors import ModelFileError

__all__ = ["load_model", "save_model"]

Shape = tuple[int, ...]
Arrays = list[NDArray[Any]]
Variable = tuple[str, Shape]  # kind of number ("float32" or "integer") and shape
METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
KERAS_VERSION = "3.15.1"  # whose format is written
LAYERS = ["Activation", "BatchNormalization", "Dense", "Dropout", "ELU", "Flatten", "GaussianNoise", "InputLayer", "LayerNormalization", "LeakyReLU", "Normalization",
          "PReLU", "ReLU", "Rescaling", "Softmax"]  # fmt: skip
MODULES = {word: f"keras.{word}s" for word in ("initializer", "regularizer", "constraint", "optimizer")}  # by the last word of the key of an object
MODULES |= {"rate": "keras.optimizers.schedules", "loss": "keras.losses", "metrics": "keras.metrics"}
MAX_ENTRIES, MAX_LAYERS, MAX_OBJECTS, MAX_DEPTH = 100, 1_000, 20_000, 40
MAX_BYTES, MAX_TEXT_BYTES, MAX_EXPANSION = 2 << 30, 16 << 20, 100


def save_model(model: Any, path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write a built Sequential model to a `.keras` file that Keras 3 loads, whole or not at all; equal models give equal bytes.

    A compiled model keeps its optimizer, loss and metrics. Raises ImportError without h5py, ValueError if the path does not end in
    `.keras`, the model is not built or a setting is not finite, and FileExistsError if the file exists and `overwrite` is False.
    """
    target = Path(path)
    if target.suffix != ".keras":
        raise ValueError(f"expected a path that ends in '.keras', got '{target}'; Keras loads no other")
    if not overwrite and target.exists():
        raise FileExistsError(f"expected a path that is free, got '{target}', which exists; give another one, or overwrite=True")
    if not model.built:
        raise ValueError(f"expected a built model, got one without an input shape ({model.name}); start it with an Input, or fit or build it first")
    try:
        config = json.dumps(_model_config(model), allow_nan=False)
    except ValueError as error:
        raise ValueError(f"expected settings that are finite numbers, got others ({model.name}): {error}; JSON has no NaN and no infinity") from error
    members = {METADATA: json.dumps({"keras_version": KERAS_VERSION}).encode(), CONFIG: config.encode(), WEIGHTS: _weights(model)}
    with replaced(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)


def load_model(path: str | os.PathLike[str], compile: bool = True) -> Any:  # noqa: A002
    """Read a Sequential model from a `.keras` file that Keras 3 or `save_model` wrote.

    With `compile`, optimizer, loss, metrics and the optimizer's state come back too, when the file has them. Raises ImportError without
    h5py, and ModelFileError if the file is missing, damaged, unsafe, or holds what this package does not have: models other than
    Sequential, other layers, code, numbers other than float32.
    """
    where = os.fspath(path)
    members = _members(where)
    _json(members[METADATA], METADATA, where)
    config = _json(members[CONFIG], CONFIG, where)
    name, shape, layers = _plain_model(config, where)
    compiled = _unwrapped(config.get("compile_config") or {}, "compile_config", where) if compile else {}
    weights, state = _arrays(members.pop(WEIGHTS), _variables(layers, shape, where), bool(compiled), where)
    return _model(name, shape, layers, weights, compiled, state, where)


def _model_config(model: Any) -> dict[str, Any]:
    shape = [None, *(int(n) for n in model.input_shape_)]
    policy = _keras("keras", "DTypePolicy", {"name": "float32"})
    layers = [_keras("keras.layers", "InputLayer", {"batch_shape": shape, "dtype": "float32", "sparse": False, "ragged": False, "name": "input_layer"})]
    layers += [_keras("keras.layers", type(layer).__name__, _wrapped(layer.get_config()) | {"dtype": policy}) for layer in model.layers]
    config = {"name": model.name, "trainable": True, "dtype": policy, "layers": layers, "build_input_shape": shape}
    return _keras("keras", "Sequential", config) | {"build_config": {"input_shape": shape}, "compile_config": _wrapped(model.get_compile_config() or {})}


def _keras(module: str, class_name: str, config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def _wrapped(value: Any, module: str = "") -> Any:
    """Plain values as JSON, with {"class_name", "config"} written the way Keras finds a class again."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_wrapped(item, module) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value:
        return _keras(value.get("module") or module, value["class_name"], _wrapped(value.get("config") or {}))
    return {key: _wrapped(item, MODULES.get(key.rpartition("_")[2], module)) for key, item in value.items()}


def _weights(model: Any) -> bytes:
    data = io.BytesIO()
    with _h5py().File(data, "w") as file:
        folders: dict[str, tuple[str, list[Any]]] = {"vars": (model.name, [])}
        for folder, layer in zip(_folders([type(layer).__name__ for layer in model.layers]), model.layers, strict=True):
            arrays = [np.asarray(array, np.float32) for array in layer.get_weights()]
            if type(layer).__name__ == "Normalization":
                arrays[2:] = [array.astype(np.int32) for array in arrays[2:]]  # how many rows were seen
            folders[f"layers/{folder}/vars"] = (layer.name, arrays)
        if model.optimizer is not None:
            config = model.optimizer.get_config()
            rate = [] if isinstance(config["learning_rate"], dict) else [np.float32(config["learning_rate"])]
            folders["optimizer/vars"] = (config["name"], [np.int32(model.optimizer.iterations), *rate, *model.optimizer.variables])
        for folder, (name, arrays) in folders.items():
            group = file.create_group(folder)
            group.attrs["name"] = name
            for position, array in enumerate(arrays):
                group.create_dataset(str(position), data=array)
    return data.getvalue()


def _folders(class_names: list[str]) -> list[str]:
    """Keras's folder of each layer: the class name in snake case, numbered from the second on."""
    seen: Counter[str] = Counter()
    folders = []
    for name in class_names:
        snake = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
        folders.append(f"{snake}_{seen[name]}" if seen[name] else snake)
        seen[name] += 1
    return folders


def _members(where: str) -> dict[str, bytearray]:
    if not os.path.isfile(where):
        raise _refused("a .keras file", "a path where there is none", where, "save a model there first")
    try:
        with zipfile.ZipFile(where) as archive:
            entries = archive.infolist()
            _check_entries(entries, where)
            by_name = {entry.filename: entry for entry in entries}
            if missing := [name for name in (METADATA, CONFIG, WEIGHTS) if name not in by_name]:
                raise _refused("an archive with metadata.json, config.json and model.weights.h5", f"one without {' and '.join(missing)}", where)
            budget = min(MAX_BYTES, MAX_EXPANSION * Path(where).stat().st_size)  # held against what comes out: sizes in headers are only claims
            found = {name: bytearray() for name in (METADATA, CONFIG, WEIGHTS)}
            for name, data in found.items():
                with archive.open(by_name[name]) as file:
                    while chunk := file.read(1 << 20):
                        data += chunk
                        if (budget := budget - len(chunk)) < 0 or (name != WEIGHTS and len(data) > MAX_TEXT_BYTES):
                            raise _refused(f"at most {MAX_BYTES} bytes, {MAX_EXPANSION} times the file, and {MAX_TEXT_BYTES} of text", f"more in {name}", where)
            return found
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, UnicodeDecodeError) as error:
        raise _refused("a .keras file (a zip archive)", f"one that does not read as such: {error}", where) from error


def _check_entries(entries: list[zipfile.ZipInfo], where: str) -> None:
    if len(entries) > MAX_ENTRIES:
        raise _refused(f"an archive of at most {MAX_ENTRIES} entries", f"{len(entries)}", where)
    if len({entry.filename for entry in entries}) < len(entries):
        raise _refused("an archive with each member once", "one with a name twice", where)
    for entry in entries:
        name = entry.orig_filename
        if name.startswith("/") or re.search(r"^[A-Za-z]:|\\|\0|(^|/)\.\.(/|$)", name):
            raise _refused("members with paths inside the archive", f"{name!r}", where)
        if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused("members stored plainly or deflated", f"{name!r}, which is encrypted or compressed otherwise", where)
        if entry.file_size > MAX_EXPANSION * max(entry.compress_size, 1):
            raise _refused(f"members of at most {MAX_EXPANSION} times their compressed size", f"{name!r} with {entry.file_size} bytes", where)
    if (total := sum(entry.file_size for entry in entries)) > MAX_BYTES:
        raise _refused(f"an archive of at most {MAX_BYTES} bytes uncompressed", f"{total}", where)


def _json(data: bytearray, name: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(data.decode(), parse_constant=_finite, parse_float=_finite)
        if not isinstance(value, dict):
            raise ValueError(f"a {type(value).__name__} at the top")
    except (ValueError, RecursionError) as error:
        raise _refused(f"a JSON object of finite numbers in {name}", f"text that does not read as such: {error}", where) from error
    return value


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} is not finite")
    return number


def _plain_model(config: dict[str, Any], where: str) -> tuple[str, Shape, list[dict[str, Any]]]:
    """Name, shape of one input, and layers as {"class_name", "config"} with plain values; the InputLayer is taken out."""
    if config.get("class_name") != "Sequential" or not _is_builtin(config):
        raise _refused("a Sequential model of Keras", f"{config.get('class_name')!r} of {config.get('module')!r}", where, "build it as a Sequential model")
    inner = config.get("config")
    if not isinstance(inner, dict) or not isinstance(inner.get("name"), str) or not isinstance(inner.get("layers"), list) or len(inner["layers"]) > MAX_LAYERS:
        raise _refused(f"a model with a name and a list of at most {MAX_LAYERS} layers", "another configuration", where)
    layers = [_plain_layer(entry, where) for entry in inner["layers"]]
    given = [inner.get("build_input_shape"), _get(config.get("build_config"), "input_shape")]
    if layers and layers[0]["class_name"] == "InputLayer":
        given.append(_get(layers.pop(0)["config"], "batch_shape"))
    shapes = [shape for shape in given if shape is not None]
    if not shapes or not layers or any(layer["class_name"] == "InputLayer" for layer in layers):
        raise _refused("a built model: one input, then layers", "one whose input is not known, or without layers", where, "start the model with an Input and save it again")
    if any(shape != shapes[0] for shape in shapes) or not isinstance(shapes[0], list) or len(shapes[0]) < 2 or not all(type(n) is int and n > 0 for n in shapes[0][1:]):
        raise _refused("one input shape, such as [null, 4]", " and ".join(map(repr, shapes)), where)
    return inner["name"], tuple(shapes[0][1:]), layers


def _get(config: Any, key: str) -> Any:
    return config.get(key) if isinstance(config, dict) else None


def _plain_layer(entry: Any, where: str) -> dict[str, Any]:
    name = _get(entry, "class_name")
    if name == "Lambda":
        raise _refused("layers without code", "a Lambda layer", where, "code in files is never run; use Activation or Rescaling instead")
    if name not in LAYERS or not _is_builtin(entry):
        raise _refused(f"layers of Keras among {', '.join(LAYERS)}", f"{name!r} of {_get(entry, 'module')!r}", where, "build the model of those")
    config = _unwrapped(entry.get("config"), name, where)
    if not isinstance(config, dict) or not isinstance(config.get("name"), str):
        raise _refused(f"a configuration with a name for each {name}", "none", where)
    if config.get("dtype") not in (None, "float32"):
        raise _refused(f"dtype 'float32' for {config['name']}", repr(config["dtype"]), where, "build the model with dtype='float32'")
    return {"class_name": name, "config": config}


def _is_builtin(entry: dict[str, Any]) -> bool:
    module = entry.get("module")
    return isinstance(module, str) and f"{module}.".startswith("keras.") and entry.get("registered_name") in (None, entry.get("class_name"))


def _unwrapped(value: Any, what: str, where: str, depth: int = 0) -> Any:
    """Plain values: Keras's own objects as {"class_name", "config"}, arrays as lists, dtype policies by name; anything else is refused."""
    if depth > MAX_DEPTH:
        raise _refused(f"a configuration of at most {MAX_DEPTH} levels", f"a deeper one in {what}", where)
    if isinstance(value, list):
        return [_unwrapped(item, what, where, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    name = value.get("class_name")
    if "class_name" not in value:
        return {key: _unwrapped(item, what if depth else f"{what}.{key}", where, depth + 1) for key, item in value.items()}
    if name in ("__numpy__", "__tensor__"):
        return _unwrapped(_get(value.get("config"), "value"), what, where, depth + 1)
    inner = _unwrapped(value.get("config") or {}, what, where, depth + 1)
    if isinstance(name, str) and isinstance(inner, dict) and _is_builtin(value):
        if value["module"] == "keras" and name in ("DTypePolicy", "FloatDTypePolicy"):
            return inner.get("name")
        if value["module"] not in ("keras", "keras.layers", "keras.models"):
            return {"class_name": name, "config": {key: item for key, item in inner.items() if item is not None or key not in ("input_axes", "output_axes")}}
    raise _refused(f"plain values and objects of Keras in {what}", f"{name!r} of {value.get('module')!r}", where, "code and custom objects in files are never loaded")


def _variables(layers: list[dict[str, Any]], shape: Shape, where: str) -> dict[str, list[Variable]]:
    """What each layer's folder must hold."""
    expected = {}
    for folder, layer in zip(_folders([layer["class_name"] for layer in layers]), layers, strict=True):
        try:
            expected[folder], shape = _variables_of(layer["class_name"], layer["config"], shape)
        except (TypeError, KeyError, IndexError, ValueError) as error:
            raise _refused(f"settings of {layer['config']['name']!r} that fit an input of shape {shape}", f"others: {error!r}", where) from error
    return expected


def _variables_of(class_name: str, config: dict[str, Any], shape: Shape) -> tuple[list[Variable], Shape]:
    """A layer's variables in Keras's order, and the shape of its output for one input of `shape`."""
    axis, full = config.get("axis", -1), (0, *shape)
    along = tuple(full[a] for a in sorted(index(a) % len(full) for a in ([] if axis is None else axis if isinstance(axis, list) else [axis])))
    shapes: list[Shape] = []
    if class_name != "Rescaling" and any(type(config.get(flag, True)) is not bool for flag in ("trainable", "use_bias", "scale", "center", "rms_scaling")):
        raise TypeError("flags that are neither true nor false")
    if class_name == "Dense":
        units = index(config["units"])
        shapes, shape = [(shape[-1], units)] + [(units,)] * bool(config.get("use_bias", True)), (*shape[:-1], units)
    elif class_name == "BatchNormalization":
        shapes = [along] * (2 + bool(config.get("scale", True)) + bool(config.get("center", True)))
    elif class_name == "LayerNormalization":
        shapes = [along] * (1 if config.get("rms_scaling") else bool(config.get("scale", True)) + bool(config.get("center", True)))
    elif class_name == "Normalization" and config.get("mean") is None:
        return [("float32", along), ("float32", along), ("integer", ())], shape
    elif class_name == "PReLU":
        shapes = [tuple(1 if position in (config.get("shared_axes") or []) else n for position, n in enumerate(shape, start=1))]
    elif class_name == "Flatten":
        shape = (math.prod(shape),)
    return [("float32", expected) for expected in shapes], shape


def _arrays(data: bytearray, expected: dict[str, list[Variable]], with_state: bool, where: str) -> tuple[list[Arrays], Arrays]:
    """The variables of each layer, and those of the optimizer as they are in the file."""
    try:
        with _h5py().File(io.BytesIO(data), "r") as file:
            datasets = _datasets(file, len(data), where)
            weights = [_folder(datasets, f"layers/{folder}/vars", variables, where) for folder, variables in expected.items()]
            n_state = sum(name.startswith("optimizer/vars/") for name in datasets) if with_state else 0
            slots = [datasets[f"optimizer/vars/{position}"] for position in range(1, n_state)]
            state: list[Variable] = [("integer", ()), *(("float32" if slot.dtype.kind == "f" else "integer", slot.shape) for slot in slots)]
            return weights, _folder(datasets, "optimizer/vars", state, where) if n_state else []
    except ModelFileError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, MemoryError) as error:
        raise _refused("weights in HDF5", f"a part that does not read as such: {error}", where) from error


def _datasets(file: Any, n_bytes: int, where: str) -> dict[str, Any]:
    """Every dataset by its path; only what lies in this file, plainly, once, is let through."""
    h5py = _h5py()
    pending, addresses, datasets = [("", file)], {h5py.h5o.get_info(file.id).addr}, {}
    while pending:
        prefix, group = pending.pop()
        for name in group:
            path = f"{prefix}{name}"
            if type(link := group.get(name, getlink=True)) is not h5py.HardLink:
                raise _refused("weights that lie in the file itself", f"{path!r}, a link ({type(link).__name__})", where)
            item = group[name]
            if (address := h5py.h5o.get_info(item.id).addr) in addresses or len(addresses) > MAX_OBJECTS:
                raise _refused(f"at most {MAX_OBJECTS} HDF5 objects, each under one name", f"{path!r} above that, or a second name", where)
            addresses.add(address)
            if isinstance(item, h5py.Group):
                pending.append((f"{path}/", item))
            else:
                _check_plain(item, path, n_bytes, where)
                n_bytes -= item.nbytes
                datasets[path] = item
    return datasets


def _check_plain(item: Any, path: str, n_bytes: int, where: str) -> None:
    if not isinstance(item, _h5py().Dataset):
        raise _refused("groups and datasets in HDF5", f"{path!r}, a {type(item).__name__}", where)
    if item.is_virtual or item.external:
        raise _refused("weights that lie in the file itself", f"{path!r}, whose data lie elsewhere", where)
    if item.dtype.kind not in "iuf" or item.dtype.metadata or item.shape is None or item.id.get_create_plist().get_nfilters() or item.nbytes > n_bytes:
        raise _refused("plain numbers, no larger than the file", f"{path!r} of dtype {item.dtype} and shape {item.shape}, or compressed", where)


def _folder(datasets: dict[str, Any], folder: str, variables: list[Variable], where: str) -> Arrays:
    found = sorted(name for name in datasets if name.startswith(f"{folder}/"))
    if found != sorted(f"{folder}/{position}" for position in range(len(variables))):
        raise _refused(f"{len(variables)} variables in {folder}, as configured", f"{len(found)}: {', '.join(found[:5])}", where)
    arrays = []
    for position, (kind, shape) in enumerate(variables):
        dataset = datasets[f"{folder}/{position}"]
        if dataset.shape != shape:
            raise _refused(f"shape {shape} for {folder}/{position}, as configured", f"{dataset.shape}", where)
        if dataset.dtype != np.float32 if kind == "float32" else dataset.dtype.kind not in "iu":
            raise _refused(f"{kind} numbers in {folder}/{position}", f"{dataset.dtype}", where)
        arrays.append(np.asarray(dataset[()]))
    return arrays


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ImportError(f"expected the package h5py, which .keras files need, got none: {error}; install normexp[keras]") from error
    return h5py


def _model(name: str, shape: Shape, layers: list[dict[str, Any]], weights: list[Arrays], compiled: dict[str, Any], state: Arrays, where: str) -> Any:
    from normexp.keras._sequential import Sequential

    entry = {"class_name": "InputLayer", "config": {"name": "input_layer", "batch_shape": [None, *shape], "dtype": "float32"}}
    try:
        model = Sequential.from_config({"name": name, "layers": [entry, *layers]})
        if not model.built:
            model.build((None, *shape))
        for layer, arrays in zip(model.layers, weights, strict=True):
            layer.set_weights(arrays)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise _refused("a model whose settings this package has", f"another: {error}", where) from error
    if compiled:
        try:
            model.compile_from_config(compiled)
            _restore(model, compiled, state, where)
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise _refused("a loss, metrics and an optimizer that this package has", f"others: {error}", where, "load it with compile=False") from error
    return model


def _restore(model: Any, compiled: dict[str, Any], state: Arrays, where: str) -> None:
    """Steps and slots of the optimizer; the learning rate, second in the file unless a schedule gives it, is in its settings already."""
    has_schedule = isinstance(_get(_get(_get(compiled, "optimizer"), "config"), "learning_rate"), dict)
    if not (slots := state[1 if has_schedule else 2 :]) and not (state and state[0]):
        return
    model.optimizer.build(model.parameters())
    expected, found = ([np.shape(array) for array in arrays] for arrays in (model.optimizer.variables, slots))
    if expected == found:
        model.optimizer.set_variables(int(state[0]), slots)
    else:
        warnings.warn(f"expected {len(expected)} optimizer variables of the model's shapes, got {len(found)} ({where}); the optimizer starts afresh", stacklevel=4)


def _refused(expected: str, got: str, where: str, advice: str = "save the model again") -> ModelFileError:
    return ModelFileError(f"expected {expected}, got {got} ({where}); {advice}")
