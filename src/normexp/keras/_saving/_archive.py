"""The outside of a `.keras` file: a zip archive of three members, read within limits, and JSON of finite numbers."""

import json
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from normexp.errors import ModelFileError

__all__ = ["CONFIG", "METADATA", "WEIGHTS", "json_object", "members", "refused", "the_files_fault"]

METADATA, CONFIG, WEIGHTS = ("metadata.json", "config.json", "model.weights.h5")
MAX_ENTRIES = 100
MAX_BYTES, MAX_TEXT_BYTES, MAX_EXPANSION = 2 << 30, 2 << 20, 100  # JSON takes some 60 times its text in memory


def members(where: str) -> dict[str, bytearray]:
    """The three members, none of them larger than the limits say."""
    if not os.path.isfile(where):
        raise refused("a .keras file", "a path where there is none", where, "save a model there first")
    try:
        with zipfile.ZipFile(where) as archive:
            entries = archive.infolist()
            _check_entries(entries, where)
            by_name = {entry.filename: entry for entry in entries}
            if missing := [name for name in (METADATA, CONFIG, WEIGHTS) if name not in by_name]:
                raise refused("an archive with metadata.json, config.json and model.weights.h5", f"one without {' and '.join(missing)}", where)
            budget = min(MAX_BYTES, MAX_EXPANSION * Path(where).stat().st_size)  # held against what comes out: sizes in headers are only claims
            found = {name: bytearray() for name in (METADATA, CONFIG, WEIGHTS)}
            for name, data in found.items():
                with archive.open(by_name[name]) as file:
                    while chunk := file.read(1 << 20):
                        data += chunk
                        if (budget := budget - len(chunk)) < 0 or (name != WEIGHTS and len(data) > MAX_TEXT_BYTES):
                            raise refused(f"at most {MAX_BYTES} bytes, {MAX_EXPANSION} times the file, and {MAX_TEXT_BYTES} of text", f"more in {name}", where)
            return found
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, UnicodeDecodeError) as error:
        raise refused("a .keras file (a zip archive)", f"one that does not read as such: {error}", where) from error


def _check_entries(entries: list[zipfile.ZipInfo], where: str) -> None:
    if len(entries) > MAX_ENTRIES:
        raise refused(f"an archive of at most {MAX_ENTRIES} entries", f"{len(entries)}", where)
    if len({entry.filename for entry in entries}) < len(entries):
        raise refused("an archive with each member once", "one with a name twice", where)
    for entry in entries:
        name = entry.orig_filename
        if name.startswith("/") or re.search(r"^[A-Za-z]:|\\|\0|(^|/)\.\.(/|$)", name):
            raise refused("members with paths inside the archive", f"{name!r}", where)
        if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refused("members stored plainly or deflated", f"{name!r}, which is encrypted or compressed otherwise", where)
        if entry.file_size > MAX_EXPANSION * max(entry.compress_size, 1):
            raise refused(f"members of at most {MAX_EXPANSION} times their compressed size", f"{name!r} with {entry.file_size} bytes", where)
    if (total := sum(entry.file_size for entry in entries)) > MAX_BYTES:
        raise refused(f"an archive of at most {MAX_BYTES} bytes uncompressed", f"{total}", where)


def json_object(data: bytearray, name: str, where: str) -> dict[str, Any]:
    """An object of JSON without NaN and infinity."""
    if len(data) > MAX_TEXT_BYTES:
        raise refused(f"at most {MAX_TEXT_BYTES} bytes of text", f"{len(data)} in {name}", where)
    try:
        value = json.loads(data.decode(), parse_constant=_finite, parse_float=_finite)
        if not isinstance(value, dict):
            raise ValueError(f"a {type(value).__name__} at the top")
    except (ValueError, RecursionError) as error:
        raise refused(f"a JSON object of finite numbers in {name}", f"text that does not read as such: {error}", where) from error
    return value


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} is not finite")
    return number


def refused(expected: str, got: str, where: str, advice: str = "save the model again") -> ModelFileError:
    """The error of a file; what it holds is shown in part."""
    return ModelFileError(f"expected {expected}, got {got:.500} ({where}); {advice}")


@contextmanager
def the_files_fault(where: str, what: str) -> Iterator[None]:
    """Whatever a damaged file brings about is the file's fault, not ours; only a missing package is neither's."""
    try:
        yield
    except (ModelFileError, ImportError):
        raise
    except Exception as error:
        raise refused(what, f"one that does not read as such: {error!r:.300}", where) from error
