"""The estimator's parameters as plain values, which a model keeps and a file can hold."""

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["plain_params"]


def plain_params(params: dict[str, Any]) -> dict[str, Any]:
    """Without n_threads, on which the model does not depend; class weights by label and random-state objects cannot be kept and become None."""
    kept = {}
    for name, value in params.items():
        if name == "n_threads":
            continue
        if isinstance(value, (tuple, list, np.ndarray)):
            value = tuple(_plain(entry) for entry in value)
        if isinstance(value, Mapping) or (name == "random_state" and not isinstance(value, int)):
            value = None  # class weights may have any keys; they matter in training only
        kept[name] = _plain(value)
    return kept


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
