"""Columns that name a row instead of describing it, and free text: nothing that a table's classifier can learn from."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_index", "number_identifier", "text_left_out"]

FEW_ROWS = 20  # below, nothing is told apart
NEARLY_ALL = 0.95
DENSE = 1.5  # the span of whole numbers that are all different, over their count
FREE_TEXT_WORDS, FREE_TEXT_SHARE = 4.0, 0.3
KEEP = "--keep-column keeps it as categories (keep_columns=[…]; in a frame, declare it a category)"
NAME = re.compile(r"(^|[\s_.-])(id|ids|uid|uuid|guid|key|index|idx|nr|no|num|number|rownames?|row|unnamed.*)$", re.IGNORECASE)


def _named_like_one(name: str) -> bool:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.strip())
    return bool(NAME.search(words))


def number_identifier(name: str, values: NDArray[np.float64]) -> str | None:
    """Why a column of numbers is an identifier, or None."""
    n = len(values)
    if n < FEW_ROWS or not np.isfinite(values).all():
        return None
    low, high = values.min(), values.max()
    if high - low < n * NEARLY_ALL - 1 or not (values == np.floor(values)).all():
        return None
    n_distinct = len(np.unique(values))
    if n_distinct == n:
        steps = np.diff(values)
        if (steps == steps[0]).all():
            return f"it counts the rows ({values[0]:.0f}, {values[1]:.0f}, {values[2]:.0f}, …), like an identifier"
        if high - low + 1 <= DENSE * n:
            return f"it has a different whole number in every row, from {low:.0f} to {high:.0f}, like an identifier"
    if n_distinct >= NEARLY_ALL * n and _named_like_one(name):
        return f"it has {n_distinct} different whole numbers in {n} rows, like an identifier"
    return None


def is_index(values: NDArray[np.float64]) -> bool:
    """Does a column without a name count the rows?"""
    return bool(len(values) and np.isfinite(values).all() and (np.diff(values) == 1).all() and values[0] in (0, 1))


def text_left_out(counts: Mapping[str, int], filled: int) -> str | None:
    """Why a column of text is left out, or None."""
    if filled < FEW_ROWS:
        return None
    n_words = sum((word.count(" ") + 1) * n for word, n in counts.items()) / filled
    if len(counts) >= FREE_TEXT_SHARE * filled and len(counts) >= FEW_ROWS and n_words >= FREE_TEXT_WORDS:
        return f"it holds free text ({n_words:.0f} words a cell), which is not supported; make numbers or categories of it first; {KEEP}"
    if len(counts) == filled:
        return f"it has a different text in every row, like an identifier; {KEEP}"
    if len(counts) >= NEARLY_ALL * filled:
        return f"it has {len(counts)} different texts in {filled} rows, like an identifier; {KEEP}"
    return None
