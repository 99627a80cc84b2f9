"""What cannot be read, in our grammar: DuckDB's complaints, and text that is not UTF-8."""

import re
from typing import Any

from normexp._system import is_interrupt, system_failure
from normexp.errors import DataError

__all__ = ["explained", "not_utf8"]


class explained:
    """DuckDB's complaints in our grammar: an interrupted query is a KeyboardInterrupt, a lack of memory or of room on the disk what it is."""

    def __init__(self, label: str, folder: str = "") -> None:
        self.label, self.folder = label, folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if error is None or isinstance(error, DataError):
            return
        import duckdb

        if is_interrupt(error):
            raise KeyboardInterrupt from error
        if isinstance(error, (duckdb.Error, RuntimeError)):
            raise system_failure(error, "temporary files") or _complaint(error, self.label, self.folder) from error


def _first_line(error: BaseException | str) -> str:
    return next((part for part in str(error).splitlines() if part.strip()), "no reason given")


def _complaint(error: BaseException, label: str, folder: str) -> Exception:
    """What DuckDB says of a file, which it knows by a link of ours."""
    message = re.sub(re.escape(folder) + r"/[\w.]+", lambda _: label, str(error)) if folder else str(error)
    line = re.search(r"Line: (\d+)", message)
    where = f"{label}, line {line[1]}" if line else label
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if counts:
        hint = "; if lines of a title or a comment stand before the header, remove them" if line and int(line[1]) <= 3 else ""
        return DataError(f"expected {counts[1]} columns in every row, got {counts[2]} ({where}); mend the row, or quote cells that contain the separator{hint}")
    if "not utf-8" in message.lower() or "invalid unicode" in message.lower() or "not valid utf" in message.lower():
        return not_utf8(where)
    if "unterminated quote" in message:
        return DataError(f"expected a closing quote, got none ({where}); mend the row, or if columns are apart by spaces, write them apart by commas")
    if "Malformed JSON" in message:
        return DataError(f"expected JSON that reads, got text that does not ({label}); write one object a line, or an array of objects")
    if "No magic bytes" in message or "not a Parquet file" in message or ("parquet" in message.lower() and "Invalid Input" in message):
        return DataError(f"expected a whole Parquet file, got a damaged one ({label}); write or copy it again")
    if "maximum line size" in message.lower():
        return DataError(f"expected rows of at most 2 MB, got a longer one ({where}); a quote that is never closed looks like that too")
    if "file system operations are disabled" in message:
        return DataError(f"expected a table or a view of the database's own tables, got a view that reads other files ({label}); copy what it shows into a table first")
    return DataError(f"expected a readable table, got an error from its reader ({where}): {_first_line(message)}")


def not_utf8(where: str) -> DataError:
    return DataError(f"expected a UTF-8 file, got other bytes ({where}); name its encoding, for example --encoding cp1252 (encoding='cp1252') for files from Windows")
