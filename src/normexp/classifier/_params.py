"""The estimator's parameters as plain values, which a model keeps and a file can hold."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

__all__ = ["plain_params"]

ELSEWHERE = ("client", "n_threads")  # where a fit runs


def plain_params(estimator: Any) -> dict[str, Any]:
    """Without n_threads and client, on which the model does not depend; class weights by label and random-state objects cannot be kept and become None."""
    kept, kind = {}, estimator.__class__
    for name in _names(kind):
        value = getattr(estimator, name)
        if isinstance(value, (tuple, list, np.ndarray)):
            value = tuple(_plain(entry) for entry in value)
        if isinstance(value, Mapping) or (name == "cv" and not isinstance(value, int)) or (name == "random_state" and not isinstance(value, int)):
            value = None  # class weights may have any keys, splitters be anything; they matter in training only
        kept[name] = _plain(value)
    return kept


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """scikit-learn looks at the signature each time, which a small partial_fit would notice."""
    return tuple(name for name in kind._get_param_names() if name not in ELSEWHERE)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
