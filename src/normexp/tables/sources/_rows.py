"""What a source is: whatever has these names and hands out cells this way. `Frame` and `Database` do; a new one would have to."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from normexp.tables.sources._cells import Cells

__all__ = ["Rows"]


class Rows(Protocol):
    """The rows of a table, wherever they are. Columns are known by their place, rows are counted from 0.

    `label` is what messages call the source, `hint` what an error about names may add; `names` and `kinds` (text, integer, number, boolean, date, category, or
    a type that cannot be read) have an entry a column; `nested` names columns that hold objects or lists.
    """

    label: str
    hint: str
    names: list[str]
    kinds: list[str]
    nested: list[str]
    n_rows: int

    def batches(self, columns: Sequence[int], first: int = 0, stop: int | None = None, *, labels: bool = False) -> Iterator[tuple[int, int, list[Cells]]]:
        """Cells of some columns in the rows from `first` to before `stop`: (first row, number of rows, cells a column), in order, every row once.

        With `labels`, values keep the form that they have (integers beyond 2^53, days, intervals as text).
        """

    def groups(self, columns: Sequence[int], n_rows: int) -> Iterator[list[int]]:
        """Columns in parts that may be asked for together."""

    def place(self, row: int) -> tuple[str, int]:
        """The file of a row, and its number there from 1."""

    def close(self) -> None:
        """Let go of files and memory."""
