"""Which rows are learnt from, and which are tested on."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from normexp._checks import counted, listing
from normexp.cli._console import say_notes
from normexp.cli._reading import reading
from normexp.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.model import Model
    from normexp.tables import Table

__all__ = ["Parts", "equal_rows", "folds_of", "look_alikes", "parts_of", "single_rows", "without_equals"]

NOTABLE = 0.02  # share of the tested rows
BEYOND_CHANCE = 10


@dataclass(frozen=True)
class Parts:
    """Rows of the table to train on, and rows of a table to test on; `split` says by which column they were parted, {} for one by one."""

    rows: "NDArray[np.int64]"
    tested: "Table"
    test_rows: "NDArray[np.int64]"
    split: dict[str, Any]
    equal: "NDArray[np.bool_]"  # which tested rows equal one that is learnt from, where that is more than chance
    stratified: bool = False  # the tested rows are drawn class by class
    folds: "tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]" = ()  # rows to learn from and to test, of each fold; the saved model learns from all rows
    about_equal: int = 0  # tested rows that equal one that is learnt from, where that is an estimate
    n_in_blocks: int = 0  # rows that are learnt from, where `rows` are some of them, in memory

    @property
    def n_learnt(self) -> int:
        return self.n_in_blocks or len(self.rows)

    @property
    def n_equal(self) -> int:
        return self.about_equal or int(self.equal.sum())

    @property
    def words(self) -> str:
        """How many rows are learnt from and tested on, and how they were told apart."""
        n, n_test = self.n_learnt, len(self.test_rows)
        if self.folds:
            whole = f" of whole groups ({self.split['group']})" if "group" in self.split else ""
            return f"{n} rows, each tested by a model of the other {len(self.folds) - 1} of {len(self.folds)} folds{whole}"
        if "group" in self.split:
            groups, others = counted(self.split["n_training_groups"], "group"), counted(self.split["n_test_groups"], "other")
            return f"{n} rows of {groups} ({self.split['group']}) to learn from, {n_test} of {others} to test"
        return f"{n} rows to learn from, {n_test} to test" + (f", the last by {self.split['time']}" if self.split else "")

    @property
    def drawn_from(self) -> int | None:
        """The rows of the table that the tested ones were drawn from class by class; None for whole groups, the last rows and other tables."""
        return None if self.split or not self.stratified else len(self.rows) + len(self.test_rows)

    @property
    def seen(self) -> str:
        """Which rows the tested ones are to the model."""
        if self.folds:
            return f"each tested by a model that had not seen it{' nor its group' if 'group' in self.split else ''}"
        if "group" in self.split:
            return f"of groups that it had not seen ({self.split['group']})"
        return f"later than those that it has learnt from ({self.split['time']})" if self.split else "that it had not seen"


def parts_of(data: "Table", test: str | None, test_fraction: float, seed: int, columns: dict[str, str | None], given: dict[str, Any]) -> Parts:
    """All rows and a test table, or a part of the rows that is held out: by class shares, by whole groups, or the last in time.

    `columns` are those of weight, group and time.
    """
    from normexp.tables import held_out_rows, read

    assert data.targets is not None
    every = np.arange(len(data))
    if test is not None:
        options = {name: value for name, value in reading(given).items() if name in ("bad_cells", "decimal", "encoding", "header")}
        tested = read(test, target=data.schema.target, schema=data.schema, classes=data.classes, weight=columns["weight"], **options)
        say_notes(f"{test}: {note.split('; --match-case')[0]}" for note in tested.notes)
        if not len(tested):
            raise DataError(f"expected rows with a label in the test table, got none ({test}); test on another one, or leave --test out")
        assert tested.targets is not None
        if (tested.targets < 0).any():
            raise DataError(f"expected the training table's classes in the test table, got a row of another ({test}); remove such rows or add them to the training table")
        return Parts(every, tested, np.arange(len(tested)), {}, _equal(data, every, tested, np.arange(len(tested))))
    if not test_fraction:
        return Parts(every, data, every[:0], {}, np.zeros(0, bool))
    rows, held = held_out_rows(data.targets, test_fraction, seed, groups=data.groups, times=data.times)
    equal = _equal(data, rows, data, held)
    if data.groups is not None:
        n_groups, n_others = (len(np.unique(data.groups[part])) for part in (rows, held))
        return Parts(rows, data, held, {"group": columns["group"], "n_training_groups": n_groups, "n_test_groups": n_others}, equal)
    return Parts(rows, data, held, {} if data.times is None else {"time": columns["time"]}, equal, stratified=True)


def folds_of(data: "Table", n_folds: int, seed: int, group: str | None) -> Parts:
    """Every row is tested once; rows of a group are in one fold."""
    from normexp.tables import fold_rows

    _, targets = data.with_target()
    every, folds = np.arange(len(data)), fold_rows(targets, n_folds, seed, groups=data.groups)
    equal = np.zeros(len(data), bool)
    for rows, held in folds:
        equal[held] = _equal(data, rows, data, held)
    split: dict[str, Any] = {"folds": len(folds)} | ({} if group is None else {"group": group})
    return Parts(every, data, every, split, equal, folds=tuple(folds))


def _equal(data: "Table", rows: "NDArray[np.int64]", tested: "Table", test_rows: "NDArray[np.int64]") -> "NDArray[np.bool_]":
    """Which of the tested rows equal one that is learnt from; none where so many do by chance, as among a few categories."""
    from normexp.tables import equal_by_chance, row_hashes

    learnt = row_hashes(data)
    equal = np.isin((learnt if tested is data else row_hashes(tested))[test_rows], learnt[rows])
    share = equal.sum() / max(len(test_rows), 1)
    return equal if share > NOTABLE and equal.sum() > 1 and share > BEYOND_CHANCE * equal_by_chance(data, len(rows)) else np.zeros(len(equal), bool)


def equal_rows(parts: Parts, test: str | None) -> list[str]:
    """A note on tested rows that are known already, of the table itself or of a test table."""
    n, n_test = parts.n_equal, len(parts.test_rows)
    if not n:
        return []
    known = f"{n} of {n_test} rows to test on ({n / n_test:.0%}) equal a row to learn from"
    own = "--drop-duplicates takes each row once, --group COLUMN keeps rows of one thing together"
    return [f"{known}: the scores flatter the model; {own if test is None else f'leave them out of {test}'}"]


def look_alikes(model: "Model", data: "Table", parts: Parts) -> list[str]:
    """A note on tested rows that look like copies of rows that were learnt from, and the column to keep them together by."""
    from normexp.model import near_copies

    if parts.folds or parts.n_equal or not len(parts.test_rows):
        return []
    found = near_copies(model.encoder, data.matrix, parts.rows, parts.tested.matrix, parts.test_rows)
    if not found.share:
        return []
    columns = data.schema.matrix_columns()
    cure = "--group COLUMN keeps rows of one thing together" if found.column is None else f"rows of one '{columns[found.column].name}' look alike: keep them together with --group"
    return [f"{found.share:.0%} of the rows to test on look like copies of rows to learn from: the scores flatter the model; {cure}"]


def single_rows(data: "Table") -> list[str]:
    """A note on classes with one row."""
    assert data.targets is not None
    assert data.classes is not None
    single = data.classes[np.bincount(data.targets, minlength=len(data.classes)) == 1].tolist()
    return [f"class{'es' if len(single) > 1 else ''} {listing(single)} with one row: learnt, not tested"] if single else []


def without_equals(data: "Table") -> "Table":
    """Each row once, the first of equal ones; how many that leaves out is among the notes."""
    from normexp.tables import first_of_equals

    rows = first_of_equals(data)
    n = len(data) - len(rows)
    note = f"{counted(n, 'row')} that equal{'s' if n == 1 else ''} an earlier one dropped"
    return replace(data.take(rows), notes=(*data.notes, note)) if n else data
