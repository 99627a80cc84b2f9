"""Forests of a model: do their arrays agree with what is said of them, and with the columns?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model import n_statistics
from normexp.saving._container import Declared, Refused
from normexp.saving._info import ModelInfo
from normexp.saving._values import integer
from normexp.tables import MatrixColumn
from normexp.trees import MOST_DEPTH, n_outputs_of

__all__ = ["check_forests", "check_trees", "forest_bounds", "is_forest", "parts_of_forests", "wanted_of_forests"]

MOST_TREES = 1_000_000
MOST_PAIRS = 10_000
LARGEST_LEANING = 3.0  # as the encoder's numbers


def is_forest(member: dict[str, Any]) -> bool:
    return "trees" in member


def check_trees(member: dict[str, Any], name: str) -> None:
    """How many trees, and how deep."""
    integer(member["trees"], f"the trees of {name}", 0, MOST_TREES)
    integer(member["depth"], f"the depth of {name}", 1, MOST_DEPTH)


def wanted_of_forests(described: ModelInfo, declared: dict[str, Declared], columns: tuple[MatrixColumn, ...] | None) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The arrays of all forests, one after the other, and what the categories say to them."""
    forests, n_outputs = [member for member in described.members if is_forest(member)], n_outputs_of(len(described.classes))
    if not forests:
        return {}
    n_questions, n_leaves = sum(one["trees"] * one["depth"] for one in forests), sum(one["trees"] << one["depth"] for one in forests)
    wanted: dict[str, tuple[str, tuple[int, ...]]] = {
        "forests/features": ("I32", (n_questions,)), "forests/thresholds": ("F64", (n_questions,)), "forests/missing": ("BOOL", (n_questions,)),
        "forests/gains": ("F32", (n_questions,)), "forests/leaves": ("F32", (n_leaves * n_outputs,)), "forests/base": ("F32", (len(forests) * n_outputs,)),
    }  # fmt: skip
    if "encoder/pairs" in declared:
        shape = declared["encoder/pairs"].shape
        wanted["encoder/pairs"] = "I64", (min(shape[0] if shape else 0, MOST_PAIRS), 2)
    n_codes = [column.n_codes for column in columns or () if column.n_codes]
    return wanted | ({"encoder/leanings": ("F64", (sum(n_codes) + len(n_codes), n_statistics(len(described.classes))))} if n_codes else {})


def parts_of_forests(described: ModelInfo) -> list[tuple[slice, slice, slice]]:
    """Of each forest, where its questions, leaves and base lie."""
    n_outputs, at, found = n_outputs_of(len(described.classes)), [0, 0, 0], []
    for member in described.members:
        if is_forest(member):
            sizes = member["trees"] * member["depth"], (member["trees"] << member["depth"]) * n_outputs, n_outputs
            questions, leaves, base = (slice(first, first + size) for first, size in zip(at, sizes, strict=True))
            at = [questions.stop, leaves.stop, base.stop]
            found.append((questions, leaves, base))
    return found


def check_forests(described: ModelInfo, arrays: dict[str, NDArray[Any]], n_codes: NDArray[np.int64]) -> None:
    """Questions of numbers that there are, thresholds that are numbers, or minus infinity for none."""
    pairs, is_number = arrays.get("encoder/pairs", np.empty((0, 2), np.int64)), (n_codes == 0) & ~arrays["encoder/is_boolean"]
    if len(pairs) and not (pairs.min() >= 0 and pairs.max() < len(n_codes) and is_number[pairs].all()):
        raise Refused("expected pairs of columns of numbers in the tensor encoder/pairs, got others")
    n_numbers = len(pairs) + int((n_codes == 0).sum() + (n_codes > 0).sum() * n_statistics(len(described.classes)))
    features, thresholds = arrays["forests/features"], arrays["forests/thresholds"]
    if len(features) and not (features.min() >= -1 and features.max() < n_numbers):
        raise Refused(f"expected questions of numbers from 0 to {n_numbers - 1}, or -1 for none, got others in the tensor forests/features")
    if np.isnan(thresholds).any() or (thresholds == np.inf).any():
        raise Refused("expected thresholds in the tensor forests/thresholds, got NaN or infinity")
    if "encoder/leanings" in arrays and np.abs(arrays["encoder/leanings"]).max(initial=0) > LARGEST_LEANING:
        raise Refused(f"expected numbers from -{LARGEST_LEANING:g} to {LARGEST_LEANING:g} in the tensor encoder/leanings, got others")


def forest_bounds(described: ModelInfo, arrays: dict[str, NDArray[Any]]) -> list[float]:
    """How large a logit of each forest can be: in every tree its largest leaf."""
    forests, n_outputs, found = [member for member in described.members if is_forest(member)], n_outputs_of(len(described.classes)), []
    for member, (_, leaves, base) in zip(forests, parts_of_forests(described), strict=True):
        of_trees = np.abs(arrays["forests/leaves"][leaves]).reshape(member["trees"], (1 << member["depth"]) * n_outputs).max(axis=1, initial=0)
        found.append(float(of_trees.sum(dtype=np.float64) + np.abs(arrays["forests/base"][base]).max()))
    return found
