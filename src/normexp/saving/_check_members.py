"""Members of a model, how they were combined, and what held-out rows were given: do they agree with the rest?"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model import MOST_OF_A_CLASS, MOST_ONE_HOT, n_statistics
from normexp.network import CLASSIFIER_ACTIVATIONS
from normexp.saving._check_forests import check_trees, forest_bounds, is_forest
from normexp.saving._container import Declared, Refused
from normexp.saving._info import ModelInfo
from normexp.saving._values import boolean, check_keys, integer, list_of, number, one_of, shown, text
from normexp.tables import MatrixColumn

__all__ = [
    "check_bounds", "check_edges", "check_held_out", "check_members", "check_out_of_fold", "check_statistics", "input_widths", "sizes_of",
    "wanted_of_bins", "wanted_of_held_out", "wanted_of_statistics", "wide_columns",
]  # fmt: skip

MANY = 2**31 - 1
MOST_MEMBERS = 10_000
LARGEST = float(np.finfo(np.float32).max) / 4
LARGEST_WEIGHT = 1e9
LEAST_LOGARITHM = 700.0  # of a mean of probabilities, at most so far below 0
LARGEST_INPUT = 3.0  # of the encoder: the bound of its clip
ROWS_AT_A_TIME = 256
OUT_OF_FOLD = ("n_folds", "names", "weights", "losses", "log_loss", "n_rows", "left_out")


def check_members(members: Any, weights: Any, n_classes: int) -> None:
    """Layers of each, and which kind it is of: every kind has a weight and members, and these are alike."""
    list_of(members, "members", 1)
    for weight in list_of(weights, "weights", 1):
        number(weight, "a weight", 0, LARGEST_WEIGHT)
    if len(members) > MOST_MEMBERS:
        raise Refused(f"expected at most {MOST_MEMBERS} members, got {len(members)}")
    for i, member in enumerate(members):
        forest = isinstance(member, dict) and is_forest(member)
        check_keys(member, f"member {i}", needed=["trees", "depth", "kind"] if forest else ["layers", "bins", "kind"])
        integer(member["kind"], f"the kind of member {i}", 0, len(weights) - 1)
        if forest:
            check_trees(member, f"member {i}")
        else:
            boolean(member["bins"], f"bins of member {i}")
            _check_layers(member["layers"], n_classes)
    alike = {(member["kind"], _shape(member)) for member in members}
    if len(alike) > len({kind for kind, _ in alike}):
        raise Refused("expected members of a kind whose layers, or depths of trees, are alike, got others")
    if len({member["kind"] for member in members}) < len(weights):
        raise Refused(f"expected a member of each of {len(weights)} kinds, got some without")


def _shape(member: dict[str, Any]) -> tuple[Any, ...]:
    """What members of a kind have in common."""
    return (member["depth"],) if is_forest(member) else (member["bins"], *(tuple(layer.items()) for layer in member["layers"]))


def _check_layers(layers: Any, n_classes: int) -> None:
    """Layers of one activation and a linear one of a logit a class: what the estimator makes, and what explanations rely on."""
    list_of(layers, "layers", 1)
    for i, layer in enumerate(layers):
        check_keys(layer, f"layer {i}", needed=["units", "activation", "use_bias", "trained"])
        integer(layer["units"], f"the units of layer {i}", 1, MANY)
        one_of(layer["activation"], f"the activation of layer {i}", ("linear",) if i == len(layers) - 1 else CLASSIFIER_ACTIVATIONS if i == 0 else (layers[0]["activation"],))
        for name in ("use_bias", "trained"):
            one_of(boolean(layer[name], f"{name} of layer {i}"), f"{name} of layer {i}", (True,))
    if layers[-1]["units"] != n_classes:
        raise Refused(f"expected a last layer of {n_classes} units, one a class, got {layers[-1]['units']}")


def check_out_of_fold(told: Any) -> None:
    check_keys(told, "out_of_fold", needed=OUT_OF_FOLD)
    for name, least in (("n_folds", 1), ("n_rows", 0)):
        integer(told[name], f"{name} of out_of_fold", least, 2**53)
    for name in ("names", "left_out"):
        for one in list_of(told[name], f"{name} of out_of_fold"):
            text(one, f"one of {name} of out_of_fold", 100)
    for name in ("weights", "losses"):
        if len(list_of(told[name], f"{name} of out_of_fold")) != len(told["names"]):
            raise Refused(f"expected {len(told['names'])} {name} of out_of_fold, one a name, got {len(told[name])}")
        for value in told[name]:
            if name == "weights" or value == value:  # a loss of no rows is NaN
                number(value, f"one of {name} of out_of_fold", 0)
    if type(told["log_loss"]) is not float or told["log_loss"] < 0:
        raise Refused(f"expected log_loss of out_of_fold to be a number of at least 0, got {shown(told['log_loss'])}")


def input_widths(described: ModelInfo, n_plain_inputs: int) -> list[int]:
    """How many inputs each member takes, 0 for forests, which take none of them."""
    return [0 if is_forest(member) else described.n_inputs if member["bins"] else n_plain_inputs for member in described.members]


def sizes_of(described: ModelInfo, n_plain_inputs: int) -> list[int]:
    """How many parameters each member has, beside the arrays of forests."""
    widths = [[n, *(layer["units"] for layer in member.get("layers", ()))] for n, member in zip(input_widths(described, n_plain_inputs), described.members, strict=True)]
    return [sum((n_inputs + 1) * units for n_inputs, units in pairwise(of_member)) for of_member in widths]


def wanted_of_bins(declared: dict[str, Declared], n_columns: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Of a model with bins: their edges, as many as the file says; `check_edges` compares."""
    if "encoder/n_edges" not in declared and "encoder/edges" not in declared:
        return {}
    return {"encoder/n_edges": ("I64", (n_columns,)), "encoder/edges": ("F64", _length(declared, "encoder/edges", n_columns * MANY))}


def wide_columns(columns: tuple[MatrixColumn, ...] | None) -> list[MatrixColumn]:
    """Categories of so many codes that there are statistics of them."""
    return [column for column in columns or () if column.n_codes > MOST_ONE_HOT]


def wanted_of_statistics(described: ModelInfo, declared: dict[str, Declared], columns: tuple[MatrixColumn, ...] | None) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Of a model with categories of very many: what is known of each code."""
    n_classes, n_codes = len(described.classes), sum(column.n_codes for column in wide_columns(columns))
    return {"encoder/statistics": ("F64", (n_codes, n_statistics(n_classes)))} if "encoder/statistics" in declared else {}


def check_statistics(statistics: NDArray[np.float64]) -> None:
    if np.abs(statistics).max(initial=0) > LARGEST_INPUT:
        raise Refused(f"expected statistics from -{LARGEST_INPUT:g} to {LARGEST_INPUT:g} in the tensor encoder/statistics, got others")


def wanted_of_held_out(described: ModelInfo, declared: dict[str, Declared]) -> dict[str, tuple[str, tuple[int, ...]]]:
    if not any(name.startswith("held_out/") for name in declared):
        return {}
    n_classes = len(described.classes)
    kept = _length(declared, "held_out/probabilities", n_classes * MOST_OF_A_CLASS)
    of_classes = ("I64", (n_classes,))
    return {"held_out/probabilities": ("F32", kept), "held_out/kept": of_classes, "held_out/counts": of_classes, "held_out/is_first": ("BOOL", kept)}


def _length(declared: dict[str, Declared], name: str, most: int) -> tuple[int]:
    shape = declared[name].shape if name in declared else ()
    return (min(shape[0] if len(shape) == 1 else 0, most),)


def check_edges(n_edges: NDArray[np.int64], edges: NDArray[np.float64], is_number: NDArray[np.bool_]) -> None:
    """Three or more rising ones of each number with bins, none of other columns."""
    if ((n_edges != 0) & ((n_edges < 3) | ~is_number)).any() or n_edges.sum() != len(edges):
        raise Refused("expected three or more edges of each number with bins, and none of other columns, got others in the tensor encoder/n_edges")
    within = np.ones(max(len(edges) - 1, 0), bool)
    within[np.cumsum(n_edges[n_edges > 0])[:-1] - 1] = False  # from the last of a column to the first of the next
    if (np.diff(edges)[within] <= 0).any():
        raise Refused("expected rising edges in the tensor encoder/edges, got others")


def check_held_out(probabilities: NDArray[np.float32], kept: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
    if (kept < 0).any() or (kept > np.minimum(counts, MOST_OF_A_CLASS)).any() or counts.max(initial=0) > 2**53 or kept.sum() != len(probabilities):
        raise Refused("expected as many probabilities of held-out rows as are said to be kept, got others in the tensor held_out/kept")
    if len(probabilities) and not (probabilities.min() >= 0 and probabilities.max() <= 1):
        raise Refused("expected probabilities in the tensor held_out/probabilities, got numbers beyond 0 or 1")
    ends = np.cumsum(kept)
    if any((np.diff(probabilities[last - n : last]) < 0).any() for n, last in zip(kept, ends, strict=True)):
        raise Refused("expected rising probabilities of each class in the tensor held_out/probabilities, got falling ones")


def check_bounds(described: ModelInfo, arrays: dict[str, NDArray[Any]], n_plain_inputs: int) -> None:
    """Logits stay finite whatever the row: a unit is at most |bias| + sum of |weight| x the bound of its input, and inputs are clipped at 3."""
    parameters, forests = arrays["parameters"], iter(forest_bounds(described, arrays))
    total, at = np.abs(np.array(described.bias if described.bias is not None else [0.0] * len(described.classes))), 0
    sizes, inputs, of_kind = sizes_of(described, n_plain_inputs), input_widths(described, n_plain_inputs), np.zeros(len(described.weights))
    for member, size, n_inputs in zip(described.members, sizes, inputs, strict=True):
        largest = next(forests) if is_forest(member) else _bounds(parameters[at : at + size], n_inputs, member["layers"]).max()
        if not largest < LARGEST:
            raise Refused("expected forests that give finite logits, got leaves so large that they may overflow")
        of_kind[member["kind"]] = max(of_kind[member["kind"]], 2 * largest + LEAST_LOGARITHM if len(described.members) > 1 else largest)
        at += size
    total = total + (of_kind * described.weights).sum()
    if not total.max() / described.temperature < LARGEST:
        raise Refused(f"expected logits that stay finite over the temperature, got {described.temperature:.3g} under logits up to {total.max():.3g}")


def _bounds(parameters: NDArray[np.float32], n_inputs: int, layers: Sequence[dict[str, Any]]) -> NDArray[np.float64]:
    bounds, at = np.full(n_inputs, LARGEST_INPUT), 0
    for layer in layers:
        n, units = len(bounds), layer["units"]
        weights = parameters[at : at + n * units].reshape(n, units)
        at += (n + 1) * units
        below, bounds = bounds, np.abs(parameters[at - units : at]).astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):  # refused below
            for first in range(0, n, ROWS_AT_A_TIME):  # a copy of some of the weights, not of all
                rows = slice(first, first + ROWS_AT_A_TIME)
                bounds += below[rows] @ np.abs(weights[rows])
        if not (bounds < LARGEST).all():
            raise Refused("expected parameters that give finite logits, got some so large that they may overflow", "train with a smaller learning rate")
    return bounds
