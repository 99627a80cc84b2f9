"""Does a description make a model? Asked once, of every file that is read and of every model before it is written.

What is checked here is what the rest of the package may trust: nothing of a description is allocated, converted or looked up before it has passed.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model import N_HASHES
from normexp.recipe import QUALITIES
from normexp.saving._check_forests import check_forests, is_forest, wanted_of_forests
from normexp.saving._check_members import (
    check_bounds,
    check_edges,
    check_held_out,
    check_members,
    check_out_of_fold,
    check_statistics,
    sizes_of,
    wanted_of_bins,
    wanted_of_held_out,
    wanted_of_statistics,
    wide_columns,
)  # fmt: skip
from normexp.saving._check_schema import check_schema
from normexp.saving._container import Declared, Refused
from normexp.saving._info import FORMAT, LABEL_TYPES, ModelInfo
from normexp.saving._values import boolean, check_keys, distinct_texts, integer, list_of, number, one_of, shown, text
from normexp.tables import MatrixColumn, Schema
from normexp.trees import MOST_BINS, MOST_DEPTH

__all__ = ["check_declared", "check_description", "check_tensors"]

MANY = 2**31 - 1
LARGEST_BIAS = 1e30
TEMPERATURES = (1e-30, 1e30)
MAX_LABEL_CHARACTERS = 2**26  # of an array of text, in which every label takes the room of the longest
HISTORY = ("loss", "accuracy", "validation_loss", "validation_accuracy")
STOPPED = ("epochs", "patience", "time_limit", "interrupted", "callback", "diverged")
OPTIONAL = ("class_shares", "class_weights", "profile", "positive", "bias", "out_of_fold")
PROFILE = ("n_rows", "by_chance", "n_compared")
LATER = ("encoder/shares", "encoder/low", "encoder/high", "encoder/is_boolean")  # what the first files of format 1 lack


def check_description(data: Any) -> ModelInfo:
    """A description with every field of the right type, within its range, and in agreement with the others; raises Refused."""
    check_keys(data, "the description", needed=[name for name in ModelInfo.__dataclass_fields__ if name not in OPTIONAL], optional=OPTIONAL)
    integer(data["format"], "format", 1, FORMAT)
    text(data["version"], "version")
    _check_params(data["params"])
    n_classes = _check_classes(data["classes"], data["label_type"])
    number(data["temperature"], "temperature", *TEMPERATURES)
    integer(data["n_features_in"], "n_features_in", 1, MANY)
    integer(data["n_inputs"], "n_inputs", 1, MANY)
    check_members(data["members"], data["weights"], n_classes)
    if data.get("bias") is not None:
        if len(list_of(data["bias"], "bias")) != n_classes:
            raise Refused(f"expected {n_classes} entries of bias, one a class, got {len(data['bias'])}")
        for value in data["bias"]:
            number(value, "an entry of bias", -LARGEST_BIAS, LARGEST_BIAS)
    if data.get("out_of_fold") is not None:
        check_out_of_fold(data["out_of_fold"])
    names = None if data["feature_names"] is None else distinct_texts(data["feature_names"], "feature_names")
    if names is not None and len(names) != data["n_features_in"]:
        raise Refused(f"expected {data['n_features_in']} feature_names, one a feature, got {len(names)}")
    if data["schema"] is not None:
        check_schema(data["schema"], data["n_features_in"], names)
    _check_history(data["history"])
    check_keys(data["scores"], "scores", optional=list(data["scores"]) if isinstance(data["scores"], dict) else [])
    for name, value in data["scores"].items():
        number(value, f"the score {shown(name)}")
    if data.get("class_shares") is not None:
        _check_shares(data["class_shares"], n_classes)
    if data.get("class_weights") is not None:
        _check_class_weights(data["class_weights"], n_classes)
    if data.get("positive") is not None:
        integer(data["positive"], "positive", 0, 1 if n_classes == 2 else -1)
    if data.get("profile") is not None:
        _check_profile(data["profile"])
    return ModelInfo(**data)


def _check_params(params: Any) -> None:
    checks: dict[str, Any] = {
        "hidden_layer_sizes": lambda v, n: v == "auto" or [integer(width, n, 1, MANY) for width in list_of(v, n)],
        "epochs": lambda v, n: v == "auto" or integer(v, n, 1, MANY),
        "batch_size": lambda v, n: v == "auto" or integer(v, n, 1, MANY),
        "patience": lambda v, n: v == "auto" or integer(v, n, 0, MANY),
        "learning_rate": lambda v, n: v == "auto" or number(v, n, math.ulp(0)),
        "weight_decay": lambda v, n: v == "auto" or number(v, n, 0),
        "validation_fraction": lambda v, n: number(v, n, 0, math.nextafter(1, 0)),
        "class_weight": lambda v, n: one_of(v, n, (None, "balanced")),
        "warm_start": lambda v, n: isinstance(v, bool) or integer(v, n, 0, 1),
        "random_state": lambda v, n: v is None or integer(v, n, 0, 2**32 - 1),
        "verbose": lambda v, n: isinstance(v, bool) or integer(v, n, 0, MANY),
        "time_limit": lambda v, n: v is None or number(v, n, 0),
        "importances": lambda v, n: isinstance(v, bool) or integer(v, n, 0, 1),
        "cv": lambda v, n: v is None or integer(v, n, 2, MANY),
        "quality": lambda v, n: one_of(v, n, QUALITIES),
        "max_depth": lambda v, n: v == "auto" or integer(v, n, 1, MOST_DEPTH),
        "max_iter": lambda v, n: v == "auto" or integer(v, n, 1, MANY),
        "l2_regularization": lambda v, n: v == "auto" or number(v, n, math.ulp(0)),
        "max_bins": lambda v, n: v == "auto" or integer(v, n, 2, MOST_BINS),
        "members": lambda v, n: v is None or (text(v, n, 100) if isinstance(v, str) else [text(name, n, 100) for name in list_of(v, n)]),
    }
    check_keys(params, "params", optional=list(checks))
    for name, value in params.items():
        checks[name](value, f"the parameter {name}")


def _check_classes(classes: Any, label_type: Any) -> int:
    one_of(label_type, "label_type", tuple(LABEL_TYPES))
    list_of(classes, "classes", 2)
    for label in classes:
        if label_type == "int":
            integer(label, "a class", -(2**63), 2**63 - 1)
        elif label_type == "float":
            number(label, "a class")
        elif label_type == "bool":
            boolean(label, "a class")
        else:
            text(label, "a class")
    if label_type == "text" and (len(classes) * max(map(len, classes)) > MAX_LABEL_CHARACTERS or any(label.endswith("\0") for label in classes)):
        raise Refused(f"expected classes of at most {MAX_LABEL_CHARACTERS // len(classes)} characters that do not end in zeros, got others")
    if len({float(label) if label_type == "float" else label for label in classes}) < len(classes):
        raise Refused(f"expected each class once, got {len(classes)} classes of which some are equal")
    return len(classes)


def _check_history(history: Any) -> None:
    check_keys(history, "history", needed=[*HISTORY, "best_epoch", "stopped"])
    n_epochs = len(list_of(history["loss"], "loss in history"))
    for name in HISTORY:
        if len(list_of(history[name], f"{name} in history")) != n_epochs:
            raise Refused(f"expected {n_epochs} entries of {name} in history, one an epoch, got {len(history[name])}")
        for value in history[name]:  # NaN where there were no validation rows, infinite where training diverged
            if type(value) not in (float, int) or (type(value) is int and abs(value) > MANY):
                raise Refused(f"expected numbers in history, got {shown(value)} as {name}")
    integer(history["best_epoch"], "best_epoch in history", -1, n_epochs - 1)
    one_of(history["stopped"], "stopped in history", STOPPED)


def _check_shares(shares: Any, n_classes: int) -> None:
    if len(list_of(shares, "class_shares")) != n_classes:
        raise Refused(f"expected {n_classes} class_shares, one a class, got {len(shares)}")
    total = sum(number(share, "a class share", 0, 1) for share in shares)
    if not math.isclose(total, 1, abs_tol=1e-6):
        raise Refused(f"expected class_shares whose sum is 1, got {total:.6g}")


def _check_class_weights(weights: Any, n_classes: int) -> None:
    if len(list_of(weights, "class_weights")) != n_classes:
        raise Refused(f"expected {n_classes} class_weights, one a class, got {len(weights)}")
    if not sum(number(weight, "a class weight", 0) for weight in weights) > 0:
        raise Refused("expected a class weight above 0, got 0 for every class")


def _check_profile(profile: Any) -> None:
    check_keys(profile, "the profile", needed=PROFILE)
    integer(profile["n_rows"], "n_rows of the profile", 1, 2**53)
    integer(profile["n_compared"], "n_compared of the profile", 0, 2**53)
    number(profile["by_chance"], "by_chance of the profile", 0, 1)


def _columns(described: ModelInfo) -> tuple[MatrixColumn, ...] | None:
    return Schema.from_dict(described.schema).matrix_columns() if described.schema else None


def check_declared(described: ModelInfo, declared: dict[str, Declared]) -> None:
    """The tensors that the description needs, in the shapes that follow from it; nothing is read yet."""
    columns = _columns(described)
    n_columns = len(columns) if columns is not None else described.n_features_in
    a_column, (n_shares, n_plain) = (n_columns,), _n_shares_and_plain_inputs(described, declared, columns)
    wanted: dict[str, tuple[str, tuple[int, ...]]] = {
        "parameters": ("F32", (sum(sizes_of(described, n_plain)),)), "encoder/centre": ("F64", a_column), "encoder/scale": ("F64", a_column), "encoder/n_codes": ("I64", a_column),
        "encoder/has_indicator": ("BOOL", a_column), "encoder/shares": ("F64", (n_shares,)), "encoder/low": ("F64", a_column),
        "encoder/high": ("F64", a_column), "encoder/is_boolean": ("BOOL", a_column),
    }  # fmt: skip
    wanted |= wanted_of_forests(described, declared, columns)
    wanted |= wanted_of_bins(declared, n_columns) | wanted_of_statistics(described, declared, columns) | wanted_of_held_out(described, declared)
    if described.profile is not None:
        n_hashes = min(declared["profile/hashes"].shape[0] if "profile/hashes" in declared and declared["profile/hashes"].shape else 0, N_HASHES)
        wanted |= {"profile/edges": ("F64", (n_columns, 9)), "profile/counts": ("I64", (n_columns, 11)), "profile/answers": ("F64", (len(described.classes),)),
                   "profile/hashes": ("I64", (n_hashes,))}  # fmt: skip
    without_later = described.profile is None and not any(is_forest(member) for member in described.members)
    if set(declared) not in (set(wanted), set(wanted) - set(LATER) if without_later else set(wanted)):
        raise Refused(f"expected the tensors {', '.join(wanted)}, got {len(declared)}, some of them others or not all of them")
    for name, tensor in declared.items():
        if (tensor.dtype, tensor.shape) != wanted[name]:
            raise Refused(f"expected the tensor {name} as {wanted[name][0]} of shape {wanted[name][1]}, as the description says, got {tensor.dtype} of shape {tensor.shape}")


def _n_shares_and_plain_inputs(described: ModelInfo, declared: dict[str, Declared], columns: tuple[MatrixColumn, ...] | None) -> tuple[int, int]:
    """Entries of the encoder's shares, and the inputs before the bins; `check_tensors` counts them."""
    shares, statistics = declared.get("encoder/shares"), wanted_of_statistics(described, declared, columns).get("encoder/statistics")
    n_codes, n_wide, width = (0, 0, 0) if statistics is None else (statistics[1][0], len(wide_columns(columns)), statistics[1][1])
    if "encoder/edges" not in declared or shares is None or len(shares.shape) != 1:
        return described.n_inputs + n_codes - n_wide * width, described.n_inputs
    return shares.shape[0], shares.shape[0] - n_codes + n_wide * width


def check_tensors(described: ModelInfo, arrays: dict[str, NDArray[Any]]) -> None:
    """Finite values that agree with the columns; raises Refused."""
    columns = _columns(described)
    for name, array in arrays.items():
        if array.dtype == np.bool_ and array.view(np.uint8).max(initial=0) > 1:
            raise Refused(f"expected truth values in the tensor {name}, got other bytes")
        if array.dtype.kind == "f" and name != "forests/thresholds" and not np.isfinite(array).all():
            raise Refused(f"expected finite numbers in the tensor {name}, got NaN or infinite ones")
    n_codes, indicators, scale = arrays["encoder/n_codes"], arrays["encoder/has_indicator"], arrays["encoder/scale"]
    is_category = n_codes > 0
    if not np.array_equal(n_codes, np.array([column.n_codes for column in columns]) if columns is not None else np.zeros(len(n_codes))):
        raise Refused("expected as many codes as the columns have categories, got others in the tensor encoder/n_codes")
    n_inputs = int((~is_category).sum() + indicators.sum() + n_codes.sum())
    if "encoder/statistics" in arrays:
        statistics = arrays["encoder/statistics"]
        check_statistics(statistics)
        n_inputs += len(wide_columns(columns)) * statistics.shape[1] - len(statistics)
    n_bins = 0
    if "encoder/edges" in arrays:
        check_edges(arrays["encoder/n_edges"], arrays["encoder/edges"], ~is_category & ~arrays["encoder/is_boolean"])
        n_bins = int(np.maximum(arrays["encoder/n_edges"] - 1, 0).sum())
    if n_inputs + n_bins != described.n_inputs or (indicators & is_category).any():
        raise Refused(f"expected an encoder of {described.n_inputs} inputs, as the network has, got one of {n_inputs + n_bins} or with indicators of categories")
    if (scale < 0).any() or (scale[is_category] != 0).any():
        raise Refused("expected scales of at least 0, and 0 for categories, got others in the tensor encoder/scale")
    if "encoder/shares" in arrays:
        _check_training_facts(columns, arrays)
    if "profile/edges" in arrays:
        _check_profile_tensors(arrays, described.profile["n_rows"] if described.profile else 0)
    if "held_out/kept" in arrays:
        check_held_out(*(arrays[f"held_out/{name}"] for name in ("probabilities", "kept", "counts")))
    if any(is_forest(member) for member in described.members):
        check_forests(described, arrays, n_codes)
    check_bounds(described, arrays, n_inputs)


def _check_profile_tensors(arrays: dict[str, NDArray[Any]], n_rows: int) -> None:
    if (np.diff(arrays["profile/edges"], axis=1) < 0).any():
        raise Refused("expected rising deciles in the tensor profile/edges, got falling ones")
    if (arrays["profile/counts"] < 0).any() or arrays["profile/counts"].max(initial=0) > 2**53 // 16:
        raise Refused("expected counts of rows in the tensor profile/counts, got negative or huge ones")
    if (arrays["profile/answers"] < 0).any() or not math.isclose(arrays["profile/answers"].sum(), 1, abs_tol=1e-3):
        raise Refused("expected probabilities whose sum is 1 in the tensor profile/answers, got others")
    n_codes = arrays["encoder/n_codes"]
    of_codes = np.split(arrays["encoder/shares"][-int(n_codes.sum()) :] if n_codes.sum() else np.empty(0), np.cumsum(n_codes)[:-1])
    if any(part.sum() > 1 + 1e-6 or (part < 0).any() for part in of_codes):
        raise Refused("expected shares of categories whose sum is at most 1 in the tensor encoder/shares, got others")
    if arrays["profile/counts"].sum(axis=1).max(initial=0) > n_rows:
        raise Refused(f"expected counts of at most {n_rows} rows in the tensor profile/counts, got more")
    if (np.diff(arrays["profile/hashes"].view(np.uint64).astype(np.float64)) < 0).any():
        raise Refused("expected rising hashes in the tensor profile/hashes, got others")


def _check_training_facts(columns: tuple[MatrixColumn, ...] | None, arrays: dict[str, NDArray[Any]]) -> None:
    if np.abs(arrays["encoder/shares"]).max() > 1:
        raise Refused("expected shares from -1 to 1, got others in the tensor encoder/shares")
    if (arrays["encoder/low"] > arrays["encoder/high"]).any():
        raise Refused("expected no encoder/low above encoder/high, got one")
    wanted = [column.kind == "boolean" for column in columns] if columns is not None else np.zeros(len(arrays["encoder/low"]), bool)
    if not np.array_equal(arrays["encoder/is_boolean"], wanted):
        raise Refused("expected encoder/is_boolean to agree with the kinds of the columns, got a difference")
