"""A text file in another dress, written anew: UTF-16 and other encodings, line ends of old Macs and mixed ones become UTF-8 with plain line ends."""

import codecs
import io
import re
from pathlib import Path
from typing import IO

from normexp.errors import DataError
from normexp.tables.sources._complaints import not_utf8
from normexp.tables.sources._database import Database
from normexp.tables.sources.files._bytes import CHUNK, HEAD, opened, start_of

__all__ = ["PLAIN", "cleaned", "has_carriage_returns", "has_tabs", "needs_copy"]

BOMS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}  # the longer first
PLAIN = "utf-8-sig"  # what a file is in unless it says otherwise


def needs_copy(start: bytes, encoding: str | None) -> str | None:
    """The encoding to read a file in, where it must be written anew as UTF-8 with plain line ends."""
    if encoding is not None and codecs.lookup(encoding).name not in ("utf-8", "ascii"):
        return encoding
    for mark, name in BOMS.items():
        if start.startswith(mark):
            return name
    lines = start[: start.rfind(b"\n") + 1] or start
    pairs = lines.count(b"\r\n")
    mixed = 0 < pairs < lines.count(b"\n")  # within quotes too: a name on two lines counts as a record otherwise
    return PLAIN if mixed or re.search(rb"\r(?!\n)", re.sub(rb'"[^"]*"', b'""', lines)) else None


def cleaned(database: Database, path: Path, encoding: str, label: str, i: int) -> Path:
    suffix = ".tsv" if has_tabs(path) else ""
    with opened(path) as source:
        return _clean_copy(source, Path(database.folder.path, f"clean{i}{suffix}"), encoding, label)


def _clean_copy(source: IO[bytes], target: Path, encoding: str, label: str) -> Path:
    """The file as UTF-8 with \\n at the end of lines."""
    try:
        with io.TextIOWrapper(source, encoding=encoding, newline=None) as text, target.open("w", encoding="utf-8", newline="\n") as copy:
            while chunk := text.read(CHUNK):
                copy.write(chunk)
    except UnicodeError as error:
        if encoding == PLAIN:
            raise not_utf8(label) from error
        raise DataError(f"expected a file in {encoding}, got bytes that are not ({label}): {error}; name another encoding") from error
    return target


def has_tabs(path: Path) -> bool:
    """By its name, and by its first line, since some are commas all the same."""
    return b"\t" in start_of(path, HEAD).split(b"\n", 1)[0] and path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab"))


def has_carriage_returns(path: Path) -> bool:
    with opened(path) as file:
        while chunk := file.read(CHUNK):
            if b"\r" in chunk:
                return True
    return False
