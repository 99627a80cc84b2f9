"""Files of one kind into the database: JSON, Parquet and delimited text, one file after the other."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables._options import Options
from normexp.tables.sources._database import Database
from normexp.tables.sources.files._bytes import start_of
from normexp.tables.sources.files._json import clean_json, load_json
from normexp.tables.sources.files._kinds import kind_of_file
from normexp.tables.sources.files._parquet import load_parquet
from normexp.tables.sources.files._text import load_text
from normexp.tables.sources.files._unpacking import unpacked

__all__ = ["load"]


def load(database: Database, paths: list[Path], label: str, options: Options) -> Database:
    """Rows of files of one kind, one file after the other, each under its own name."""
    try:
        named = [label if len(paths) == 1 else str(path) for path in paths]
        paths = [unpacked(database, path, i, name) for i, (path, name) in enumerate(zip(paths, named, strict=True))]
        kind = kind_of_file(paths[0], start_of(paths[0], 512, named[0]), named[0])
        if kind == "database":
            raise DataError(f"expected a text table or Parquet, got a database ({label}); save it to a file and name a table: FILE::TABLE")
        if kind == "arrow":
            raise DataError(f"expected a text table or Parquet, got an Arrow file ({label}); save it to a file first")
        if kind == "json":
            paths = [clean_json(database, path, i, name, options.encoding) for i, (path, name) in enumerate(zip(paths, named, strict=True))]
        loaders: dict[str, Callable[[Database, Path, str, int], list[str]]] = {"parquet": load_parquet, "json": load_json, "text": partial(load_text, options=options)}
        names: list[str] = []
        for i, (path, name) in enumerate(zip(paths, named, strict=True)):
            first = database.fetch("SELECT count(*) FROM raw")[0][0] if i else 0
            found = loaders[kind](database, path, name, i)
            if i and found != names:
                came = "another order" if sorted(found) == sorted(names) else listing(found)
                raise DataError(f"expected the columns of {named[0]} in every file, got {came} ({name}); write all files with the same columns")
            names = found
            database.parts.append((first, name))
            if path.parent == Path(database.folder.path):
                path.unlink()  # a copy, which has been read
        database.described(names)
        return database
    except BaseException:
        database.close()
        raise
