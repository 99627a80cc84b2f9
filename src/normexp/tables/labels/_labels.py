"""The labels of a column: each distinct one once, and where it stands."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp.errors import DataError
from normexp.tables._words import missing_numbers
from normexp.tables.labels._numbers import number_of
from normexp.tables.sources import Cells, Codes, Instants, Numbers, Rows, text_of_instants, text_of_number

__all__ = ["Labels", "groups_of_column", "labels_of_column"]

MOST_LABELS = 1 << 20
KINDS = ("text", "number", "integer", "boolean", "date", "category", "BLOB", "INTERVAL", "TIME", "BIT")


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


def groups_of_column(data: Rows, i: int, missing: Sequence[str]) -> NDArray[np.int64]:
    """The number of each row's group, which a column names; a row that names none is one by itself."""
    groups = _labels_of(data, i, missing, "names of groups").numbers
    alone = groups < 0
    groups[alone] = groups.max(initial=-1) + 1 + np.arange(alone.sum())
    return groups


def labels_of_column(data: Rows, i: int, missing: Sequence[str], *, learning: bool) -> tuple[Labels, list[str]]:
    """The labels of a source's column, and a note on rows without one; while `learning`, it says how to keep a word as a class."""
    labels = _labels_of(data, i, missing, "labels")
    n = int((labels.numbers < 0).sum())
    if not n:
        return labels, []
    written = {repr(word): k for word, k in labels.missing_words.items() if word}
    keep = " ".join(f"--keep-words {word}" for word in written)
    advice = f" ({keep} keeps {'it' if len(written) == 1 else 'them'} as a class)" if learning else ""
    how = f": {', '.join(f'{k} with {word}' for word, k in written.items())}{advice}"
    return labels, [f"{n} row{'s' if n > 1 else ''} without a target dropped{how if written else ''}"]


def _labels_of(data: Rows, i: int, missing: Sequence[str], what: str) -> Labels:
    """All labels of a column; `what` they are called in an error."""
    name = data.names[i]
    if name in data.nested or data.kinds[i] not in KINDS:
        raise DataError(f"expected {what} that are text, numbers or booleans, got a column of type {'JSON' if name in data.nested else data.kinds[i]} "
                        f"({data.label}, column '{name}'); choose another column, or write it as text")  # fmt: skip
    labels = Labels(data.n_rows)
    words = _native.MissingWords(list(missing))
    numbers = missing_numbers(missing)
    for first, n, (cells,) in data.batches([i], labels=True):
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
    gone = [(word, n, first) for word, n, first in counted.words if number_of(word) in numbers]
    for word, n, first in sorted([*counted.missing, *gone], key=lambda found: found[2]):
        labels.missing_words[word] = labels.missing_words.get(word, 0) + (n if times is None else int(times[first]))
    found = np.empty(len(cells), np.int32)
    _native.numbers_of_words(_native.WordTable(words), missing, cells, found)
    if (found == -2).any():
        raise DataError("expected labels that are text in UTF-8, got other bytes; say what the file is with --encoding (encoding=…), or write it anew")
    places = np.array([*(-1 if number_of(word) in numbers else labels.place_of(word) for word in words), -1], np.int64)
    return places[found]
