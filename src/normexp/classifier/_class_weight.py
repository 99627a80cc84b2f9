"""What the classes weigh, from a caller's words to a weight a class."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import did_you_mean, listing
from normexp.recipe import ClassWeight

__all__ = ["class_weight_of"]


def class_weight_of(weights: Any, classes: NDArray[Any]) -> ClassWeight:
    """None or "balanced" as it is; a dict by label as a weight a class, 1 for those it does not name. Raises ValueError for anything else."""
    if weights is None or (isinstance(weights, str) and weights == "balanced"):
        return weights
    if not isinstance(weights, Mapping):
        raise ValueError(f"expected class_weight None, 'balanced' or a dict from classes to weights, got {weights!r}")
    labels = classes.tolist()
    _check(weights, labels)
    by_label = {_plain(label): weight for label, weight in weights.items()}
    return np.array([by_label.get(label, 1) for label in labels], np.float64)


def _check(weights: Mapping[Any, Any], classes: Sequence[Any]) -> None:
    """Known classes, finite numbers of at least 0, not all of them 0."""
    known = set(classes)
    for label, weight in weights.items():
        plain = _plain(label)
        if plain not in known:
            near = did_you_mean(str(plain), [str(one) for one in classes]) if isinstance(plain, str) == isinstance(next(iter(classes)), str) else ""
            raise ValueError(f"expected class_weight for classes out of {listing(list(classes))}, got one for {plain!r}{near}")
        if isinstance(weight, bool) or not isinstance(weight, (int, float, np.integer, np.floating)) or not math.isfinite(weight) or weight < 0:
            raise ValueError(f"expected class weights that are finite numbers of at least 0, got {weight!r} for class {plain!r}")
    if known <= set(map(_plain, weights)) and not any(weights.values()):
        raise ValueError("expected a class weight above 0, got 0 for every class")


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
