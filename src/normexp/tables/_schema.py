"""What a table's columns are and how their cells are written; frozen into the model, so that a later table is read the same way."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["MISSING_AMONG_NUMBERS", "MISSING_WORDS", "Column", "MatrixColumn", "Schema"]

Kind = Literal["number", "category", "boolean", "date"]
MAX_CATEGORIES = 10_000
CALENDAR_PARTS = ("seconds", "month", "day", "weekday", "hour")
DECIMAL_MARKS = (".", ",")
THOUSANDS_MARKS = ("", ".", ",", " ", "'", "_")
DATE_ORDERS = ("ymd", "dmy", "mdy", "yymd", "clock")  # yymd: years of two digits in front; clock: a time of day alone

# Words that mean a missing value, compared in lower case: everywhere, and where the rest of a column is numbers, dates or booleans.
MISSING_WORDS = ("", "na", "n/a", "nan", "null", "?")
MISSING_AMONG_NUMBERS = (
    "none", "<na>", "#n/a", "#n/a n/a", "#na", "-nan", "-nan(ind)", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "nat", "not a time", "nil", "missing", "(null)", "<null>",
    "-", "--", "---", "\u2013", "\u2014", ".", "..", "...", "*", "\\n", "n.a.", "n.a", "n.d.", "k.a.", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of the table.

    `centre` is taken from numbers (and from a date's seconds) in float64 before they become float32; it is 0 where no value exceeds 2^24.
    `categories` are sorted; with `has_other`, every further word has the code len(categories).
    Numbers in text are written with the `decimal` mark, groups of digits apart by `thousands` ("" is none, " " any space), between `prefix` and `suffix`
    (a currency, a unit, %); `date_order` is the order of day, month and year in dates of digits alone. `missing` are this column's own words for a
    missing value, in lower case, beside those of the schema.
    """

    name: str
    kind: Kind
    centre: float = 0.0
    categories: tuple[str, ...] = ()
    has_other: bool = False
    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""
    date_order: str = "ymd"
    missing: tuple[str, ...] = ()

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
    """The columns in the order of the matrix, the target's name, and the words that mean a missing value: in any column, and among numbers, dates and booleans."""

    columns: tuple[Column, ...]
    target: str | None = None
    missing: tuple[str, ...] = field(default=MISSING_WORDS)
    missing_among_numbers: tuple[str, ...] = field(default=MISSING_AMONG_NUMBERS)

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
        """From `to_dict`, or from what 0.1.0 wrote; types are checked by whoever read the data from a file."""
        columns = tuple(Column(**{**column, **{key: tuple(column[key]) for key in ("categories", "missing") if key in column}}) for column in data["columns"])
        return Schema(columns, data["target"], tuple(data["missing"]), tuple(data.get("missing_among_numbers", MISSING_AMONG_NUMBERS)))
