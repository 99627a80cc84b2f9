"""What each column is, decided once on all its cells; the decision is the schema."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import normexp._native as _native
from normexp.tables._options import Options
from normexp.tables._schema import Column, Kind
from normexp.tables._words import met, missing_numbers
from normexp.tables.inference._categories import by_words
from normexp.tables.inference._forms import Reading
from normexp.tables.inference._readings import decided
from normexp.tables.inference._survey import Survey
from normexp.tables.inference._values import FLOAT32_EXACT, by_values
from normexp.tables.sources import Rows

__all__ = ["columns_of", "number_column"]

KINDS: dict[str, Kind] = {"number": "number", "integer": "number", "boolean": "boolean", "date": "date", "category": "category"}


def columns_of(survey: Survey, indices: Sequence[int]) -> list[Column]:
    """The schema of some columns, those that are left out not among them."""
    text = [i for i in indices if survey.data.kinds[i] == "text" and survey.data.names[i] not in survey.data.nested]
    scans = _scanned(survey, text)
    readings = decided(scans, survey.options, survey.say)
    found: dict[int, Column | None] = {}
    counted: list[int] = []
    looked_at: dict[int, Column] = {}
    for i in indices:
        column = _drafted(survey, i, readings.get(i))
        if column is None or (i in scans and _is_settled(survey, column, readings[i], scans[i])):
            found[i] = column
        elif column.kind == "category":
            counted.append(i)
        else:
            looked_at[i] = column
    found |= by_values(survey, looked_at) | by_words(survey, counted, {i: (scans[i], readings[i]) for i in counted if i in scans})
    if not any(column is not None for column in found.values()) and survey.identifiers:  # better than nothing
        found |= survey.identifiers
        for i in survey.identifiers:
            survey.said[i] = [note.replace(" is left out: ", " is all that there is to learn from, though ").split("; --keep-column")[0] for note in survey.said[i]]
    return [column for i in indices if (column := found[i]) is not None]


def _scanned(survey: Survey, text: Sequence[int]) -> dict[int, Any]:
    anywhere, among = _native.MissingWords(list(survey.words[0])), _native.MissingWords(list(survey.words[1]))
    numbers = missing_numbers(survey.words[0])
    scans = {i: _native.Scan(anywhere, among, numbers) for i in text}
    for group in survey.data.groups(text, survey.data.n_rows):
        for first, n, cells in survey.data.batches(group):
            _native.scan_columns([scans[i] for i in group], cells, survey.part(first, n), 0)
    for scan in scans.values():
        survey.found_missing |= met(survey.words[0], (word for word, _, _ in scan.missing_found))
    return scans


def _drafted(survey: Survey, i: int, reading: Reading | None) -> Column | None:
    """The column without what its values say; None if it is left out."""
    name, kind = survey.data.names[i], survey.data.kinds[i]
    if name in survey.data.nested:
        survey.say(i, " is left out: it holds objects or lists")
        return None
    if reading is not None:
        return Column(name, reading.kind, decimal=reading.decimal, thousands=reading.thousands, prefix=reading.prefix, suffix=reading.suffix, date_order=reading.date_order,
                      missing=reading.missing)  # fmt: skip
    if kind in KINDS:
        return Column(name, KINDS[kind])
    survey.say(i, f" is left out: its type is {kind}")
    return None


def _is_settled(survey: Survey, column: Column, reading: Reading, scan: Any) -> bool:
    """Has the scan said all? So it is for booleans and for plain numbers that are neither large nor perhaps identifiers."""
    if column.kind == "boolean":
        return bool(reading.n == scan.filled)
    if column.kind != "number" or not reading.is_plain or not (reading.n == scan.filled == scan.plain) or scan.beyond or not scan.plain:
        return False
    n_rows = scan.rows if survey.keep is None else int(survey.keep.sum())
    may_count = scan.plain == n_rows and scan.greatest - scan.smallest >= 0.9 * n_rows - 1 and not survey.options.keep_numbers
    return max(abs(scan.smallest), abs(scan.greatest)) <= FLOAT32_EXACT and not may_count


def number_column(data: Rows, i: int, options: Options, words: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[Column, list[str]]:
    """A column of numbers by the form that its cells have, plain where they have none; and what is to be said of it."""
    survey = Survey(data, options, words, None)
    reading = decided(_scanned(survey, [i] if data.kinds[i] == "text" else []), options, survey.say).get(i)
    column = Column(data.names[i], "number")
    if reading is None or reading.kind != "number":
        return column, []
    column = replace(column, decimal=reading.decimal, thousands=reading.thousands, prefix=reading.prefix, suffix=reading.suffix)
    return column, survey.notes([i])
