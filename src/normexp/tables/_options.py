"""What a caller says about a table, beside its name."""

import codecs
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from normexp.tables._schema import MISSING_AMONG_NUMBERS, MISSING_WORDS, Schema

__all__ = ["Options", "date_order_of", "folded_ascii", "met", "missing_numbers"]


@dataclass(frozen=True)
class Options:
    """How to read a table; the fields are the parameters of `read`.

    Beside them, `target_optional` lets a table lack its target, and `keep_numbers` keeps columns of numbers that look like identifiers: whoever hands a frame
    to an estimator has chosen its columns.
    """

    target: str | None = None
    ignore: tuple[str, ...] = ()
    weight: str | None = None
    missing: tuple[str, ...] = ()
    keep_words: tuple[str, ...] = ()
    keep_columns: tuple[str, ...] = ()
    date_order: str | None = None
    decimal: str | None = None
    bad_cells: Literal["missing", "refuse"] | None = None
    match_case: bool = True
    any_classes: bool = False
    encoding: str | None = None
    header: bool = True
    target_optional: bool = False
    keep_numbers: bool = False

    def __post_init__(self) -> None:
        if self.decimal not in (None, ".", ","):
            raise ValueError(f"expected decimal to be '.' or ',', got {self.decimal!r}")
        if self.bad_cells not in (None, "missing", "refuse"):
            raise ValueError(f"expected bad_cells to be 'missing' or 'refuse', got {self.bad_cells!r}")
        if self.encoding is not None:
            try:
                known = codecs.lookup(self.encoding)
                "".encode(self.encoding)
            except (LookupError, TypeError):
                raise ValueError(f"expected a text encoding that Python knows, such as cp1252 or latin-1, got {self.encoding!r}") from None
            if known.name in ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"):
                raise ValueError(f"expected an encoding of text files, such as cp1252 or latin-1, got {self.encoding!r}")

    def words(self, schema: Schema | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Words that mean a missing value anywhere, and among numbers: of the schema where there is one, with what the caller adds and keeps."""
        kept = {folded_ascii(word) for word in self.keep_words}
        anywhere, among = (schema.missing, schema.missing_among_numbers) if schema else (MISSING_WORDS, MISSING_AMONG_NUMBERS)
        added = [folded_ascii(word) for word in self.missing]
        return tuple(word for word in dict.fromkeys((*anywhere, *added)) if word not in kept), tuple(word for word in among if word not in kept)


def folded_ascii(word: str) -> str:
    """A word as the core compares it: without spaces around it, A to Z in lower case."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in word.strip())


def missing_numbers(words: Sequence[str]) -> list[float]:
    """Those of the words that are numbers: they also mean missing where they are written otherwise, or come as numbers."""
    found = []
    for word in words:
        try:
            number = float(word)
        except ValueError:
            continue
        if not math.isnan(number):
            found.append(number)
    return found


def met(words: Sequence[str], cells: Iterable[str]) -> set[str]:
    """Which of the words (in lower case) there are among cells; numbers may be written otherwise there."""
    found = {folded_ascii(cell) for cell in cells}
    written = set(missing_numbers(list(found)))
    return {word for word in words if word in found or not written.isdisjoint(missing_numbers([word]))}


def date_order_of(text: str) -> str:
    """'dmy', 'mdy' or 'ymd' from itself, from day-first or month-first, or from a pattern such as %d/%m/%Y or dd.mm.yyyy."""
    word = text.strip().lower()
    named = {"day-first": "dmy", "dayfirst": "dmy", "month-first": "mdy", "monthfirst": "mdy", "year-first": "ymd", "iso": "ymd"}
    letters = "".join(dict.fromkeys(letter for letter in (word.split(" ")[0].split("t")[0] if "%" not in word else word.split("%h")[0]) if letter in "dmyb"))
    order = named.get(word, letters.replace("b", "m"))
    if order not in ("dmy", "mdy", "ymd"):
        raise ValueError(f"expected a date format such as dmy, mdy, ymd or %d/%m/%Y, got {text!r}")
    return order
