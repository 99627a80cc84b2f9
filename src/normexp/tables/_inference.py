"""What each column is, decided once from facts about its cells; the decision is the schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables._database import COLUMNS_A_QUERY, Database
from normexp.tables._schema import MAX_CATEGORIES, Column

__all__ = ["classes_of", "column_of", "facts_of"]

NUMBER_SHARE = 0.99  # of the filled cells
ID_LIKE_ROWS = 20
FLOAT32_EXACT, FLOAT32_MAX = 2.0**24, 3.4e38
MAX_FRACTIONAL_CLASSES, MAX_INTEGER_CLASSES = 30, 200
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
FLOATS = ("FLOAT", "DOUBLE")
DATES = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")


@dataclass(frozen=True)
class Facts:
    """Counts over the rows that are kept."""

    filled: int
    numbers: int
    beyond: int
    booleans: int
    dates: int
    smallest: float | None
    greatest: float | None


def facts_of(database: Database, names: Sequence[str], missing: Sequence[str], where: str) -> dict[str, Facts]:
    """Facts of all columns, some columns a pass."""
    database.find_plain_numbers(names, missing)
    found: dict[str, Facts] = {}
    for first in range(0, len(names), COLUMNS_A_QUERY):
        some = names[first : first + COLUMNS_A_QUERY]
        expressions = ", ".join(part for name in some for part in _fact_sql(database, name, missing))
        row = database.fetch(f"SELECT {expressions} FROM raw {where}")[0]
        found |= {name: Facts(*row[7 * i : 7 * i + 7]) for i, name in enumerate(some)}
    return found


def _fact_sql(database: Database, name: str, missing: Sequence[str]) -> tuple[str, ...]:
    """SQL for the fields of Facts. What a column cannot be is not counted: looking for dates among numbers is slow."""
    kind = database.types[name]
    is_text = kind == "VARCHAR" and name not in database.plain_numbers
    cell = database.clean(name, missing) if name not in database.plain_numbers else database.number(name, missing)
    number = "NULL::DOUBLE" if _is_date(kind) else database.number(name, missing)
    finite = f"CASE WHEN {beyond(number)} THEN NULL ELSE {number} END"
    return (
        f"count({cell})", f"count({number})", f"count(*) FILTER ({beyond(number)})",
        f"count(*) FILTER (lower({cell}) IN ('true', 'false'))" if is_text else "0",
        f"count(try_cast({cell} AS TIMESTAMP))" if is_text else "0", f"min({finite})", f"max({finite})",
    )  # fmt: skip


def _is_date(kind: str) -> bool:
    return kind in DATES or kind.startswith("TIMESTAMP")


def column_of(database: Database, name: str, facts: Facts, missing: Sequence[str], where: str, notes: list[str]) -> Column | None:
    """The column's schema, or None if it is left out; what a user should know is appended to `notes`."""
    kind = database.types[name]
    if facts.filled == 0:
        notes.append(f"column '{name}' is empty")
        return Column(name, "number")
    if kind in INTEGERS or kind in FLOATS or kind.startswith("DECIMAL"):
        return _number(database, name, facts, missing, where)
    if kind == "BOOLEAN":
        return Column(name, "boolean")
    if _is_date(kind):
        return _date(database, name, missing, where)
    if not (kind == "VARCHAR" or kind.startswith("ENUM")):
        notes.append(f"column '{name}' is left out: its type is {kind}")
        return None
    if facts.booleans == facts.filled:
        return Column(name, "boolean")
    for share, converted, what in ((facts.numbers, "DOUBLE", "number"), (facts.dates, "TIMESTAMP", "date")):
        if share >= NUMBER_SHARE * facts.filled:
            if share < facts.filled:
                refuse_first_cell(database, name, converted, missing, where, f"a {what}")
            return _number(database, name, facts, missing, where) if what == "number" else _date(database, name, missing, where)
    return _category(database, name, facts, missing, where, notes)


def refuse_first_cell(database: Database, name: str, sql_type: str, missing: Sequence[str], where: str, what: str) -> None:
    """Raise for the first filled cell that does not convert."""
    cell = database.clean(name, missing)
    row, file, value = database.place(cell, f"{cell} IS NOT NULL AND try_cast({cell} AS {sql_type}) IS NULL", where)
    raise DataError(
        f"expected {what} in column '{name}', got '{value}' ({file}, row {row}); correct the cell, or if the word means a missing value add --missing '{value}' "
        f"(missing=[{value!r}]), or leave the column out with --ignore '{name}' (ignore=[{name!r}])"
    )


def beyond(number: str) -> str:
    """SQL: is the number infinite or too large for float32?"""
    return f"abs({number}) > {FLOAT32_MAX!r}"


def refuse_beyond(database: Database, name: str, missing: Sequence[str], where: str) -> None:
    """Raise for the first number that is `beyond`."""
    number = database.number(name, missing)
    row, file, value = database.place(number, beyond(number), where)
    got = "an infinity" if np.isinf(value) else f"{value}, beyond {FLOAT32_MAX}"
    raise DataError(f"expected finite numbers in column '{name}', got {got} ({file}, row {row}); replace it or make the cell empty")


def _number(database: Database, name: str, facts: Facts, missing: Sequence[str], where: str) -> Column:
    if facts.beyond:
        refuse_beyond(database, name, missing, where)
    if facts.smallest is None or facts.greatest is None or max(abs(facts.smallest), abs(facts.greatest)) <= FLOAT32_EXACT:
        return Column(name, "number")
    return Column(name, "number", centre=_median(database, database.number(name, missing), where))


def _date(database: Database, name: str, missing: Sequence[str], where: str) -> Column:
    return Column(name, "date", centre=round(_median(database, f"epoch(try_cast({database.clean(name, missing)} AS TIMESTAMP))", where)))


def _median(database: Database, expression: str, where: str) -> float:
    return float(database.fetch(f"SELECT median({expression}) FROM raw {where}")[0][0])


def _category(database: Database, name: str, facts: Facts, missing: Sequence[str], where: str, notes: list[str]) -> Column | None:
    cell = database.clean(name, missing)
    n_distinct = database.fetch(f"SELECT count(DISTINCT {cell}) FROM raw {where}")[0][0]
    if n_distinct == facts.filled >= ID_LIKE_ROWS:
        notes.append(f"column '{name}' is left out: it has a different text in every row, like an identifier")
        return None
    rows = database.fetch(
        f"SELECT word, count(*) AS n FROM (SELECT {cell} AS word FROM raw {where}) WHERE word IS NOT NULL GROUP BY word ORDER BY n DESC, word LIMIT {MAX_CATEGORIES}"
    )
    if n_distinct > MAX_CATEGORIES:
        others = facts.filled - sum(n for _, n in rows)
        notes.append(f"column '{name}' has {n_distinct} categories: the {MAX_CATEGORIES} most frequent are kept, the rest ({others} rows) count as 'other'")
    return Column(name, "category", categories=tuple(sorted(word for word, _ in rows)), has_other=n_distinct > MAX_CATEGORIES)


def classes_of(database: Database, name: str, facts: Facts, missing: Sequence[str], where: str) -> NDArray[Any]:
    """The sorted labels of the target in their own type: integers, floats, booleans or text."""
    cell, kind = database.clean(name, missing), database.types[name]
    place = f"{database.label}, column '{name}'"
    n_distinct = database.fetch(f"SELECT count(DISTINCT {cell}) FROM raw {where}")[0][0]
    if facts.filled == 0:
        raise DataError(f"expected a target with values, got none ({place})")
    boolean = kind == "BOOLEAN" or facts.booleans == facts.filled
    numeric = not boolean and facts.numbers == facts.filled
    if numeric:
        fractional = database.fetch(f"SELECT count(*) FROM raw {where} {'AND' if where else 'WHERE'} try_cast({cell} AS DOUBLE) % 1 <> 0")[0][0]
        if n_distinct > (MAX_FRACTIONAL_CLASSES if fractional else MAX_INTEGER_CLASSES):
            raise DataError(f"expected classes as target, got {n_distinct} different numbers: this looks like regression ({place}); cut the numbers into classes first")
    elif n_distinct > max(ID_LIKE_ROWS, facts.filled / 2):
        raise DataError(f"expected classes as target, got {n_distinct} different texts in {facts.filled} rows ({place}); choose another column")
    words = [row[0] for row in database.fetch(f"SELECT DISTINCT {cell} FROM raw {where}") if row[0] is not None]
    if len(words) < 2 or (boolean and len({str(word).lower() for word in words}) < 2):
        raise DataError(f"expected at least two classes, got only {listing(words)} ({place}); there is nothing to learn")
    if boolean:
        return np.array([False, True])
    return _numbers(words) if numeric and _apart_as_numbers(words) else np.array(sorted(str(word) for word in words))


def _exact(word: Any) -> int | float:
    """A label as a number, without rounding an integer."""
    try:
        return int(word) if isinstance(word, (str, int)) or float(word).is_integer() else float(word)
    except ValueError:
        number = float(word)
        return int(number) if number.is_integer() else number


def _apart_as_numbers(words: Sequence[Any]) -> bool:
    """Do labels such as '1' and '1.0' stay different, and does none lose zeros in front or overflow, once they are numbers?"""
    numbers = {_exact(word) for word in words}
    plain = not any(isinstance(word, str) and word.lstrip("+-").startswith("0") and word.lstrip("+-")[1:2].isdigit() for word in words)
    return plain and len(numbers) == len(words) and all(abs(number) < 2**63 for number in numbers)


def _numbers(words: Sequence[Any]) -> NDArray[Any]:
    numbers = sorted(_exact(word) for word in words)
    return np.array(numbers, np.int64 if all(isinstance(number, int) for number in numbers) else np.float64)
