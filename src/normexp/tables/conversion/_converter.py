"""Cells to float32 by a frozen schema, and a tally of what was not as expected."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp.tables._schema import Schema
from normexp.tables._words import folded, missing_numbers
from normexp.tables.conversion._rules import rule_of, rules_of
from normexp.tables.conversion._tally import Count, Tally
from normexp.tables.sources import Cells, Codes, Instants, Numbers, text_of_instants, text_of_numbers

__all__ = ["FLOAT32_MAX", "Converter"]

FLOAT32_MAX = 3.4e38
MANY = 1_000  # words a tally keeps


class Converter:
    """Converts the columns of a schema; what it meets is counted over all calls."""

    def __init__(self, schema: Schema, words: tuple[tuple[str, ...], tuple[str, ...]], match_case: bool = True) -> None:
        self.schema, self.match_case = schema, match_case
        self.anywhere, self.among = words
        own = words == (schema.missing, schema.missing_among_numbers)
        self.rules = list(rules_of(schema)) if own else [rule_of(column, *words) for column in schema.columns]
        self.numbers_missing = missing_numbers(self.anywhere)
        self._native: dict[int, Any] = {}
        self._more: dict[int, Tally] = {}
        self._aliases: dict[int, dict[str, int]] = {}
        self.places = np.cumsum([0, *(5 if column.kind == "date" else 1 for column in schema.columns)]).tolist()

    @property
    def width(self) -> int:
        return int(self.places[-1])

    def convert(self, columns: Sequence[int], cells: Sequence[Cells], first: int, out: NDArray[np.float32], keep: NDArray[np.uint8] | None = None, n_threads: int = 0) -> None:
        """Cells of some of the schema's columns, rows from `first` on, into their places in `out`, shape (n, width); rows without `keep` are not looked at."""
        text: list[tuple[int, Cells]] = []
        for i, column in zip(columns, cells, strict=True):
            if isinstance(column, (Numbers, Instants, Codes)):
                self._convert_typed(i, column, first, out[:, self.places[i] : self.places[i + 1]], keep)
            else:
                text.append((i, column))
        if text:
            self._convert_text(text, first, out, keep, n_threads)

    def _convert_text(self, text: list[tuple[int, Cells]], first: int, out: NDArray[np.float32], keep: NDArray[np.uint8] | None, n_threads: int) -> None:
        for i, cells in text:
            if not self.match_case and self.schema.columns[i].kind == "category":
                self._find_aliases(i, cells)
            if i not in self._native:
                self._native[i] = _native.Tally()
            self._native[i].rows = first
        columns = [i for i, _ in text]
        rules, tallies, places = ([kept[i] for i in columns] for kept in (self.rules, self._native, self.places))
        _native.convert_columns(rules, tallies, [cells for _, cells in text], keep, out, places, n_threads)

    def _find_aliases(self, i: int, cells: Cells) -> None:
        """Words that differ from a category in case and spaces alone take its code."""
        column = self.schema.columns[i]
        words = _native.Words(_native.MissingWords(list(self.anywhere)), 1 << 20)
        _native.count_words(words, cells, None)
        by_folded = {folded(word): code for code, word in reversed(list(enumerate(column.categories)))}
        known = {*column.categories, *self._aliases.get(i, {})}
        new = {word: by_folded[folded(word)] for word, _, _ in words.words if word not in known and folded(word) in by_folded}
        if new:
            self._aliases[i] = {**self._aliases.get(i, {}), **new}
            self.rules[i] = rule_of(column, self.anywhere, self.among, self._aliases[i])

    def _convert_typed(self, i: int, cells: Numbers | Instants | Codes, first: int, out: NDArray[np.float32], keep: NDArray[np.uint8] | None) -> None:
        column = self.schema.columns[i]
        if isinstance(cells, Codes):
            self._convert_codes(i, cells, first, out, keep)
        elif isinstance(cells, Instants):
            if column.kind == "date":
                _native.calendar_columns(np.ascontiguousarray(cells.micros), cells.missing, column.centre, out)
            else:
                self._convert_codes(i, text_of_instants(cells), first, out, keep)
        elif column.kind == "number":
            self._convert_numbers(i, cells, first, out[:, 0], keep)
        elif column.kind == "boolean" and cells.values.dtype.kind == "b":
            out[:, 0] = cells.values
            if cells.missing is not None:
                out[cells.missing.astype(bool), 0] = np.nan
        else:
            self._convert_codes(i, text_of_numbers(cells), first, out, keep)

    def _convert_numbers(self, i: int, cells: Numbers, first: int, out: NDArray[np.float32], keep: NDArray[np.uint8] | None) -> None:
        values = cells.values.astype(np.float64)
        gone = np.isnan(values) if cells.values.dtype.kind == "f" else np.zeros(len(values), bool)
        if cells.missing is not None:
            gone |= cells.missing.astype(bool)
        for number in self.numbers_missing if cells.values.dtype.kind != "b" else ():
            gone |= values == number
        beyond = ~gone & (np.abs(values) > FLOAT32_MAX)
        if beyond.any():
            for row in np.flatnonzero(beyond if keep is None else beyond & keep.astype(bool)).tolist():
                self._add(self._tally(i).bad, str(cells.values[row]), 1, first + row)
        values[gone | beyond] = np.nan
        if centre := self.schema.columns[i].centre:
            values = np.clip(values - centre, -FLOAT32_MAX, FLOAT32_MAX)  # a difference may leave float32
        out[:] = values

    def _convert_codes(self, i: int, cells: Codes, first: int, out: NDArray[np.float32], keep: NDArray[np.uint8] | None) -> None:
        """Each distinct word once, then by its place."""
        used = np.unique(cells.codes if keep is None else cells.codes[keep.astype(bool)])
        used = used[used >= 0]
        if not len(used):
            out[:] = np.nan
            return
        table = np.full((len(cells.words) + 1, out.shape[1]), np.nan, np.float32)
        words = [cells.words[code] for code in used.tolist()]
        alone, tally = np.empty((len(words), out.shape[1]), np.float32), _native.Tally()
        if not self.match_case and self.schema.columns[i].kind == "category":
            self._find_aliases(i, words)
        _native.convert_columns([self.rules[i]], [tally], [words], None, alone, [0], 1)
        table[used] = alone
        out[:] = table[cells.codes]
        mine = self._tally(i)
        for found, kept in ((tally.bad, mine.bad), (tally.unseen, mine.unseen), (tally.taken, mine.taken)):
            for _, _, place in found:
                rows = np.flatnonzero((cells.codes == used[place]) if keep is None else (cells.codes == used[place]) & keep.astype(bool))
                self._add(kept, words[place], len(rows), first + int(rows[0]))

    @staticmethod
    def _add(counts: dict[str, Count], word: str, n: int, row: int) -> None:
        if word in counts:
            counts[word].n += n
        elif len(counts) < MANY:
            counts[word] = Count(n, row)

    def _tally(self, i: int) -> Tally:
        return self._more.setdefault(i, Tally())

    def tally(self, i: int) -> Tally:
        """What a column's cells have been so far."""
        found = self._tally(i)
        if i not in self._native:
            return found
        merged = Tally(dict(found.bad), dict(found.unseen), dict(found.taken))
        for words, counts in ((self._native[i].bad, merged.bad), (self._native[i].unseen, merged.unseen), (self._native[i].taken, merged.taken)):
            for word, n, row in words:
                counts[word] = Count(n + (counts[word].n if word in counts else 0), min(row, counts[word].first) if word in counts else row)
        return merged

    def doubles(self, i: int, cells: Cells, first: int) -> NDArray[np.float64]:
        """A column of plain numbers in float64, NaN where there is none."""
        if isinstance(cells, Numbers):
            values = cells.values.astype(np.float64)
            if cells.missing is not None:
                values[cells.missing.astype(bool)] = np.nan
            for number in self.numbers_missing if cells.values.dtype.kind != "b" else ():
                values[values == number] = np.nan
            for row in np.flatnonzero(np.isinf(values)).tolist():
                self._add(self._tally(i).bad, str(values[row]), 1, first + row)
            values[np.isinf(values)] = np.nan
            return values
        if isinstance(cells, Instants):
            cells = text_of_instants(cells)
        if isinstance(cells, Codes):
            cells = [cells.words[code] if code >= 0 else None for code in cells.codes.tolist()]
        return self.values(i, cells, first, None)

    def missing_numbers(self, i: int) -> int:
        """How many cells of a text column were numbers that mean missing."""
        return int(self._native[i].missing_numbers) if i in self._native else 0

    def values(self, i: int, cells: Cells, first: int, keep: NDArray[np.uint8] | None) -> NDArray[np.float64]:
        """A text column's numbers before the centre is taken off, or seconds of its dates; NaN where there is none."""
        out = np.empty(len(cells), np.float64)
        tally = self._native.setdefault(i, _native.Tally())
        tally.rows = first
        _native.values_of(self.rules[i], tally, cells, keep, out)
        return out
