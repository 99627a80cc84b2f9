"""The core's rules of a schema's columns: made once for a schema, used for one row and for a billion."""

import threading
from typing import Any

import normexp._native as _native
from normexp.tables._schema import Column, Schema
from normexp.tables._words import missing_numbers

__all__ = ["rule_of", "rules_of"]

KINDS = {"number": 0, "category": 1, "boolean": 2, "date": 3}
ORDERS = {"ymd": 1, "dmy": 2, "mdy": 4, "yymd": 8, "clock": 16}
MOST_KEPT = 16
_lock = threading.Lock()
_kept: dict[int, tuple[Schema, list[Any]]] = {}


def rule_of(column: Column, anywhere: tuple[str, ...], among: tuple[str, ...], aliases: dict[str, int] | None = None) -> Any:
    """The core's rule of a column; `aliases` are further spellings of categories and their codes."""
    words = [*anywhere, *(() if column.kind == "category" else among), *column.missing]
    aliases = aliases or {}
    return _native.column_rule(
        KINDS[column.kind], column.centre, column.decimal, column.thousands, column.prefix, column.suffix, ORDERS[column.date_order],
        [*column.categories, *aliases], column.has_other, words, len(anywhere), missing_numbers(anywhere), list(aliases.values()),
    )  # fmt: skip


def rules_of(schema: Schema) -> list[Any]:
    """The rules of all columns of a schema, kept for the next row."""
    with _lock:
        found = _kept.get(id(schema))
    if found is not None and found[0] is schema:
        return found[1]
    rules = [rule_of(column, schema.missing, schema.missing_among_numbers) for column in schema.columns]
    with _lock:
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[id(schema)] = (schema, rules)
    return rules
