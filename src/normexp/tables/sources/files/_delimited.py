"""The head of a delimited text file: separator, names, how many lines it takes.

Dresses that are taken off: a line `sep=;`, blank lines in front, a separator at the end of lines, row names without a name of their own.
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables.sources._complaints import not_utf8
from normexp.tables.sources.files._cleaning import PLAIN

__all__ = ["Delimited", "delimited"]

SEPARATORS = ",;\t|"
RECORDS = 30


@dataclass(frozen=True)
class Delimited:
    """What DuckDB is told: the separator, the columns' names (some may be empty), records before the data (blank lines are some).

    `looks_headless` is a sentence where the header looks like data; `line_end` is how records end, where DuckDB, which goes by the
    first line end of the file, would take one within quotes for it.
    """

    separator: str
    names: tuple[str, ...]
    skip: int
    looks_headless: str = ""
    line_end: str = ""


def delimited(start: bytes, whole: bool, label: str, tabs: bool, header: bool) -> Delimited:
    """From the first bytes of a UTF-8 file; `whole` says that there are no more."""
    if not start.strip():
        raise DataError(f"expected a table with a header row, got an empty file ({label})")
    text = _decoded(start, whole, label)
    lines = list(io.StringIO(text, newline="\n"))
    skip = next(i for i, line in enumerate(lines) if line.strip())
    separator = None
    if found := re.fullmatch(r"\"?sep=(.)\"?\s*", lines[skip], re.IGNORECASE):
        separator, skip = found[1], skip + 1
        while skip < len(lines) and not lines[skip].strip():
            skip += 1
    body = "".join(lines[skip:])
    separator = separator or ("\t" if tabs else _separator(body))
    records = _records(body, separator)
    if not records:
        raise DataError(f"expected a table with a header row, got no row ({label})")
    if not header:
        return Delimited(separator, tuple(f"x{i}" for i in range(len(records[0]))), skip, line_end=_line_end(text))
    names = _with_rows(records[0], records[1:])
    _check_names(names, label)
    return Delimited(separator, names, skip + 1, _headless(records[0]), _line_end(text))


def _line_end(text: str) -> str:
    first, outside = (re.search(r"\r?\n", part) for part in (text, re.sub(r'"[^"]*"', "", text)))
    return outside[0] if first and outside and first[0] != outside[0] else ""


def _decoded(start: bytes, whole: bool, label: str) -> str:
    """As text, up to the last whole line where there is more."""
    if not whole:
        start = start[: max(start.rfind(b"\n"), start.rfind(b"\r")) + 1 or None]
    try:
        return start.decode(PLAIN)
    except UnicodeDecodeError as error:
        if not whole and error.start > len(start) - 4:
            return start[: error.start].decode(PLAIN)
        raise not_utf8(f"{label}, byte {error.start + 1}") from error


def _separator(body: str) -> str:
    """The one that cuts the first records into the same number of cells; where several do, into the most."""
    best, most = ",", (False, 1)
    for separator in SEPARATORS:
        records = _records(body, separator)
        widths = [len(record) for record in records]
        consistent = len(widths) > 1 and max(widths[1:]) == min(widths[1:]) and abs(widths[1] - widths[0]) <= 1
        if widths and widths[0] > 1 and (consistent, widths[0]) > most:
            best, most = separator, (consistent, widths[0])
    return best


def _records(body: str, separator: str) -> list[list[str]]:
    """The first records that are not blank."""
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(body, newline=""), delimiter=separator, skipinitialspace=True):
            if record:
                records.append(record)
            if len(records) == RECORDS:
                break
    except csv.Error:  # a cell of more than the module's limit, or a quote that never ends: DuckDB will say which
        pass
    return records


def _with_rows(header: list[str], rows: list[list[str]]) -> tuple[str, ...]:
    """The names, with one for row names or for what stands after a separator at the end of lines; both are empty."""
    names = [name.strip() for name in header]
    widths = {len(row) for row in rows}
    if widths == {len(names) + 1}:
        return (*names, "") if all(row[-1] == "" for row in rows) else ("", *names)
    if widths == {len(names) - 1} and names[-1] == "":
        return tuple(names[:-1])
    return tuple(names)


def _check_names(names: tuple[str, ...], label: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        hint = "; if the file has no header row, say so with --no-header (header=False)" if _headless(list(names)) else ""
        raise DataError(f"expected distinct column names, got {listing(twice)} more than once ({label}, header); rename one of each{hint}")


def _headless(header: list[str]) -> str:
    """Numbers or dates among the names: the first row may be data."""
    found = [name for name in header if re.fullmatch(r"\s*[-+]?\d[\d.,:/ -]*\s*", name)]
    return f"the first row looks like data ({listing(found, 3)}): if the file has no header row, say so with --no-header (header=False)" if found else ""
