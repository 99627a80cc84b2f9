"""JSON: a line an object, or an array of objects. Keys are looked up as they are written, values come as their text."""

from pathlib import Path

from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables.sources._database import Database
from normexp.tables.sources.files._bytes import HEAD, is_gzipped, start_of
from normexp.tables.sources.files._cleaning import PLAIN, cleaned, needs_copy

__all__ = ["clean_json", "load_json"]

KEYS_A_QUERY = 256
CASTS = {"integer": "::HUGEINT", "number": "::DOUBLE"}  # a number of JSON is one, whatever the marks of other columns
KINDS = {"VARCHAR": "text", "ARRAY": "an array", "BOOLEAN": "a boolean", "NULL": "null"}


def clean_json(database: Database, path: Path, i: int, label: str, encoding: str | None) -> Path:
    """As UTF-8 without a mark in front."""
    start = start_of(path, HEAD)
    found = PLAIN if start.startswith(b"\xef\xbb\xbf") else needs_copy(start, encoding)
    return path if found is None or (found == PLAIN and not start.startswith(b"\xef\xbb\xbf")) else cleaned(database, path, found, label, i)


def load_json(database: Database, path: Path, label: str, i: int) -> list[str]:
    """Objects of a file into `raw`, a column a key in the order of their first appearance; returns the keys."""
    packed = "gzip" if is_gzipped(path) else "none"
    source = f"read_json_objects({database.own_path(path, i)}, format = 'auto', compression = '{packed}', maximum_object_size = 67108864)"
    database.execute(f"CREATE OR REPLACE TEMP TABLE objects AS SELECT json FROM {source}")
    wrong = database.fetch("SELECT rowid, json_type(json) FROM objects WHERE json_type(json) <> 'OBJECT' OR json IS NULL ORDER BY rowid LIMIT 1")
    if wrong:
        row, found = wrong[0]
        came = "nothing" if found is None else KINDS.get(found, "a number")
        raise DataError(f"expected JSON objects, got {came} ({label}, row {row + 1}); write one object a line, or an array of objects")
    keys = [row[0] for row in database.fetch("SELECT key FROM (SELECT unnest(json_keys(json)) AS key, rowid AS row FROM objects) GROUP BY key ORDER BY min(row), key")]
    keys = _in_order(database, keys)
    if not keys:
        raise DataError(f"expected JSON objects with keys, got none ({label})")
    kinds = _kinds(database, keys)
    nested = [key for key, kind in zip(keys, kinds, strict=True) if kind == "nested"]
    if len(nested) == len(keys) and database.fetch("SELECT count(*) FROM objects")[0][0] == 1:
        raise DataError(f"expected a JSON object a row, got one object whose values are objects or arrays, {listing(nested)} ({label}); "
                        "write one object a line: frame.to_json(path, orient='records', lines=True)")  # fmt: skip
    if nested:
        database.nested = list(dict.fromkeys([*database.nested, *nested]))
    if i and len(database.fetch("DESCRIBE raw")) != len(keys):
        return keys
    selected = ", ".join(f"found[{k + 1}]{CASTS.get(kind, '')} AS c{k}" for k, kind in enumerate(kinds))
    query = f"SELECT {selected} FROM (SELECT json_extract_string(json, ?) AS found FROM objects ORDER BY objects.rowid)"
    database.execute(f"CREATE OR REPLACE TEMP TABLE piece AS {query}", [[_pointer(key) for key in keys]])
    database.execute("DROP TABLE objects")
    database.insert("SELECT * FROM piece", len(keys), i)
    database.execute("DROP TABLE piece")
    return keys


def _pointer(key: str) -> str:
    """A key as JSON Pointer (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _in_order(database: Database, keys: list[str]) -> list[str]:
    """Keys as the first objects have them, then those that come later."""
    found: dict[str, None] = {}
    for (first,) in database.fetch("SELECT json_keys(json) FROM objects ORDER BY rowid LIMIT 100"):
        found |= dict.fromkeys(first)
    return list(found | dict.fromkeys(keys))


def _kinds(database: Database, keys: list[str]) -> list[str]:
    """What each key holds: "nested" where there is an object or an array, "integer" or "number" where all are, else text."""
    found: list[str] = []
    for first in range(0, len(keys), KEYS_A_QUERY):
        some = keys[first : first + KEYS_A_QUERY]
        counts = ", ".join(
            f"coalesce(bool_or(types[{k}] IN ('OBJECT', 'ARRAY')), false), coalesce(bool_and(types[{k}] IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')) "
            f"FILTER (types[{k}] <> 'NULL'), false), coalesce(bool_or(types[{k}] = 'DOUBLE'), false)" for k in range(1, len(some) + 1)
        )  # fmt: skip
        row = database.fetch(f"SELECT {counts} FROM (SELECT json_type(json, ?) AS types FROM objects)", [[_pointer(key) for key in some]])[0]
        for nested, numbers, fractions in zip(row[::3], row[1::3], row[2::3], strict=True):
            found.append("nested" if nested else "text" if not numbers else "number" if fractions else "integer")
    return found
