"""A Parquet file into the database, with what pandas wrote of its columns."""

import json
from collections import Counter
from pathlib import Path

from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables.sources._database import Database

__all__ = ["UNITS", "load_parquet"]

MOST_METADATA = 1 << 24
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # of durations, in a second


def load_parquet(database: Database, path: Path, label: str, i: int) -> list[str]:
    own = database.own_path(path, i)
    names, left = [], 0
    for name, n_children in database.fetch(f"SELECT name, coalesce(num_children, 0) FROM parquet_schema({own})")[1:]:
        if left == 0:
            names.append(str(name))
        left += n_children - (left > 0)
    columns = ", ".join(f"c{k}" for k in range(len(names)))
    if len(set(names)) < len(names):
        raise DataError(f"expected distinct column names, got {listing([name for name, n in Counter(names).items() if n > 1])} ({label}); rename one of each")
    declared, durations = _declared_by_pandas(database, own, names)
    database.declared |= declared
    selected = ", ".join(f"c{k}::DOUBLE / {durations[k]} AS c{k}" if k in durations else f"c{k}" for k in range(len(names)))
    database.insert(f"SELECT {selected} FROM read_parquet({own}, hive_partitioning = false) AS source({columns})", len(names), i)
    return names


def _declared_by_pandas(database: Database, own: str, names: list[str]) -> tuple[set[int], dict[int, int]]:
    """What the file's metadata say of a frame of pandas: columns that were categorical, and durations with their units a second."""
    for (text,) in database.fetch(f"SELECT value FROM parquet_kv_metadata({own}) WHERE key = 'pandas'::BLOB AND octet_length(value) < {MOST_METADATA}"):
        try:
            columns = {column["name"]: (column["pandas_type"], str(column["numpy_type"])) for column in json.loads(text)["columns"] if isinstance(column["name"], str)}
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        known = {i: columns[name] for i, name in enumerate(names) if name in columns}
        units = {i: UNITS.get(numpy_type.removeprefix("timedelta64[").removesuffix("]")) for i, (_, numpy_type) in known.items() if numpy_type.startswith("timedelta64[")}
        return {i for i, (kind, _) in known.items() if kind == "categorical"}, {i: unit for i, unit in units.items() if unit}
    return set(), {}
