"""What a caller says about a table, beside its name."""

import codecs
from dataclasses import dataclass
from typing import Literal

from normexp.tables._schema import MISSING_AMONG_NUMBERS, MISSING_WORDS, Schema
from normexp.tables._words import folded_ascii

__all__ = ["Options", "date_order_of"]


@dataclass(frozen=True)
class Options:
    """How to read a table; the fields are the parameters of `read`.

    Beside them, `target_optional` lets a table lack its target, and `keep_numbers` keeps columns of numbers that look like identifiers: whoever hands a frame
    to an estimator has chosen its columns. Reading a file takes about a third of `memory` bytes, 0 for what its size asks for.
    """

    target: str | None = None
    ignore: tuple[str, ...] = ()
    weight: str | None = None
    group: str | None = None
    time: str | None = None
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
    memory: int = 0

    def __post_init__(self) -> None:
        if self.group is not None and self.time is not None:
            raise ValueError(f"expected rows to be kept together by group or in order by time, got both, group={self.group!r} and time={self.time!r}; choose one")
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


def date_order_of(text: str) -> str:
    """'dmy', 'mdy' or 'ymd' from itself, from day-first or month-first, or from a pattern such as %d/%m/%Y or dd.mm.yyyy."""
    word = text.strip().lower()
    named = {"day-first": "dmy", "dayfirst": "dmy", "month-first": "mdy", "monthfirst": "mdy", "year-first": "ymd", "iso": "ymd"}
    letters = "".join(dict.fromkeys(letter for letter in (word.split(" ")[0].split("t")[0] if "%" not in word else word.split("%h")[0]) if letter in "dmyb"))
    order = named.get(word, letters.replace("b", "m"))
    if order not in ("dmy", "mdy", "ymd"):
        raise ValueError(f"expected a date format such as dmy, mdy, ymd or %d/%m/%Y, got {text!r}")
    return order
