"""Checks of what Python callers pass; each is done once, at the border."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["floating_array", "class_indices", "did_you_mean", "listing", "integer_at_least"]


def floating_array(x: ArrayLike, name: str) -> NDArray[Any]:
    """`x` as an array of float16, float32 or float64; integers and booleans become float64."""
    array = np.asarray(x)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        return array
    raise TypeError(f"expected {name} to hold real numbers, got dtype {array.dtype}; convert it to float32 or float64 first")


def class_indices(targets: ArrayLike, shape: tuple[int, ...], n_classes: int) -> NDArray[np.int64]:
    """Integer targets of the given shape, each in [0, n_classes)."""
    array = np.asarray(targets)
    if array.dtype.kind not in "iu":
        raise TypeError(f"expected targets to be class indices (integers), got dtype {array.dtype}; encode the labels first")
    if array.shape != shape:
        raise ValueError(f"expected targets of shape {shape}, one a row of the logits, got shape {array.shape}")
    wrong = np.flatnonzero((array < 0) | (array >= n_classes))
    if wrong.size:
        raise ValueError(
            f"expected targets from 0 to {n_classes - 1}, got {array.flat[wrong[0]]} at index {wrong[0]}; "
            "number the classes from 0 or give more logits a row"
        )
    return array.astype(np.int64, copy=False)


def integer_at_least(value: object, least: int, name: str) -> int:
    """`value` as an int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or int(value) < least:
        raise ValueError(f"expected {name} to be an integer of at least {least}, got {value!r}")
    return int(value)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'; did you mean …?' or nothing."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), list(names), n=1, cutoff=0.7)
    return f"; did you mean '{names[close[0]]}'?" if close else ""


def listing(items: Sequence[object], limit: int = 8) -> str:
    """'a', 'b', 'c' and 4 more."""
    shown = ", ".join(repr(item) for item in items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")
