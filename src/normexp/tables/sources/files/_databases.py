"""Tables of database files by FILE::TABLE: DuckDB's own here, SQLite's beside."""

from pathlib import Path

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError
from normexp.tables.sources._database import Database
from normexp.tables.sources.files._sqlite import SQLITE, from_sqlite, tables_of_sqlite

__all__ = ["is_database", "open_table", "without_table"]


def is_database(start: bytes) -> bool:
    return start.startswith(SQLITE) or start[8:12] == b"DUCK"


def open_table(path: str, table: str, encoding: str | None = None) -> Database:
    """`FILE::TABLE` or `FILE::SCHEMA.TABLE`."""
    if not Path(path).is_file():
        raise DataError(f"expected a DuckDB or SQLite file, got '{path}', which does not exist")
    with Path(path).open("rb") as file:
        start = file.read(64)
    if start.startswith(SQLITE):
        return from_sqlite(path, table, encoding)
    if start[:4] == b"PK\x03\x04":
        raise DataError(f"expected a DuckDB or SQLite file, got an Excel workbook or a zip archive ({path}); save the sheet as 'CSV UTF-8'")
    if not is_database(start):
        raise DataError(f"expected a DuckDB or SQLite file before ::, got another one ({path})")
    return _from_duckdb(path, table)


def without_table(path: Path, start: bytes) -> DataError:
    """What to say of a database file whose table is not named."""
    if start.startswith(SQLITE):
        tables = tables_of_sqlite(path)
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
