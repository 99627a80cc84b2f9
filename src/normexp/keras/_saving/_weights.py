"""model.weights.h5: variables lie at layers/dense/vars/0, layers/dense_1/vars/0, ..., optimizer/vars/0, ..."""

import io
import re
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._optional import needed
from normexp.errors import ModelFileError
from normexp.keras._layer import Shape
from normexp.keras._saving._archive import refused

__all__ = ["Arrays", "Variable", "folders", "h5py_module", "read_weights", "variables_of_model", "weights_bytes"]

Arrays = list[NDArray[Any]]
Variable = tuple[str, Shape]  # kind of number ("float32", "variance": float32 of at least 0, or "integer": of at least 0) and shape
MAX_OBJECTS = 20_000


def weights_bytes(model: Any) -> bytes:
    data = io.BytesIO()
    with h5py_module().File(data, "w") as file:
        groups = _groups(model, "")
        if model.optimizer is not None:
            config = model.optimizer.get_config()
            rate = [] if isinstance(config["learning_rate"], dict) else [np.float32(config["learning_rate"])]
            groups["optimizer/vars"] = (config["name"], [np.int32(model.optimizer.iterations), *rate, *model.optimizer.variables])
        for folder, (name, arrays) in groups.items():
            group = file.create_group(folder)
            group.attrs["name"] = name
            for position, array in enumerate(arrays):
                group.create_dataset(str(position), data=array)
    return data.getvalue()


def _groups(model: Any, prefix: str) -> dict[str, tuple[str, list[Any]]]:
    """Name and arrays of each group, with those of the models in the model."""
    groups: dict[str, tuple[str, list[Any]]] = {f"{prefix}vars": (model.name, [])}
    for folder, layer in zip(folders([type(layer).__name__ for layer in model.layers]), model.layers, strict=True):
        if hasattr(layer, "layers"):
            groups |= _groups(layer, f"{prefix}layers/{folder}/")
            continue
        arrays = [np.asarray(array, np.float32) for array in layer.get_weights()]
        if type(layer).__name__ == "Normalization":
            arrays[2:] = [array.astype(np.int32) for array in arrays[2:]]  # how many rows were seen
        groups[f"{prefix}layers/{folder}/vars"] = (layer.name, arrays)
    return groups


def variables_of_model(model: Any, prefix: str = "") -> dict[str, list[Variable]]:
    """What a file of weights must hold for a built model, by the folders of its layers."""
    expected: dict[str, list[Variable]] = {}
    for folder, layer in zip(folders([type(layer).__name__ for layer in model.layers]), model.layers, strict=True):
        if hasattr(layer, "layers"):
            expected |= variables_of_model(layer, f"{prefix}{folder}/layers/")
            continue
        found: list[Variable] = [("integer" if array.dtype.kind == "i" else "float32", array.shape) for array in layer.get_weights()]
        variance = {"BatchNormalization": -1, "Normalization": 1}.get(type(layer).__name__)
        if found and variance is not None:
            found[variance] = ("variance", found[variance][1])
        expected[prefix + folder] = found
    return expected


def folders(class_names: list[str]) -> list[str]:
    """Keras's folder of each layer: the class name in snake case, numbered from the second on."""
    seen: Counter[str] = Counter()
    named = []
    for name in class_names:
        snake = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
        named.append(f"{snake}_{seen[name]}" if seen[name] else snake)
        seen[name] += 1
    return named


def read_weights(data: bytearray, expected: dict[str, list[Variable]], with_state: bool, where: str) -> tuple[list[Arrays], Arrays]:
    """The variables of each layer, and those of the optimizer as they are in the file."""
    try:
        with h5py_module().File(io.BytesIO(data), "r") as file:
            datasets = _datasets(file, len(data), where)
            weights = [_folder(datasets, f"layers/{folder}/vars", variables, where) for folder, variables in expected.items()]
            n_state = sum(name.startswith("optimizer/vars/") for name in datasets) if with_state else 0
            slots = [datasets[f"optimizer/vars/{position}"] for position in range(1, n_state)]
            state: list[Variable] = [("integer", ()), *(("float32" if slot.dtype.kind == "f" else "integer", slot.shape) for slot in slots)]
            return weights, _folder(datasets, "optimizer/vars", state, where) if n_state else []
    except ModelFileError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, MemoryError) as error:
        raise refused("weights in HDF5", f"a part that does not read as such: {error}", where) from error


def _datasets(file: Any, n_bytes: int, where: str) -> dict[str, Any]:
    """Every dataset by its path; only what lies in this file, plainly, once, is let through."""
    h5py = h5py_module()
    pending, addresses, datasets = [("", file)], {h5py.h5o.get_info(file.id).addr}, {}
    while pending:
        prefix, group = pending.pop()
        for name in group:
            path = f"{prefix}{name}"
            if type(link := group.get(name, getlink=True)) is not h5py.HardLink:
                raise refused("weights that lie in the file itself", f"{path!r}, a link ({type(link).__name__})", where)
            item = group[name]
            if (address := h5py.h5o.get_info(item.id).addr) in addresses or len(addresses) > MAX_OBJECTS:
                raise refused(f"at most {MAX_OBJECTS} HDF5 objects, each under one name", f"{path!r} above that, or a second name", where)
            addresses.add(address)
            if isinstance(item, h5py.Group):
                pending.append((f"{path}/", item))
            else:
                _check_plain(item, path, n_bytes, where)
                n_bytes -= item.nbytes
                datasets[path] = item
    return datasets


def _check_plain(item: Any, path: str, n_bytes: int, where: str) -> None:
    if not isinstance(item, h5py_module().Dataset):
        raise refused("groups and datasets in HDF5", f"{path!r}, a {type(item).__name__}", where)
    if item.is_virtual or item.external:
        raise refused("weights that lie in the file itself", f"{path!r}, whose data lie elsewhere", where)
    if item.dtype.kind not in "iuf" or item.dtype.metadata or item.shape is None or item.id.get_create_plist().get_nfilters() or item.nbytes > n_bytes:
        raise refused("plain numbers, no larger than the file", f"{path!r} of dtype {item.dtype} and shape {item.shape}, or compressed", where)


def _folder(datasets: dict[str, Any], folder: str, variables: list[Variable], where: str) -> Arrays:
    found = sorted(name for name in datasets if name.startswith(f"{folder}/"))
    if found != sorted(f"{folder}/{position}" for position in range(len(variables))):
        raise refused(f"{len(variables)} variables in {folder}, as configured", f"{len(found)}: {', '.join(found[:5])}", where)
    arrays = []
    for position, (kind, shape) in enumerate(variables):
        dataset = datasets[f"{folder}/{position}"]
        if dataset.shape != shape:
            raise refused(f"shape {shape} for {folder}/{position}, as configured", f"{dataset.shape}", where)
        if dataset.dtype.kind not in "iu" if kind == "integer" else dataset.dtype != np.float32:
            raise refused(f"{'integer' if kind == 'integer' else 'float32'} numbers in {folder}/{position}", f"{dataset.dtype}", where)
        array = np.asarray(dataset[()])
        if not np.isfinite(array).all() or (kind != "float32" and (array < 0).any()):
            raise refused(f"finite numbers in {folder}/{position}" + ("" if kind == "float32" else " of at least 0"), "others", where, "train the model anew")
        arrays.append(array)
    return arrays


def h5py_module() -> Any:
    """The package, which is optional."""
    return needed("h5py", ".keras files", "keras")
