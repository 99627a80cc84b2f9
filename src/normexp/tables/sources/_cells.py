"""What a source hands out for a stretch of a column: text, numbers, instants or codes of declared categories.

Text is the core's `TextColumn` (Arrow's memory as it lies) or a list of str and None.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["INTEGER_LIMIT", "Cells", "Codes", "Instants", "Numbers", "text_of_instants", "text_of_number", "text_of_numbers"]

INTEGER_LIMIT = 2**63


@dataclass(frozen=True)
class Numbers:
    """Integers, floats (NaN is missing) or booleans; `missing` is 1 where there is none, or None where none is missing."""

    values: NDArray[Any]
    missing: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Instants:
    """Microseconds since 1970 in UTC."""

    micros: NDArray[np.int64]
    missing: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.micros)


@dataclass(frozen=True)
class Codes:
    """Declared categories: the number of each cell's word, -1 for missing."""

    codes: NDArray[np.int64]
    words: list[str]

    def __len__(self) -> int:
        return len(self.codes)


Cells = Any  # Numbers | Instants | Codes | TextColumn | list[str | None]


def text_of_number(value: Any) -> str:
    """3.0 is '3': a category keeps its name where a missing value has turned integers into floats."""
    number = float(value)
    if number.is_integer() and abs(number) < INTEGER_LIMIT:
        return str(int(number))
    return repr(number) if isinstance(value, float) else str(value)


def text_of_numbers(cells: Numbers) -> Codes:
    """Numbers as words, each distinct one once."""
    distinct, codes = np.unique(cells.values, return_inverse=True)
    codes = codes.astype(np.int64)
    gone = np.zeros(len(codes), bool) if cells.missing is None else cells.missing.astype(bool)
    if cells.values.dtype.kind == "f":
        gone |= np.isnan(cells.values)
    codes[gone] = -1
    return Codes(codes, [str(value) if distinct.dtype.kind in "iub" else text_of_number(value) for value in distinct])


def text_of_instants(cells: Instants) -> Codes:
    """Instants as words in ISO form, each distinct one once."""
    distinct, codes = np.unique(cells.micros, return_inverse=True)
    codes = codes.astype(np.int64)
    if cells.missing is not None:
        codes[cells.missing.astype(bool)] = -1
    words = [str(instant).replace("T", " ").removesuffix(".000000").removesuffix(" 00:00:00") for instant in distinct.astype("datetime64[us]")]
    return Codes(codes, words)
