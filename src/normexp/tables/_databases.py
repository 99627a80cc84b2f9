"""Tables of database files: DuckDB's own, and SQLite's through Python's module."""

import csv
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError
from normexp.tables._database import Database

__all__ = ["is_database", "open_table", "without_table"]

SQLITE = b"SQLite format 3\0"
ROWS_AT_ONCE, MOST_BYTES = 10_000, 16 << 30


def is_database(start: bytes) -> bool:
    return start.startswith(SQLITE) or start[8:12] == b"DUCK"


def open_table(path: str, table: str, encoding: str | None = None) -> Database:
    """`FILE::TABLE` or `FILE::SCHEMA.TABLE`."""
    if not Path(path).is_file():
        raise DataError(f"expected a DuckDB or SQLite file, got '{path}', which does not exist")
    with Path(path).open("rb") as file:
        start = file.read(64)
    if start.startswith(SQLITE):
        return _from_sqlite(path, table, encoding)
    if start[:4] == b"PK\x03\x04":
        raise DataError(f"expected a DuckDB or SQLite file, got an Excel workbook or a zip archive ({path}); save the sheet as 'CSV UTF-8'")
    if not is_database(start):
        raise DataError(f"expected a DuckDB or SQLite file before ::, got another one ({path})")
    return _from_duckdb(path, table)


def without_table(path: Path, start: bytes) -> DataError:
    """What to say of a database file whose table is not named."""
    if start.startswith(SQLITE):
        with closing(_sqlite(str(path))) as connection:
            tables = _sqlite_tables(connection, str(path))
    else:
        database = Database(str(path), attach=path)
        try:
            tables = [name for _, _, name in _attached(database)]
        finally:
            database.close()
    example = f": {path}::{tables[0]}" if tables else ""
    return DataError(f"expected a table of {path}, got its file alone; it has {listing(tables) if tables else 'no tables'}; name one{example}")


def _attached(database: Database) -> list[tuple[str, str, str]]:
    """Schema, name and how to call it of every table and view."""
    query = (
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' AND NOT internal UNION ALL "
        "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal"
    )
    return sorted((schema, name, name if schema == "main" else f"{schema}.{name}") for schema, name in database.fetch(query))


def _from_duckdb(path: str, table: str) -> Database:
    database = Database(f"{path}::{table}", attach=Path(path))
    try:
        found = _attached(database)
        called = [full for _, _, full in found]
        place = next(((schema, name) for schema, name, full in found if full == table or f"{schema}.{name}" == table), None)
        if place is None:
            raise DataError(f"expected a table of {path}, got '{table}'; it has {listing(called) if called else 'none'}{did_you_mean(table, called)}")
        source = ".".join('"' + part.replace('"', '""') + '"' for part in ("source", *place))  # the user's own word, found in the catalogue
        names = [str(row[0]) for row in database.fetch(f"DESCRIBE {source}")]
        columns = ", ".join(f"c{k}" for k in range(len(names)))
        database.execute(f"CREATE TEMP TABLE raw AS SELECT * FROM {source} AS source({columns})")
        database.execute("DETACH source")
        database.parts.append((0, database.label))
        database.described(names)
        return database
    except BaseException:
        database.close()
        raise


def _sqlite(path: str, encoding: str | None = None) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(Path(path).resolve()))}?mode=ro", uri=True)
    connection.text_factory = lambda data: data.decode(encoding or "utf-8", "surrogateescape")  # bytes that are not are found when they are written
    return connection


def _sqlite_tables(connection: sqlite3.Connection, path: str) -> list[str]:
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        return [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name")]
    except sqlite3.Error as error:
        raise DataError(f"expected an SQLite file that reads, got one that does not ({path}): {error}") from error


def _from_sqlite(path: str, table: str, encoding: str | None) -> Database:
    """By way of a text file in our own folder: a table may be larger than memory."""
    label = f"{path}::{table}"
    with closing(_sqlite(path, encoding)) as connection:
        tables = _sqlite_tables(connection, path)
        name = table if table in tables else table.removeprefix("main.")
        if name not in tables:
            raise DataError(f"expected a table of {path}, got '{table}'; it has {listing(tables) if tables else 'none'}{did_you_mean(table, tables)}")
        database = Database(label)
        try:
            names, seen = _sqlite_rows(connection, name, Path(database.folder.path, "rows"), label)
            typed = ", ".join(f"'c{k}': 'VARCHAR'" for k in range(len(names)))
            form = f"auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', new_line = '\\n', columns = {{{typed}}}"
            selected = ", ".join(f"c{k}{'::HUGEINT' if types == {int} else '::DOUBLE' if types and types <= {int, float} else ''} AS c{k}" for k, types in enumerate(seen))
            database.execute(f"CREATE TEMP TABLE raw AS SELECT {selected} FROM read_csv({database.own_path(Path(database.folder.path, 'rows'), 0)}, {form})")
            Path(database.folder.path, "rows").unlink()
            database.parts.append((0, label))
            database.described(names)
            for k, types in enumerate(seen):
                if bytes in types:
                    database.kinds[k] = "BLOB"
            return database
        except BaseException:
            database.close()
            raise


def _sqlite_rows(connection: sqlite3.Connection, table: str, target: Path, label: str) -> tuple[list[str], list[set[type]]]:
    """All rows as CSV, each cell as its text, up to a limit; returns the names, and what types there are in each column."""
    most, n = shutil.disk_usage(target.parent).free // 2, 0
    try:
        rows = connection.execute('SELECT * FROM "' + table.replace('"', '""') + '"')  # the user's own word, found in the catalogue
        names = [column[0] for column in rows.description]
        seen: list[set[type]] = [set() for _ in names]
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            while some := rows.fetchmany(ROWS_AT_ONCE):
                for row in some:
                    for types, cell in zip(seen, row, strict=True):
                        if cell is not None:
                            types.add(type(cell))
                    writer.writerow([None if isinstance(cell, bytes) else cell for cell in row])
                n += len(some)
                if file.tell() > min(MOST_BYTES, most):
                    raise DataError(f"expected at most {min(MOST_BYTES, most) / 2**30:.1f} GiB, got more ({label}); write it to a Parquet or CSV file first")
        return names, seen
    except UnicodeEncodeError as error:
        raise DataError(f"expected text in UTF-8, got other bytes ({label}, near row {n + 1}); mend it, or say what it is with --encoding cp1252 (encoding='cp1252')") from error
    except sqlite3.Error as error:
        raise DataError(f"expected a table that SQLite reads, got one that it does not ({label}): {error}") from error
