"""The classes that labels make up, in their own type and spelling; labels that look like no classes are refused."""

import re
import shlex
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables._words import folded
from normexp.tables.labels._labels import Labels
from normexp.tables.labels._numbers import INTEGER, number_of
from normexp.tables.sources import Rows, null_or_text

__all__ = ["learned_classes"]

MAX_FRACTIONAL_CLASSES, MAX_INTEGER_CLASSES, FEW = 30, 200, 20
PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


def learned_classes(labels: Labels, data: Rows, i: int, *, any_classes: bool) -> tuple[NDArray[Any], list[str]]:
    """The classes to learn from the labels of a source's column, and notes on those that may be meant as one."""
    place = f"{data.label}, column '{data.names[i]}'"
    _refuse_many(labels, place, any_classes)
    words = [word for word in labels.missing_words if word]
    if len(labels.values) < 2:
        keep = f"{' '.join(f'--keep-words {shlex.quote(word)}' for word in words)} (keep_words={words!r})"
        raise _too_few(labels, place, f"; {listing(words)} {'is' if len(words) == 1 else 'are'} taken as missing, keep with {keep}" if words else "")
    labels.is_declared |= data.kinds[i] in ("category", "BLOB")
    classes = _classes_of(labels)
    if len(classes) < 2:
        raise _too_few(labels, place, "")
    return classes, _nearly_same(classes)


def _refuse_many(labels: Labels, place: str, any_classes: bool) -> None:
    """Labels that look like a quantity or like identifiers."""
    n, rows = len(labels.values), int((labels.numbers >= 0).sum())
    way_out = "; to take them as classes all the same, say --classes any (any_classes=True)"
    if not rows:
        raise DataError(f"expected a target with values, got none ({place})")
    if any_classes:
        return
    numbers = [number for value in labels.values if (number := number_of(value)) is not None]
    if len(numbers) == n:
        fractional = any(not float(number).is_integer() for number in numbers)
        if n > (MAX_FRACTIONAL_CLASSES if fractional else MAX_INTEGER_CLASSES):
            raise DataError(f"expected classes as target, got {n} different numbers: this looks like regression ({place}); cut the numbers into classes first{way_out}")
    elif n > max(FEW, rows / 2):
        raise DataError(f"expected classes as target, got {n} different texts in {rows} rows ({place}); choose another column{way_out}")


def _too_few(labels: Labels, place: str, dropped: str) -> DataError:
    return DataError(f"expected at least two classes, got only {listing(labels.values)} ({place}){dropped}; there is nothing to learn")


def _classes_of(labels: Labels) -> NDArray[Any]:
    """The sorted classes in their own type; text that numbers or booleans would not spell the same way stays text."""
    values = labels.values
    if all(isinstance(value, (bool, np.bool_)) for value in values) or _are_booleans(values):
        return np.array([False, True])
    if labels.is_typed and not any(isinstance(value, str) for value in values):
        if all(isinstance(value, int) for value in values):
            return np.array(sorted(values), np.int64) if all(abs(value) < 2**63 for value in values) else np.array(sorted(map(str, values)))
        return np.array(sorted(values))
    if labels.is_declared:
        return np.array(sorted(null_or_text(value) or "" for value in values))
    if all(isinstance(value, str) and INTEGER.fullmatch(value) and value != "-0" and abs(int(value)) < 2**63 for value in values):
        return np.array(sorted(map(int, values)), np.int64)
    if all(isinstance(value, str) and _is_float(value) for value in values):
        return np.array(sorted(map(float, values)))
    return np.array(sorted(null_or_text(value) or "" for value in values))


def _are_booleans(values: Sequence[Any]) -> bool:
    """true and false as we write them, or in more spellings than two."""
    words = {str(value) for value in values}
    return {word.lower() for word in words} == {"true", "false"} and (words == {"true", "false"} or len(words) > 2)


def _is_float(word: str) -> bool:
    try:
        return repr(float(word)) == word and word not in ("nan", "inf", "-inf")
    except ValueError:
        return False


def _nearly_same(classes: NDArray[Any]) -> list[str]:
    """Notes on classes that may be meant as one: they differ in case or spaces only, or are the same number written in two ways."""
    if classes.dtype.kind not in "UO":
        return []
    notes, folds, numbers = [], dict[str, list[str]](), dict[Any, list[str]]()
    for label in map(str, classes):
        if len(label) > 1:  # a and A may well be two codes
            folds.setdefault(folded(label), []).append(label)
        if PLAIN_NUMBER.fullmatch(label) and label != "-0" and (number := number_of(label)) is not None:  # 01 and 1 are codes
            numbers.setdefault(number, []).append(label)
    for groups, what in ((folds, "differ in case or spaces only, and are kept apart"), (numbers, "are the same number, and are kept apart as they are written")):
        several = [same for same in groups.values() if len(same) > 1]
        if several:
            notes.append(f"classes {listing(several[0])} {what}" + (f"; so do {len(several) - 1} more groups of classes" if len(several) > 1 else ""))
    return notes
