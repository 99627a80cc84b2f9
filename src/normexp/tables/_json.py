"""JSON: a line an object, or an array of objects. Keys are looked up as they are written, values come as their text."""

from pathlib import Path

from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables._database import Database
from normexp.tables._delimited import is_gzipped
from normexp.tables._options import Options

__all__ = ["load"]

KEYS_A_QUERY = 256
KINDS = {"VARCHAR": "text", "ARRAY": "an array", "BOOLEAN": "a boolean", "NULL": "null"}


def load(database: Database, path: Path, label: str, i: int, _options: Options) -> list[str]:
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
    nested = _nested(database, keys)
    if len(nested) == len(keys) and database.fetch("SELECT count(*) FROM objects")[0][0] == 1:
        raise DataError(f"expected a JSON object a row, got one object whose values are objects or arrays, {listing(nested)} ({label}); "
                        "write one object a line: frame.to_json(path, orient='records', lines=True)")  # fmt: skip
    if nested:
        database.nested = list(dict.fromkeys([*database.nested, *nested]))
    if i and len(database.fetch("DESCRIBE raw")) != len(keys):
        return keys
    selected = ", ".join(f"found[{k + 1}] AS c{k}" for k in range(len(keys)))
    query = f"SELECT {selected} FROM (SELECT json_extract_string(json, ?) AS found FROM objects ORDER BY objects.rowid)"
    database.execute(f"{'INSERT INTO raw' if i else 'CREATE TEMP TABLE raw AS'} {query}", [[pointer(key) for key in keys]])
    database.execute("DROP TABLE objects")
    return keys


def pointer(key: str) -> str:
    """A key as JSON Pointer (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _in_order(database: Database, keys: list[str]) -> list[str]:
    """Keys as the first objects have them, then those that come later."""
    found: dict[str, None] = {}
    for (first,) in database.fetch("SELECT json_keys(json) FROM objects ORDER BY rowid LIMIT 100"):
        found |= dict.fromkeys(first)
    return list(found | dict.fromkeys(keys))


def _nested(database: Database, keys: list[str]) -> list[str]:
    """Keys that hold an object or an array somewhere."""
    found: list[str] = []
    for first in range(0, len(keys), KEYS_A_QUERY):
        some = keys[first : first + KEYS_A_QUERY]
        counts = ", ".join(f"coalesce(bool_or(types[{k + 1}] IN ('OBJECT', 'ARRAY')), false)" for k in range(len(some)))
        row = database.fetch(f"SELECT {counts} FROM (SELECT json_type(json, ?) AS types FROM objects)", [[pointer(key) for key in some]])[0]
        found += [key for key, is_nested in zip(some, row, strict=True) if is_nested]
    return found


