"""Tables of SQLite's files, through Python's module."""

import csv
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError
from normexp.tables.sources._database import Database

__all__ = ["SQLITE", "from_sqlite", "tables_of_sqlite"]

SQLITE = b"SQLite format 3\0"
ROWS_AT_ONCE, MOST_BYTES = 10_000, 16 << 30


def tables_of_sqlite(path: Path) -> list[str]:
    """The names of all tables and views."""
    with closing(_connected(str(path))) as connection:
        return _tables(connection, str(path))


def from_sqlite(path: str, table: str, encoding: str | None) -> Database:
    """By way of a text file in our own folder: a table may be larger than memory."""
    label = f"{path}::{table}"
    with closing(_connected(path, encoding)) as connection:
        tables = _tables(connection, path)
        name = table if table in tables else table.removeprefix("main.")
        if name not in tables:
            raise DataError(f"expected a table of {path}, got '{table}'; it has {listing(tables) if tables else 'none'}{did_you_mean(table, tables)}")
        database = Database(label)
        try:
            names, seen = _rows(connection, name, Path(database.folder.path, "rows"), label)
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


def _connected(path: str, encoding: str | None = None) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(Path(path).resolve()))}?mode=ro", uri=True)
    connection.text_factory = lambda data: data.decode(encoding or "utf-8", "surrogateescape")  # bytes that are not are found when they are written
    return connection


def _tables(connection: sqlite3.Connection, path: str) -> list[str]:
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        return [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name")]
    except sqlite3.Error as error:
        raise DataError(f"expected an SQLite file that reads, got one that does not ({path}): {error}") from error


def _rows(connection: sqlite3.Connection, table: str, target: Path, label: str) -> tuple[list[str], list[set[type]]]:
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
