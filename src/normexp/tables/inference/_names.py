"""Names for columns that have none, and an index that somebody's export left in front."""


import numpy as np

import normexp._native as _native
from normexp.tables._schema import Column, Schema
from normexp.tables.conversion import Converter
from normexp.tables.inference._identifiers import is_index
from normexp.tables.sources import Numbers, Rows

__all__ = ["named"]

MOST_WORDS = 1 << 22


def named(data: Rows, keep: tuple[str, ...]) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """The names of all columns; notes on those without a name that are left out (empty ones, and those that count the rows), and on those that are called something."""
    names = list(data.names)
    left_out: dict[str, str] = {}
    called: dict[str, str] = {}
    for i, name in enumerate(names):
        if name:
            continue
        names[i] = _free(f"column {i + 1}", names)
        if names[i] in keep:
            continue
        nothing, counts, distinct = _looked_at(data, i)
        place = f"a column without a name, the {_ordinal(i + 1)},"
        if nothing:
            left_out[names[i]] = f"{place} is left out: it is empty"
        elif counts or (i == 0 and distinct):  # in front, names of the rows
            left_out[names[i]] = f"{place} is left out: it {'counts' if counts else 'names'} the rows; --keep-column '{names[i]}' keeps it"
        else:
            called[names[i]] = f"{place} is called '{names[i]}'"
    return names, left_out, called


def _looked_at(data: Rows, i: int) -> tuple[bool, bool, bool]:
    """Is the column empty; does it count the rows; is it another whole number or word in every row?"""
    converter = Converter(Schema((Column("", "number"),)), (Schema(()).missing, ()))
    words = _native.Words(_native.MissingWords(list(Schema(()).missing)), MOST_WORDS)
    parts = []
    for first, n, (cells,) in data.batches([i]):
        if isinstance(cells, Numbers):
            parts.append(np.where(cells.missing.astype(bool), np.nan, cells.values) if cells.missing is not None else cells.values.astype(np.float64))
        elif isinstance(cells, (list, _native.TextColumn)):
            parts.append(converter.values(0, cells, first, None))
            _native.count_words(words, cells, None)
        else:
            parts.append(np.full(n, np.inf))
    values = np.concatenate(parts) if parts else np.empty(0)
    if words.n:
        is_text, distinct = bool(converter.tally(0).bad), len(words.words) == words.n == len(values) and not words.others
    else:
        is_text, distinct = False, bool(np.isfinite(values).all()) and len(np.unique(values)) == len(values)
    whole = is_text or bool((values == np.floor(values)).all())
    return not is_text and bool(np.isnan(values).all()), not is_text and is_index(values), distinct and whole and len(values) > 1


def _free(name: str, names: list[str]) -> str:
    while name in names:
        name += "_"
    return name


def _ordinal(n: int) -> str:
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"
