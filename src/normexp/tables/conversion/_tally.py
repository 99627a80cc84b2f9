"""What cells were beside what was expected of them: words and how often they came."""

from dataclasses import dataclass, field

__all__ = ["Bad", "Count", "Tally"]


@dataclass
class Count:
    """How often a cell came, and in which row first (from 0)."""

    n: int
    first: int


@dataclass
class Tally:
    """Of one column: cells that its rule does not read, unseen categories, words taken as missing beside the usual ones; words to counts."""

    bad: dict[str, Count] = field(default_factory=dict)
    unseen: dict[str, Count] = field(default_factory=dict)
    taken: dict[str, Count] = field(default_factory=dict)


@dataclass(frozen=True)
class Bad:
    """Cells of a column that are not what the rest is."""

    name: str
    kind: str
    cells: dict[str, Count]
    typed: bool = False  # numbers beyond float32 that the source has as numbers
