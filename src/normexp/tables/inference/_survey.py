"""The columns of a source while they are looked at, and what is found out besides the schema."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from normexp.tables._notes import joined
from normexp.tables._options import Options
from normexp.tables._schema import Column
from normexp.tables.conversion import Bad
from normexp.tables.sources import Rows

__all__ = ["Survey"]


@dataclass
class Survey:
    """What is looked at: the rows in `keep`, or all. What is found: `bad` cells that do not fit, words for missing that were met, `identifiers` among the columns of numbers."""

    data: Rows
    options: Options
    words: tuple[tuple[str, ...], tuple[str, ...]]
    keep: NDArray[np.uint8] | None
    bad: list[Bad] = field(default_factory=list)
    found_missing: set[str] = field(default_factory=set)
    identifiers: dict[int, Column] = field(default_factory=dict)
    said: dict[int, list[str]] = field(default_factory=dict)

    def part(self, first: int, n: int) -> NDArray[np.uint8] | None:
        """`keep` of some rows."""
        return None if self.keep is None else self.keep[first : first + n]

    def say(self, i: int, note: str) -> None:
        """What a user should know of a column."""
        self.said.setdefault(i, []).append(note)

    def notes(self, indices: Sequence[int]) -> list[str]:
        """All that was said of some columns."""
        return joined([(self.data.names[i], note) for i in indices for note in self.said.get(i, [])])
