"""What each column is, decided once on all its cells; the decision is the schema."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import _native
from normexp._checks import listing
from normexp.tables._cells import Codes, Instants, Numbers
from normexp.tables._convert import FLOAT32_MAX, Converter, Count
from normexp.tables._forms import Reading, reading_of
from normexp.tables._identifiers import number_identifier, text_left_out
from normexp.tables._options import Options, missing_numbers
from normexp.tables._schema import MAX_CATEGORIES, Column, Schema

__all__ = ["Bad", "Inference"]

FLOAT32_EXACT = 2.0**24
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
    identifiers: dict[str, Column] = field(default_factory=dict)  # columns of numbers that are left out

    def columns(self, indices: Sequence[int]) -> list[Column]:
        """The schema of some columns, those that are left out not among them."""
        text = [i for i in indices if self.data.kinds[i] == "text" and self.data.names[i] not in self.data.nested]
        readings = self._decided(self._scanned(text))
        found = [self._column(i, readings.get(i)) for i in indices]
        kept = [column for column in found if column is not None]
        if not kept and self.identifiers:  # better than nothing
            kept = list(self.identifiers.values())
            self.notes = [note.replace(" is left out: ", " is all that there is to learn from, though ").split("; --keep-column")[0] if note.startswith(tuple(f"column '{name}' is left out" for name in self.identifiers)) else note
                          for note in self.notes]  # fmt: skip
        return kept

    def _part(self, first: int, n: int) -> NDArray[np.uint8] | None:
        return None if self.keep is None else self.keep[first : first + n]

    # ---- readings of text

    def _scanned(self, text: Sequence[int]) -> dict[int, Any]:
        anywhere, among = _native.MissingWords(list(self.words[0])), _native.MissingWords(list(self.words[1]))
        numbers = missing_numbers(self.words[0])
        scans = {i: _native.Scan(anywhere, among, numbers) for i in text}
        for group in self.data.groups(text, self.data.n_rows):
            for first, n, cells in self.data.batches(group):
                _native.scan_columns([scans[i] for i in group], cells, self._part(first, n), 0)
        for scan in scans.values():
            self.found_missing |= {word.lower() for word, _, _ in scan.missing_found}
        return scans

    def _decided(self, scans: dict[int, Any]) -> dict[int, Reading]:
        """Readings of all columns; what the cells of one leave open, the caller decides, or else the other columns."""
        readings = {i: reading_of(scan) for i, scan in scans.items()}
        marks = {found.decimal for found in readings.values() if found.kind == "number" and found.other is None and _has_mark(found)}
        marks |= {"."} if any(found.kind == "number" and found.other is None and found.is_plain and scans[i].pointed for i, found in readings.items()) else set()
        orders = {found.date_order for found in readings.values() if found.kind == "date" and found.other is None and found.date_order != "ymd"}
        mark = self.options.decimal or (marks.pop() if len(marks) == 1 else None)
        order = self.options.date_order or (orders.pop() if len(orders) == 1 else None)
        for i, found in readings.items():
            self._say_mixed(i, found, scans[i])
            if found.other is not None:
                chosen = found.other if (found.other.decimal == mark if found.kind == "number" else found.other.date_order == order) else found
                told = self.options.decimal if found.kind == "number" else self.options.date_order
                self._say_open(i, chosen, found.other if chosen is found else found, scans[i], bool(told), (mark if found.kind == "number" else order) is not None)
                readings[i] = replace(chosen, other=None)
            elif self.options.decimal == "," and found.kind == "number" and found.is_plain and scans[i].pointed and scans[i].grouped_points == scans[i].pointed:
                readings[i] = Reading("number", found.n, ",", ".", missing=found.missing, example=found.example)
            elif mark == "," and found.kind == "number" and found.is_plain and scans[i].pointed and scans[i].grouped_points == scans[i].pointed:
                readings[i] = Reading("number", found.n, ",", ".", missing=found.missing, example=found.example)
            self._say_form(i, readings[i], scans[i])
        return readings

    def _say_mixed(self, i: int, found: Reading, scan: Any) -> None:
        if found.kind == "category" and 2 * found.n >= scan.filled > 0:
            words = [word for word, _, _ in sorted(scan.words, key=lambda counted: -counted[1])[:3]]
            example = f" (such as {listing(words)})" if words else ""
            self.notes.append(f"column '{self.data.names[i]}': {found.n} cells are numbers or dates and {scan.filled - found.n} are not{example}: read as categories")
        elif found.missing:
            n = sum(count for word, count, _ in scan.words if word.lower() in found.missing)
            self.notes.append(f"column '{self.data.names[i]}': {listing(found.missing)} ({n} cells) taken as missing among {found.kind}s; {_keep(found.missing)} keeps it as a category")

    def _say_open(self, i: int, chosen: Reading, other: Reading, scan: Any, told: bool, known: bool) -> None:
        if told:
            return
        why = " as in the other columns" if known else ""
        if chosen.kind == "date":
            names = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
            self.notes.append(f"column '{self.data.names[i]}': dates such as '{chosen.example}' are read {names[chosen.date_order]}{why}, and could be {names[other.date_order]}: "
                              f"--date-format {other.date_order} (date_format='{other.date_order}') reads them so")  # fmt: skip
        elif chosen.thousands or not chosen.is_plain or scan.integers:
            names = {".": "decimal point", ",": "decimal comma"}
            example = f" such as '{chosen.example}'" if chosen.example else ""
            self.notes.append(f"column '{self.data.names[i]}': numbers{example} are read with a {names[chosen.decimal]}{why}, and could have a {names[other.decimal]}: "
                              f"--decimal {other.decimal} (decimal='{other.decimal}') reads them so")  # fmt: skip

    def _say_form(self, i: int, found: Reading, scan: Any) -> None:
        among = sorted((-n, word) for word, n, _ in scan.among_found)
        if found.kind != "category" and among:
            said = ", ".join(f"'{word}' ({-n})" for n, word in among)
            self.notes.append(f"column '{self.data.names[i]}': {said} taken as missing")
        if found.kind == "number" and not found.is_plain:
            marks = {".": "decimal point", ",": "decimal comma"}[found.decimal]
            apart = {"": "", ".": ", points between thousands", ",": ", commas between thousands", " ": ", spaces between thousands", "'": ", apostrophes between thousands",
                     "_": ", underscores between thousands"}[found.thousands]  # fmt: skip
            affix = f", without '{found.prefix or found.suffix}'" if not (found.prefix and found.suffix) and (found.prefix or found.suffix) else f", without '{found.prefix}' and '{found.suffix}'" if found.prefix else ""
            self.notes.append(f"column '{self.data.names[i]}': read as numbers ({marks}{apart}{affix})")
        elif found.kind == "date" and found.date_order != "ymd":
            self.notes.append(f"column '{self.data.names[i]}': read as dates, {'day' if found.date_order == 'dmy' else 'month'} first")

    # ---- columns

    def _column(self, i: int, reading: Reading | None) -> Column | None:
        name, kind = self.data.names[i], self.data.kinds[i]
        if name in self.data.nested:
            self.notes.append(f"column '{name}' is left out: it holds objects or lists")
            return None
        if reading is not None:
            return self._text_column(i, reading)
        if kind in ("number", "integer"):
            return self._numbers(i, Column(name, "number"))
        if kind == "boolean":
            return self._numbers(i, Column(name, "boolean"))
        if kind == "date":
            return self._dates(i, Column(name, "date"))
        if kind == "category":
            return self._category(i, declared=True)
        self.notes.append(f"column '{name}' is left out: its type is {kind}")
        return None

    def _text_column(self, i: int, reading: Reading) -> Column | None:
        name = self.data.names[i]
        if reading.kind == "category":
            return self._category(i)
        column = Column(name, reading.kind, decimal=reading.decimal, thousands=reading.thousands, prefix=reading.prefix, suffix=reading.suffix, date_order=reading.date_order, missing=reading.missing)
        return self._numbers(i, column) if reading.kind == "number" else self._dates(i, column) if reading.kind == "date" else column

    def _values(self, i: int, column: Column) -> NDArray[np.float64]:
        """The kept cells of a column as float64: numbers, or seconds of dates; NaN where missing or bad."""
        converter = Converter(Schema((column,), None, *self.words), self.words)
        parts: list[NDArray[np.float64]] = []
        typed: dict[str, Count] = {}
        for first, n, (cells,) in self.data.batches([i]):
            keep = self._part(first, n)
            if isinstance(cells, Numbers):
                values = cells.values.astype(np.float64)
                self._mark_missing(values, cells)
            elif isinstance(cells, Instants):
                values = cells.micros / 1e6
                if cells.missing is not None:
                    values[cells.missing.astype(bool)] = np.nan
            else:
                values = converter.values(0, cells, first, keep)
            beyond = np.abs(values) > FLOAT32_MAX if keep is None else (np.abs(values) > FLOAT32_MAX) & keep.astype(bool)
            for row in np.flatnonzero(beyond):
                count = typed.setdefault(str(values[row]), Count(0, first + int(row)))
                count.n += 1
            values[beyond] = np.nan
            parts.append(values if keep is None else values[keep.astype(bool)])
        if typed:
            self.bad.append(Bad(column.name, "a finite number", typed, typed=True))
        if bad := converter.tally(0).bad:
            self.bad.append(Bad(column.name, f"a {column.kind}", bad))
        return np.concatenate(parts) if parts else np.empty(0)

    def _mark_missing(self, values: NDArray[np.float64], cells: Numbers) -> None:
        if cells.missing is not None:
            values[cells.missing.astype(bool)] = np.nan
        for number in missing_numbers(self.words[0]):
            found = values == number
            if found.any():
                self.found_missing |= {word for word in self.words[0] if missing_numbers([word]) == [number]}
            values[found] = np.nan

    def _numbers(self, i: int, column: Column) -> Column | None:
        values = self._values(i, column)
        filled = values[~np.isnan(values)]
        if not len(filled):
            self.notes.append(f"column '{column.name}' is empty")
            return Column(column.name, "number")
        if column.kind == "boolean":
            return column
        column = column if np.abs(filled).max() <= FLOAT32_EXACT else replace(column, centre=_median(filled))
        reason = None if self.options.keep_numbers or column.name in self.options.keep_columns else number_identifier(column.name, values)
        if reason:
            self.notes.append(f"column '{column.name}' is left out: {reason}; --keep-column '{column.name}' keeps it")
            self.identifiers[column.name] = column
            return None
        return column

    def _dates(self, i: int, column: Column) -> Column:
        values = self._values(i, column)
        filled = values[~np.isnan(values)]
        if not len(filled):
            self.notes.append(f"column '{column.name}' is empty")
            return Column(column.name, "number")
        return replace(column, centre=float(round(_median(filled))))

    def _category(self, i: int, declared: bool = False) -> Column | None:
        name = self.data.names[i]
        counts, n_distinct = self._counted(i)
        filled = sum(counts.values())
        if not filled:
            self.notes.append(f"column '{name}' is empty")
            return Column(name, "number")
        reason = None if declared or name in self.options.keep_columns else text_left_out(counts, filled)
        if reason:
            self.notes.append(f"column '{name}' is left out: {reason}")
            return None
        frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_CATEGORIES]
        if n_distinct > MAX_CATEGORIES:
            others = filled - sum(n for _, n in frequent)
            self.notes.append(f"column '{name}' has {n_distinct} categories: the {MAX_CATEGORIES} most frequent are kept, the rest ({others} rows) count as 'other'")
        return Column(name, "category", categories=tuple(sorted(word for word, _ in frequent)), has_other=n_distinct > MAX_CATEGORIES)

    def _counted(self, i: int) -> tuple[dict[str, int], int]:
        """The words of a column and how often they come."""
        missing = _native.MissingWords(list(self.words[0]))
        words = _native.Words(missing, MOST_WORDS)
        counts: dict[str, int] = {}
        for first, n, (cells,) in self.data.batches([i]):
            keep = self._part(first, n)
            if isinstance(cells, Codes):
                times = np.bincount((cells.codes if keep is None else cells.codes[keep.astype(bool)]) + 1, minlength=len(cells.words) + 1)[1:]
                for word, n_times in zip(cells.words, times.tolist(), strict=True):
                    if n_times and missing.find(word) < 0:
                        counts[word.strip(" \t\r")] = counts.get(word.strip(" \t\r"), 0) + n_times
            else:
                _native.count_words(words, cells, keep)
        counts |= {word: n for word, n, _ in words.words}
        return counts, len(counts) + words.others


def _has_mark(found: Reading) -> bool:
    return found.decimal == "," or bool(found.thousands)


def _keep(words: Sequence[str]) -> str:
    return " ".join(f"--keep-words '{word}'" for word in words)


def _median(values: NDArray[np.float64]) -> float:
    """Between the two middle values where their number is even."""
    middle = (len(values) - 1) // 2
    found = np.partition(values, [middle, middle + 1 - len(values) % 2])
    low, high = found[middle], found[middle + 1 - len(values) % 2]
    return float(low + (high - low) * 0.5)


