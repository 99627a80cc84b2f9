"""Files that hold one file: zip archives, and Parquet that was gzipped all the same."""

import zipfile
from pathlib import Path

from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables.sources._database import Database
from normexp.tables.sources.files._bytes import copied, opened, start_of
from normexp.tables.sources.files._kinds import EXCEL, EXCEL_ENDINGS, kind_of_file

__all__ = ["unpacked"]


def unpacked(database: Database, path: Path, i: int, label: str) -> Path:
    """The one file of a zip archive, in our own folder; other files as they are."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x05\x06":
        raise DataError(f"expected a zip archive with one table, got an empty one ({label})")
    if start[:2] == b"\x1f\x8b" and kind_of_file(path, start_of(path, 512, label), label) == "parquet":
        copy = Path(database.folder.path, f"unpacked{i}.parquet")
        with opened(path) as source:
            copied(source, copy, label)
        return copy
    if start != b"PK\x03\x04" or path.suffix.lower() in EXCEL_ENDINGS:
        return path
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist() if not (entry.is_dir() or entry.filename.startswith("__MACOSX/") or Path(entry.filename).name.startswith("."))]
            if "[Content_Types].xml" in names:
                raise DataError(EXCEL.format(label))
            if len(names) != 1:
                raise DataError(f"expected one file in the archive, got {len(names)}: {listing(names, 4)} ({label}); unpack it first")
            copy = Path(database.folder.path, f"unpacked{i}" + Path(names[0]).suffix.replace("/", ""))
            with archive.open(names[0]) as source:
                copied(source, copy, f"{label}, {names[0]}")
            return copy
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise DataError(f"expected a zip archive with one table, got one that does not unpack ({label}): {error}") from error
