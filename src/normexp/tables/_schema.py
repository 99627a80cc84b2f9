"""What a table's columns are; frozen into the model, so that a later table is read the same way."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["MISSING_WORDS", "Column", "MatrixColumn", "Schema"]

Kind = Literal["number", "category", "boolean", "date"]
MISSING_WORDS = ("", "na", "n/a", "nan", "null", "?")  # compared in lower case
MAX_CATEGORIES = 255
CALENDAR_PARTS = ("seconds", "month", "day", "weekday", "hour")


@dataclass(frozen=True)
class Column:
    """One column of the table.

    `centre` is taken from numbers (and from a date's seconds) in float64 before they become float32; it is 0 where no value exceeds 2^24.
    `categories` are sorted; with `has_other`, every further word has the code len(categories).
    """

    name: str
    kind: Kind
    centre: float = 0.0
    categories: tuple[str, ...] = ()
    has_other: bool = False

    @property
    def n_codes(self) -> int:
        return len(self.categories) + self.has_other


@dataclass(frozen=True)
class MatrixColumn:
    """One column of the float32 matrix. Categories are codes from 0 (`n_codes` of them), -1 for an unseen word; NaN is missing."""

    name: str
    kind: Literal["number", "category", "boolean"]
    n_codes: int = 0


@dataclass(frozen=True)
class Schema:
    """The columns in the order of the matrix, the target's name and the words that mean a missing value."""

    columns: tuple[Column, ...]
    target: str | None = None
    missing: tuple[str, ...] = field(default=MISSING_WORDS)

    def matrix_columns(self) -> tuple[MatrixColumn, ...]:
        found: list[MatrixColumn] = []
        for column in self.columns:
            if column.kind == "date":
                found += [MatrixColumn(f"{column.name} ({part})", "number") for part in CALENDAR_PARTS]
            else:
                found.append(MatrixColumn(column.name, column.kind, column.n_codes))
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(data: dict[str, Any]) -> "Schema":
        columns = tuple(Column(**{**column, "categories": tuple(column["categories"])}) for column in data["columns"])
        return Schema(columns, data["target"], tuple(data["missing"]))
