"""What each column is, decided once on all its cells; the decision is the schema."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp._checks import listing
from normexp.tables._cells import Codes, Instants, Numbers
from normexp.tables._convert import FLOAT32_MAX, Converter, Count
from normexp.tables._forms import Reading
from normexp.tables._identifiers import number_identifier, text_left_out
from normexp.tables._options import Options, met, missing_numbers
from normexp.tables._readings import decided, nearly_numbers
from normexp.tables._schema import MAX_CATEGORIES, Column, Kind, Schema

__all__ = ["Bad", "Inference", "joined", "number_column"]

FLOAT32_EXACT, FLOAT64_EXACT = 2.0**24, 2.0**53
KINDS: dict[str, Kind] = {"number": "number", "integer": "number", "boolean": "boolean", "date": "date", "category": "category"}
VALUES_AT_ONCE = 1 << 22
MOST_ALONE = 3  # equal notes
MOST_WORDS = 1 << 22


@dataclass(frozen=True)
class Bad:
    """Cells of a column that are not what the rest is."""

    name: str
    kind: str
    cells: dict[str, Count]
    typed: bool = False  # numbers beyond float32 that the source has as numbers

    @property
    def n(self) -> int:
        return sum(count.n for count in self.cells.values())


@dataclass
class Inference:
    """Looks at the columns of a source; `notes` are what a user should know, `bad` the cells that do not fit."""

    data: Any
    options: Options
    words: tuple[tuple[str, ...], tuple[str, ...]]
    keep: NDArray[np.uint8] | None
    notes: list[str] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    found_missing: set[str] = field(default_factory=set)
    _identifiers: dict[int, Column] = field(default_factory=dict)  # columns of numbers that are left out
    _said: dict[int, list[str]] = field(default_factory=dict)

    def columns(self, indices: Sequence[int]) -> list[Column]:
        """The schema of some columns, those that are left out not among them."""
        text = [i for i in indices if self.data.kinds[i] == "text" and self.data.names[i] not in self.data.nested]
        scans = self.scanned(text)
        readings = decided(scans, self.options, self.say)
        found: dict[int, Column | None] = {}
        counted: list[int] = []
        looked_at: dict[int, Column] = {}
        for i in indices:
            column = self._drafted(i, readings.get(i))
            if column is None or (i in scans and self._is_settled(column, readings[i], scans[i])):
                found[i] = column
            elif column.kind == "category":
                counted.append(i)
            else:
                looked_at[i] = column
        found |= self._looked_at(looked_at) | self._counted(counted, {i: (scans[i], readings[i]) for i in counted if i in scans})
        if not any(column is not None for column in found.values()) and self._identifiers:  # better than nothing
            found |= self._identifiers
            for i in self._identifiers:
                self._said[i] = [note.replace(" is left out: ", " is all that there is to learn from, though ").split("; --keep-column")[0] for note in self._said[i]]
        self.notes += joined([(self.data.names[i], note) for i in indices for note in self._said.get(i, [])])
        return [column for i in indices if (column := found[i]) is not None]

    def say(self, i: int, note: str) -> None:
        self._said.setdefault(i, []).append(note)

    def _part(self, first: int, n: int) -> NDArray[np.uint8] | None:
        return None if self.keep is None else self.keep[first : first + n]

    # ---- readings of text

    def scanned(self, text: Sequence[int]) -> dict[int, Any]:
        anywhere, among = _native.MissingWords(list(self.words[0])), _native.MissingWords(list(self.words[1]))
        numbers = missing_numbers(self.words[0])
        scans = {i: _native.Scan(anywhere, among, numbers) for i in text}
        for group in self.data.groups(text, self.data.n_rows):
            for first, n, cells in self.data.batches(group):
                _native.scan_columns([scans[i] for i in group], cells, self._part(first, n), 0)
        for scan in scans.values():
            self.found_missing |= met(self.words[0], (word for word, _, _ in scan.missing_found))
        return scans


    # ---- columns

    def _drafted(self, i: int, reading: Reading | None) -> Column | None:
        """The column without what its values say; None if it is left out."""
        name, kind = self.data.names[i], self.data.kinds[i]
        if name in self.data.nested:
            self.say(i, " is left out: it holds objects or lists")
            return None
        if reading is not None:
            return Column(name, reading.kind, decimal=reading.decimal, thousands=reading.thousands, prefix=reading.prefix, suffix=reading.suffix, date_order=reading.date_order,
                          missing=reading.missing)  # fmt: skip
        if kind in KINDS:
            return Column(name, KINDS[kind])
        self.say(i, f" is left out: its type is {kind}")
        return None

    def _is_settled(self, column: Column, reading: Reading, scan: Any) -> bool:
        """Has the scan said all? So it is for booleans and for plain numbers that are neither large nor perhaps identifiers."""
        if column.kind == "boolean":
            return bool(reading.n == scan.filled)
        if column.kind != "number" or not reading.is_plain or not (reading.n == scan.filled == scan.plain) or scan.beyond or not scan.plain:
            return False
        n_rows = scan.rows if self.keep is None else int(self.keep.sum())
        may_count = scan.plain == n_rows and scan.greatest - scan.smallest >= 0.9 * n_rows - 1 and not self.options.keep_numbers
        return max(abs(scan.smallest), abs(scan.greatest)) <= FLOAT32_EXACT and not may_count

    def _looked_at(self, columns: dict[int, Column]) -> dict[int, Column | None]:
        """Columns of numbers, dates and booleans by their values, some columns at a time."""
        found: dict[int, Column | None] = {}
        size = max(VALUES_AT_ONCE // max(self.data.n_rows, 1), 1)
        for group in self.data.groups(list(columns), self.data.n_rows):
            for first in range(0, len(group), size):
                some = group[first : first + size]
                for i, values in zip(some, self._values(some, columns), strict=True):
                    found[i] = self._finished(i, columns[i], values)
        return found

    def _values(self, indices: Sequence[int], columns: dict[int, Column]) -> list[NDArray[np.float64]]:
        """The kept cells of columns as float64: numbers, or seconds of dates; NaN where missing or bad."""
        converter = Converter(Schema(tuple(columns[i] for i in indices), None, *self.words), self.words)
        parts: list[list[NDArray[np.float64]]] = [[] for _ in indices]
        typed: list[dict[str, Count]] = [{} for _ in indices]
        for first, n, batch in self.data.batches(indices):
            keep = self._part(first, n)
            for k, cells in enumerate(batch):
                if isinstance(cells, Numbers):
                    values = cells.values.astype(np.float64)
                    self._mark_missing(values, cells)
                    self._mark_beyond(values, keep, first, typed[k])
                elif isinstance(cells, Instants):
                    values = cells.micros / 1e6
                    if cells.missing is not None:
                        values[cells.missing.astype(bool)] = np.nan
                else:
                    values = converter.values(k, cells, first, keep)
                parts[k].append(values if keep is None else values[keep.astype(bool)])
        for k, i in enumerate(indices):
            if typed[k]:
                self.bad.append(Bad(self.data.names[i], "a finite number", typed[k], typed=True))
            if converter.missing_numbers(k):
                self.found_missing |= {word for word in self.words[0] if missing_numbers([word])}
            if bad := converter.tally(k).bad:
                self.bad.append(Bad(self.data.names[i], f"a {columns[i].kind}", bad))
        return [np.concatenate(part) if part else np.empty(0) for part in parts]

    @staticmethod
    def _mark_beyond(values: NDArray[np.float64], keep: NDArray[np.uint8] | None, first: int, found: dict[str, Count]) -> None:
        beyond = np.abs(values) > FLOAT32_MAX
        for row in np.flatnonzero(beyond if keep is None else beyond & keep.astype(bool)):
            count = found.setdefault(str(values[row]), Count(0, first + int(row)))
            count.n += 1
        values[beyond] = np.nan

    def _mark_missing(self, values: NDArray[np.float64], cells: Numbers) -> None:
        if cells.missing is not None:
            values[cells.missing.astype(bool)] = np.nan
        for number in missing_numbers(self.words[0]) if cells.values.dtype.kind != "b" else ():
            found = values == number
            if found.any():
                self.found_missing |= {word for word in self.words[0] if missing_numbers([word]) == [number]}
            values[found] = np.nan

    def _finished(self, i: int, column: Column, values: NDArray[np.float64]) -> Column | None:
        filled = values[~np.isnan(values)]
        if not len(filled):
            self.say(i, " is empty")
            return Column(column.name, "number")
        if column.kind == "date":
            return replace(column, centre=float(round(_median(filled))))
        if column.kind == "boolean":
            return column
        if np.abs(filled).max() > FLOAT64_EXACT:
            self.say(i, f" has numbers beyond {FLOAT64_EXACT:.0f}, which are rounded to 15 digits; if they are names, write them as text")
        column = column if np.abs(filled).max() <= FLOAT32_EXACT else replace(column, centre=_median(filled))
        reason = None if self.options.keep_numbers or column.name in self.options.keep_columns else number_identifier(column.name, values)
        if reason:
            self.say(i, f" is left out: {reason}; --keep-column '{column.name}' keeps it")
            self._identifiers[i] = column
            return None
        return column

    def _counted(self, indices: Sequence[int], scanned: dict[int, tuple[Any, Reading]]) -> dict[int, Column | None]:
        """Columns of categories by their words."""
        found: dict[int, Column | None] = {}
        missing = _native.MissingWords(list(self.words[0]))
        for group in self.data.groups(indices, self.data.n_rows):
            words = {i: _native.Words(missing, MOST_WORDS) for i in group}
            declared: dict[int, dict[str, int]] = {i: {} for i in group}
            for first, n, batch in self.data.batches(group):
                keep = self._part(first, n)
                for i, cells in zip(group, batch, strict=True):
                    if isinstance(cells, Codes):
                        self.found_missing |= met(self.words[0], _count_codes(cells, keep, missing, declared[i]))
                    else:
                        _native.count_words(words[i], cells, keep)
            for i in group:
                counts = declared[i] | {word: n for word, n, _ in words[i].words}
                found[i] = self._category(i, counts, len(counts) + words[i].others)
                if found[i] is not None and i in scanned and (note := nearly_numbers(*scanned[i], list(counts))):
                    self.say(i, note)
        return found

    def _category(self, i: int, counts: dict[str, int], n_distinct: int) -> Column | None:
        name, filled = self.data.names[i], sum(counts.values())
        if not filled:
            self.say(i, " is empty")
            return Column(name, "number")
        reason = None if self.data.kinds[i] == "category" or name in self.options.keep_columns else text_left_out(counts, filled)
        if reason:
            self.say(i, f" is left out: {reason}")
            return None
        frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_CATEGORIES]
        if n_distinct > MAX_CATEGORIES:
            others = filled - sum(n for _, n in frequent)
            self.say(i, f" has {n_distinct} categories: the {MAX_CATEGORIES} most frequent are kept, the rest ({others} rows) count as 'other'")
        return Column(name, "category", categories=tuple(sorted(word for word, _ in frequent)), has_other=n_distinct > MAX_CATEGORIES)


def _count_codes(cells: Codes, keep: NDArray[np.uint8] | None, missing: Any, counts: dict[str, int]) -> list[str]:
    """Declared categories that occur; returns those that mean missing."""
    times = np.bincount((cells.codes if keep is None else cells.codes[keep.astype(bool)]) + 1, minlength=len(cells.words) + 1)[1:]
    for word, n in zip(cells.words, times.tolist(), strict=True):
        if n and missing.find(word) < 0:
            word = word.strip(" \t\r")
            counts[word] = counts.get(word, 0) + n
    return [word for word, n in zip(cells.words, times.tolist(), strict=True) if n and missing.find(word) >= 0]


def number_column(data: Any, i: int, options: Options, words: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[Column, list[str]]:
    """A column of numbers by the form that its cells have, plain where they have none; and what is to be said of it."""
    found = Inference(data, options, words, None)
    reading = decided(found.scanned([i] if data.kinds[i] == "text" else []), options, found.say).get(i)
    column = Column(data.names[i], "number")
    if reading is None or reading.kind != "number":
        return column, []
    column = replace(column, decimal=reading.decimal, thousands=reading.thousands, prefix=reading.prefix, suffix=reading.suffix)
    return column, joined([(column.name, note) for notes in found._said.values() for note in notes])


def joined(notes: Sequence[tuple[str, str]]) -> list[str]:
    """Notes on columns, the same ones on many columns as one."""
    names: dict[str, list[str]] = {}
    for name, note in notes:
        names.setdefault(note, []).append(name)
    found: dict[str, None] = {}
    for name, note in notes:
        same = names[note]
        found[f"columns {listing(same)}{note}" if len(same) > MOST_ALONE else f"column {name!r}{note}"] = None
    return list(found)


def _median(values: NDArray[np.float64]) -> float:
    """Between the two middle values where their number is even."""
    middle = (len(values) - 1) // 2
    found = np.partition(values, [middle, middle + 1 - len(values) % 2])
    low, high = found[middle], found[middle + 1 - len(values) % 2]
    return float(low + (high - low) * 0.5)


