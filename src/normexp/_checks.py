"""Checks of what Python callers pass; each is done once, at the border."""

import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["class_indices", "counted", "did_you_mean", "finite_above_0", "finite_from_0", "integer_at_least", "listing", "users_line"]


def class_indices(targets: NDArray[Any], shape: tuple[int, ...], n_classes: int, ignore_index: int | None = None) -> NDArray[np.int64]:
    """Integer targets of the given shape, each in [0, n_classes) or equal to `ignore_index`."""
    if targets.shape != shape:
        raise ValueError(f"expected targets of shape {shape}, one a row of the logits, got shape {targets.shape}")
    indices = np.ascontiguousarray(targets, np.int64)
    if ignore_index is None and (indices.size == 0 or indices.view(np.uint64).max() < n_classes):  # a negative one is huge
        return indices
    wrong = (targets < 0) | (targets >= n_classes)
    if ignore_index is not None:
        wrong &= targets != ignore_index
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        raise ValueError(f"expected targets from 0 to {n_classes - 1}, got {targets.flat[first]} at index {first}; number the classes from 0 or give more logits a row")
    return indices


def integer_at_least(value: object, least: int, name: str) -> int:
    """`value` as an int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or int(value) < least:
        raise ValueError(f"expected {name} to be an integer of at least {least}, got {value!r}")
    return int(value)


def finite_above_0(value: Any, name: str) -> None:
    """Refuses what is no such number."""
    if not 0 < value < math.inf:
        raise ValueError(f"expected a finite {name} above 0, got {value!r}")


def finite_from_0(value: Any, name: str) -> None:
    """The same, 0 taken."""
    if not 0 <= value < math.inf:
        raise ValueError(f"expected a finite {name} of at least 0, got {value!r}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'; did you mean …?' or nothing."""
    import difflib  # a millisecond, for an error that most programs never see

    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), list(names), n=1, cutoff=0.7)
    return f"; did you mean '{names[close[0]]}'?" if close else ""


def listing(items: Sequence[object], limit: int = 8) -> str:
    """'a', 'b', 'c' and 4 more."""
    shown = ", ".join(repr(item) for item in items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")


def counted(n: int, one: str, many: str | None = None) -> str:
    """'1 row', '2 rows'."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def users_line() -> int:
    """The `stacklevel` with which the caller's warning points at the first line outside of this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "normexp":
        level, frame = level + 1, frame.f_back
    return level
