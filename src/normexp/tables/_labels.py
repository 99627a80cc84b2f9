"""The target's classes in their own type and spelling, and each row's place among them."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables._cells import Cells, Codes, Instants, Numbers, null_or_text, text_of_instants, text_of_number
from normexp.tables._convert import folded
from normexp.tables._options import missing_numbers

__all__ = ["Labels", "classes_of", "labels_of", "nearly_same", "refuse_many", "targets_of", "too_few", "unknown_labels"]

MAX_FRACTIONAL_CLASSES, MAX_INTEGER_CLASSES, FEW = 30, 200, 20
MOST_LABELS = 1 << 20
INTEGER = re.compile(r"-?(0|[1-9]\d{0,18})")
PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
TRUE, FALSE = ("true", "t", "1", "yes", "y"), ("false", "f", "0", "no", "n")


class Labels:
    """The distinct labels of a column, and for each row the number of its label: -1 where it is missing.

    `values` are str, or int, float and bool where the source says so; `missing_words` counts the words that a missing label was written with.
    """

    def __init__(self, n_rows: int) -> None:
        self.values: list[Any] = []
        self.numbers = np.full(n_rows, -1, np.int64)
        self.missing_words: dict[str, int] = {}
        self._places: dict[Any, int] = {}
        self.is_typed = self.is_declared = False

    def place_of(self, value: Any) -> int:
        if value not in self._places:
            self._places[value] = len(self.values)
            self.values.append(value)
        return self._places[value]

    def counts(self) -> NDArray[np.int64]:
        return np.bincount(self.numbers[self.numbers >= 0], minlength=len(self.values))


def labels_of(batches: Iterator[tuple[int, int, list[Cells]]], n_rows: int, missing: Sequence[str]) -> Labels:
    """All labels of a column that comes in batches of one column."""
    labels = Labels(n_rows)
    words = _native.MissingWords(list(missing))
    numbers = missing_numbers(missing)
    for first, n, (cells,) in batches:
        rows = slice(first, first + n)
        if isinstance(cells, Instants):
            cells = text_of_instants(cells)
        if isinstance(cells, Numbers):
            labels.is_typed = True
            labels.numbers[rows] = _typed(labels, cells, numbers)
        elif isinstance(cells, Codes):
            labels.is_declared = True
            places = _text(labels, [word.strip(" \t\r") for word in cells.words], words, numbers, np.bincount(cells.codes + 1, minlength=len(cells.words) + 1)[1:])
            labels.numbers[rows] = np.append(places, -1)[cells.codes]
        else:
            labels.numbers[rows] = _text(labels, cells, words, numbers)
    used = np.unique(labels.numbers[labels.numbers >= 0])  # declared categories that no row has are no labels
    if len(used) < len(labels.values):
        places = np.full(len(labels.values) + 1, -1, np.int64)
        places[used] = np.arange(len(used))
        labels.values, labels.numbers = [labels.values[i] for i in used.tolist()], places[labels.numbers]
    return labels


def _typed(labels: Labels, cells: Numbers, missing: Sequence[float]) -> NDArray[np.int64]:
    missing = () if cells.values.dtype.kind == "b" else missing  # 0 is not False
    distinct, places, counts = np.unique(cells.values, return_inverse=True, return_counts=True)
    if distinct.dtype == np.float32:
        distinct = np.array([float(str(value)) for value in distinct])  # 0.1, not 0.10000000149
    for value, n in zip(distinct.tolist(), counts.tolist(), strict=True):
        if value in missing:
            labels.missing_words[text_of_number(value)] = labels.missing_words.get(text_of_number(value), 0) + n
    numbers = np.array([-1 if value != value or value in missing else labels.place_of(value) for value in distinct.tolist()], np.int64)
    found = numbers[places] if len(numbers) else np.full(len(places), -1, np.int64)
    if cells.missing is not None:
        found[cells.missing.astype(bool)] = -1
    return found


def _text(labels: Labels, cells: Cells, missing: Any, numbers: Sequence[float], times: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Places of text; `missing` words and `numbers` are no labels; `times` says how often each cell comes, where the cells are declared categories."""
    counted = _native.Words(missing, MOST_LABELS)
    _native.count_words(counted, cells, None)
    if counted.others:
        raise DataError(f"expected at most {MOST_LABELS} different labels, got more; choose another column")
    words = [word for word, _, _ in sorted(counted.words, key=lambda found: found[2])]
    gone = [(word, n, first) for word, n, first in counted.words if _number(word) in numbers]
    for word, n, first in sorted([*counted.missing, *gone], key=lambda found: found[2]):
        labels.missing_words[word] = labels.missing_words.get(word, 0) + (n if times is None else int(times[first]))
    found = np.empty(len(cells), np.int32)
    _native.numbers_of_words(_native.WordTable(words), missing, cells, found)
    if (found == -2).any():
        raise DataError("expected labels that are text in UTF-8, got other bytes; say what the file is with --encoding (encoding=…), or write it anew")
    places = np.array([*(-1 if _number(word) in numbers else labels.place_of(word) for word in words), -1], np.int64)
    return places[found]


def refuse_many(labels: Labels, place: str, any_classes: bool) -> None:
    """Labels that look like a quantity or like identifiers."""
    n, rows = len(labels.values), int((labels.numbers >= 0).sum())
    way_out = "; to take them as classes all the same, say --classes any (any_classes=True)"
    if not rows:
        raise DataError(f"expected a target with values, got none ({place})")
    if any_classes:
        return
    numbers = [number for value in labels.values if (number := _number(value)) is not None]
    if len(numbers) == n:
        fractional = any(not float(number).is_integer() for number in numbers)
        if n > (MAX_FRACTIONAL_CLASSES if fractional else MAX_INTEGER_CLASSES):
            raise DataError(f"expected classes as target, got {n} different numbers: this looks like regression ({place}); cut the numbers into classes first{way_out}")
    elif n > max(FEW, rows / 2):
        raise DataError(f"expected classes as target, got {n} different texts in {rows} rows ({place}); choose another column{way_out}")


def classes_of(labels: Labels) -> NDArray[Any]:
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


def _number(value: Any) -> int | float | None:
    if not isinstance(value, str):
        return int(value) if isinstance(value, (bool, int)) else float(value)
    try:
        return int(value) if INTEGER.fullmatch(value) else float(value) if "_" not in value else None
    except ValueError:
        return None


def targets_of(labels: Labels, classes: NDArray[Any], match_case: bool = True) -> NDArray[np.int32]:
    """The index of each row's class, -1 for a label that is not among the classes or missing; without `match_case`, case and spaces do not tell labels apart."""
    match = _matcher(classes)
    places = [match(value) for value in labels.values]
    if not match_case:
        known = _by_folded(classes)
        places = [known.get(folded(str(value)), -1) if place < 0 else place for place, value in zip(places, labels.values, strict=True)]
    return np.array([*places, -1], np.int32)[labels.numbers]


def _by_folded(classes: NDArray[Any]) -> dict[str, int]:
    return {folded(str(label)): i for i, label in reversed(list(enumerate(classes.tolist())))}


def unknown_labels(labels: Labels, targets: NDArray[np.int32], classes: NDArray[Any], match_case: bool) -> list[str]:
    """A note on labels that are no classes."""
    unknown = np.unique(labels.numbers[(targets < 0) & (labels.numbers >= 0)])
    if not len(unknown):
        return []
    words = [str(labels.values[i]) for i in unknown.tolist()]
    nearly = [word for word in words if folded(word) in _by_folded(classes)] if match_case else []
    advice = f"; {listing(nearly, 3)}: in case or spaces only, --match-case no (match_case=False) takes such for the class" if nearly else ""
    return [f"labels {listing(words, 3)} are none of the classes {listing(classes.tolist(), 4)}{advice}"]


def _matcher(classes: NDArray[Any]) -> Callable[[Any], int]:
    """Text by its spelling, numbers and booleans by their value, whatever the type that a label comes in."""
    known = classes.tolist()
    exact = {(isinstance(label, str), label): i for i, label in enumerate(known)}
    texts = {str(label): i for i, label in enumerate(known)}
    if classes.dtype.kind == "b":
        return lambda value: {**dict.fromkeys(TRUE, known.index(True)), **dict.fromkeys(FALSE, known.index(False))}.get(str(value).lower().removesuffix(".0"), -1)
    numbers: dict[Any, int] = {}
    for i, label in enumerate(known):
        if (number := _number(label)) is not None:
            numbers[number] = -1 if number in numbers else i  # '1' and '1.0' are two classes: a number is neither

    def match(value: Any) -> int:
        if isinstance(value, str):
            if classes.dtype.kind in "iuf":
                return numbers.get(_number(value), -1)
            return texts.get(value, -1)
        return exact.get((False, value), numbers.get(_number(value), texts.get(str(value), -1)))

    return match


def nearly_same(classes: NDArray[Any]) -> list[str]:
    """Notes on classes that may be meant as one: they differ in case or spaces only, or are the same number written in two ways."""
    if classes.dtype.kind not in "UO":
        return []
    notes, folds, numbers = [], dict[str, list[str]](), dict[Any, list[str]]()
    for label in map(str, classes):
        if len(label) > 1:  # a and A may well be two codes
            folds.setdefault(folded(label), []).append(label)
        if PLAIN_NUMBER.fullmatch(label) and label != "-0" and (number := _number(label)) is not None:  # 01 and 1 are codes
            numbers.setdefault(number, []).append(label)
    for groups, what in ((folds, "differ in case or spaces only, and are kept apart"), (numbers, "are the same number, and are kept apart as they are written")):
        several = [same for same in groups.values() if len(same) > 1]
        if several:
            notes.append(f"classes {listing(several[0])} {what}" + (f"; so do {len(several) - 1} more groups of classes" if len(several) > 1 else ""))
    return notes


def too_few(labels: Labels, place: str, dropped: str) -> DataError:
    return DataError(f"expected at least two classes, got only {listing(labels.values)} ({place}){dropped}; there is nothing to learn")
