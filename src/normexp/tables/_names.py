"""Names for columns that have none, and an index that somebody's export left in front."""

from typing import Any

import numpy as np

import normexp._native as _native
from normexp.tables._cells import Numbers
from normexp.tables._convert import Converter
from normexp.tables._identifiers import is_index
from normexp.tables._schema import Column, Schema

__all__ = ["named"]


def named(data: Any, keep: tuple[str, ...]) -> tuple[list[str], dict[str, str], dict[str, str]]:
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
        nothing, counts = _looked_at(data, i)
        if nothing:
            left_out[names[i]] = f"a column without a name, the {ordinal(i + 1)}, is left out: it is empty"
        elif counts:
            left_out[names[i]] = f"a column without a name, the {ordinal(i + 1)}, is left out: it counts the rows; --keep-column '{names[i]}' keeps it"
        else:
            called[names[i]] = f"a column without a name, the {ordinal(i + 1)}, is called '{names[i]}'"
    return names, left_out, called


def _looked_at(data: Any, i: int) -> tuple[bool, bool]:
    """Is the column empty; does it count the rows?"""
    converter = Converter(Schema((Column("", "number"),)), (Schema(()).missing, ()))
    parts = []
    n_bad = 0
    for first, n, (cells,) in data.batches([i]):
        if isinstance(cells, Numbers):
            parts.append(cells.values.astype(np.float64))
        elif isinstance(cells, (list, _native.TextColumn)):
            parts.append(converter.values(0, cells, first, None))
        else:
            n_bad += n
    n_bad += len(converter.tally(0).bad)
    values = np.concatenate(parts) if parts else np.empty(0)
    return not n_bad and bool(np.isnan(values).all()), not n_bad and is_index(values)


def _free(name: str, names: list[str]) -> str:
    while name in names:
        name += "_"
    return name


def ordinal(n: int) -> str:
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"
