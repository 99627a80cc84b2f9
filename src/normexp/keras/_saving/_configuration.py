"""config.json: a model's settings as Keras writes them, and back to plain values; no name that a file holds is imported."""

from typing import Any

import numpy as np

from normexp.keras._layer import Shape
from normexp.keras._saving._archive import refused

__all__ = ["entry_of", "model_config", "plain_model", "unwrapped"]

LAYERS = ["Activation", "BatchNormalization", "Dense", "Dropout", "ELU", "Flatten", "GaussianNoise", "InputLayer", "LayerNormalization", "LeakyReLU", "Normalization",
          "PReLU", "ReLU", "Rescaling", "Softmax"]  # fmt: skip
MODULES = {word: f"keras.{word}s" for word in ("initializer", "regularizer", "constraint", "optimizer")}  # by the last word of the key of an object
MODULES |= {"rate": "keras.optimizers.schedules", "loss": "keras.losses", "metrics": "keras.metrics"}
MAX_LAYERS, MAX_NESTED, MAX_DEPTH = 1_000, 8, 40


def model_config(model: Any) -> dict[str, Any]:
    shape = [None, *(int(n) for n in model.input_shape_)]
    layers = [_keras("keras.layers", "InputLayer", {"batch_shape": shape, "dtype": "float32", "sparse": False, "ragged": False, "name": "input_layer"})]
    for layer in model.layers:
        if type(layer).__name__ == "Sequential":
            layers.append(model_config(layer))
        else:
            layers.append(_keras("keras.layers", type(layer).__name__, _wrapped(layer.get_config()) | {"dtype": POLICY}))
    config = {"name": model.name, "trainable": model.trainable, "dtype": POLICY, "layers": layers, "build_input_shape": shape}
    return _keras("keras", "Sequential", config) | {"build_config": {"input_shape": shape}, "compile_config": _wrapped(model.get_compile_config() or {})}


def _keras(module: str, class_name: str, config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


POLICY = _keras("keras", "DTypePolicy", {"name": "float32"})


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


def plain_model(config: dict[str, Any], where: str) -> dict[str, Any]:
    """Name, trainable, input_shape (of one input) and layers of a model: {"class_name", "config"} with plain values; InputLayers are taken out."""
    if config.get("class_name") != "Sequential" or not _is_builtin(config):
        raise refused("a Sequential model of Keras", f"{config.get('class_name')!r} of {config.get('module')!r}", where, "build it as a Sequential model")
    found = _plain_model(config, [MAX_LAYERS], 0, where)
    if found["input_shape"] is None:
        raise refused("a built model: one input, then layers", "one whose input is not known", where, "start the model with an Input and save it again")
    return found


def _plain_model(config: dict[str, Any], left: list[int], depth: int, where: str) -> dict[str, Any]:
    """Of a model that may be a layer of another; `left`: how many layers there may still be."""
    inner = config.get("config")
    entries = entry_of(inner, "layers")
    if not isinstance(inner, dict) or not isinstance(inner.get("name"), str) or not isinstance(entries, list) or type(inner.get("trainable", True)) is not bool:
        raise refused("a model with a name, trainable true or false and a list of layers", "another configuration", where)
    left[0] -= len(entries)
    if left[0] < 0 or depth > MAX_NESTED:
        raise refused(f"at most {MAX_LAYERS} layers, in models at most {MAX_NESTED} deep", "more", where)
    layers = [_plain_layer(entry, left, depth, where) for entry in entries]
    given = [inner.get("build_input_shape"), entry_of(config.get("build_config"), "input_shape")]
    if layers and layers[0]["class_name"] == "InputLayer":
        given.append(entry_of(layers.pop(0)["config"], "batch_shape"))
    if not layers or any(layer["class_name"] == "InputLayer" for layer in layers):
        raise refused("a built model: one input, then layers", "one with another input, or without layers", where, "start the model with an Input and save it again")
    return {"name": inner["name"], "trainable": inner.get("trainable", True), "layers": layers, "input_shape": _input_shape(given, where)}


def _input_shape(given: list[Any], where: str) -> Shape | None:
    """That of one input, without the batch axis, where the file says it at all: then everywhere the same."""
    shapes = [shape for shape in given if shape is not None]
    if not shapes:
        return None
    if any(shape != shapes[0] for shape in shapes) or not isinstance(shapes[0], list) or len(shapes[0]) < 2 or not all(type(n) is int and n > 0 for n in shapes[0][1:]):
        raise refused("one input shape, such as [null, 4]", " and ".join(map(repr, shapes))[:200], where)
    return tuple(shapes[0][1:])


def entry_of(config: Any, key: str) -> Any:
    return config.get(key) if isinstance(config, dict) else None


def _plain_layer(entry: Any, left: list[int], depth: int, where: str) -> dict[str, Any]:
    name = entry_of(entry, "class_name")
    if name == "Lambda":
        raise refused("layers without code", "a Lambda layer", where, "code in files is never run; use Activation or Rescaling instead")
    if name == "Sequential" and _is_builtin(entry):
        return {"class_name": name, "config": _plain_model(entry, left, depth + 1, where)}
    if name not in LAYERS or not _is_builtin(entry):
        raise refused(f"layers of Keras among {', '.join(LAYERS)}", f"{name!r} of {entry_of(entry, 'module')!r}", where, "build the model of those")
    config = unwrapped(entry.get("config"), name, where)
    if not isinstance(config, dict) or not isinstance(config.get("name"), str):
        raise refused(f"a configuration with a name for each {name}", "none", where)
    if config.get("dtype") not in (None, "float32"):
        raise refused(f"dtype 'float32' for {config['name']}", repr(config["dtype"]), where, "build the model with dtype='float32'")
    return {"class_name": name, "config": config}


def _is_builtin(entry: dict[str, Any]) -> bool:
    module = entry.get("module")
    return isinstance(module, str) and f"{module}.".startswith("keras.") and entry.get("registered_name") in (None, entry.get("class_name"))


def unwrapped(value: Any, what: str, where: str, depth: int = 0) -> Any:
    """Plain values: Keras's own objects as {"class_name", "config"}, arrays as lists, dtype policies by name; anything else is refused."""
    if depth > MAX_DEPTH:
        raise refused(f"a configuration of at most {MAX_DEPTH} levels", f"a deeper one in {what}", where)
    if isinstance(value, list):
        return [unwrapped(item, what, where, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    name = value.get("class_name")
    if "class_name" not in value:
        return {key: unwrapped(item, what if depth else f"{what}.{key}", where, depth + 1) for key, item in value.items()}
    if name in ("__numpy__", "__tensor__"):
        return unwrapped(entry_of(value.get("config"), "value"), what, where, depth + 1)
    inner = unwrapped(value.get("config") or {}, what, where, depth + 1)
    if isinstance(name, str) and isinstance(inner, dict) and _is_builtin(value):
        if value["module"] == "keras" and name in ("DTypePolicy", "FloatDTypePolicy"):
            return inner.get("name")
        if value["module"] not in ("keras", "keras.layers", "keras.models"):
            return {"class_name": name, "config": {key: item for key, item in inner.items() if item is not None or key not in ("input_axes", "output_axes")}}
    raise refused(f"plain values and objects of Keras in {what}", f"{name!r} of {value.get('module')!r}", where, "code and custom objects in files are never loaded")
