"""A study's file: a SQLite database that several processes may write to at once, and that a killed one leaves whole."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from normexp._checks import listing
from normexp._version import __version__
from normexp.errors import DataError
from normexp.experiments._records import Trial, text_of, trial_of

__all__ = ["MOST_TRIALS", "About", "StudyFile", "show"]

FORMAT = 1
PATIENCE = 5.0  # seconds to wait for another process that writes
MOST_TRIALS = 100_000  # of a session
TABLES = (
    "CREATE TABLE IF NOT EXISTS normexp_study (id INTEGER PRIMARY KEY CHECK (id = 1), about TEXT NOT NULL, sessions INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS normexp_trials (place INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL UNIQUE, trial TEXT NOT NULL)",
)


class About(NamedTuple):
    """What a study is of: trials of one can be compared with each other."""

    columns: tuple[str, ...]
    classes: tuple[str, ...]
    n_rows: int
    rows: str  # a fingerprint of them, their labels, folds, groups and costs, and of the portfolio
    metric: str
    space: str  # in words
    seed: int
    n_folds: int


DIFFERENCES = {
    "columns": "the same columns", "classes": "the same classes", "n_rows": "as many rows", "metric": "the same metric", "space": "the same space", "seed": "the same seed",
    "n_folds": "as many folds", "rows": "the same rows, labels, folds, groups, costs and members",
}  # fmt: skip


class StudyFile:
    """What is added is in the file when `add` returns. Raises DataError for files of another kind, OSError where there is no room or no right to write."""

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        self.path, self.place = path, 0
        if must_exist and not path.exists():
            raise FileNotFoundError(2, "expected a study's file, got none", str(path))
        with self._errors():
            self.connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                self._refuse_other_tables()
                if not must_exist:
                    self.connection.execute("PRAGMA journal_mode=WAL")  # a commit then waits for no disk, and what is killed is undone
                    self.connection.execute("PRAGMA synchronous=NORMAL")
            except BaseException:
                self.connection.close()
                raise

    def begin(self, about: About) -> int:
        """The number of this session, from 0; the study is made where there is none. Raises DataError for one of other data."""
        with self._errors():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                session = self._begin(about)
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")
        return session

    def _begin(self, about: About) -> int:
        for table in TABLES:
            self.connection.execute(table)
        before = self.connection.execute("SELECT sessions FROM normexp_study").fetchone()
        if before is None:
            self.connection.execute("INSERT INTO normexp_study VALUES (1, ?, 1)", (json.dumps({"format": FORMAT, "version": __version__} | about._asdict()),))
            return 0
        self._refuse_others(about)
        (number,) = self.connection.execute("SELECT max(number) FROM normexp_trials").fetchone()
        session = max(before[0] if isinstance(before[0], int) else 0, 0 if number is None else int(number) // MOST_TRIALS + 1)
        self.connection.execute("UPDATE normexp_study SET sessions = ?", (session + 1,))
        return int(session)

    def _refuse_other_tables(self) -> None:
        others = self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'normexp%' AND name NOT LIKE 'sqlite%'").fetchall()
        if others:
            raise DataError(f"expected a study of normexp in {self.path}, got a database with other tables, {listing([name for (name,) in others])}; name another file")

    def _refuse_others(self, about: About) -> None:
        there = self.about()
        for name, words in DIFFERENCES.items():
            other, own = getattr(there, name), getattr(about, name)
            if other != own:
                shown = "" if name in ("rows", "seed") else f": {_shown(other)} there, {_shown(own)} here"
                raise DataError(f"expected the study in {self.path} to be of {words} as this search, got others{shown}; search as it was begun, or name another file")

    def about(self) -> About:
        """What the study is of."""
        with self._errors():
            row = self.connection.execute("SELECT about FROM normexp_study").fetchone() if self._has_study() else None
        if row is None:
            raise DataError(f"expected a study of normexp in {self.path}, got a database without one")
        return _about_of(row[0], self.path)

    def _has_study(self) -> bool:
        return bool(self.connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'normexp_study'").fetchone())

    def add(self, trial: Trial) -> None:
        """In one commit."""
        with self._errors():
            self.connection.execute("INSERT INTO normexp_trials (number, trial) VALUES (?, ?)", (trial.number, text_of(trial)))

    def further(self, n_columns: int) -> list[Trial]:
        """Those that were added since the last look, by whomever; of a table of so many columns."""
        with self._errors():
            rows = self.connection.execute("SELECT place, number, trial FROM normexp_trials WHERE place > ? ORDER BY place", (self.place,)).fetchall()
        self.place = max([self.place, *(place for place, _, _ in rows)])
        return [trial_of(number, text, n_columns, str(self.path)) for _, number, text in rows]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What SQLite raises, as what it means."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OSError(f"expected a study's file that can be read and written, got {self.path}: {error}") from None
        except sqlite3.Error as error:
            raise DataError(f"expected a study's file, which is a SQLite database, got {self.path}: {error}") from None


def show(path: Path) -> tuple[About, list[Trial]]:
    """What lies in a file: what the study is of, and its trials."""
    file = StudyFile(path, must_exist=True)
    about = file.about()
    return about, file.further(len(about.columns))


def _shown(value: Any) -> str:
    return listing(list(value)) if isinstance(value, tuple) else str(value)


def _about_of(text: Any, path: Path) -> About:
    try:
        found = json.loads(text)
        kept, version = found.pop("format"), found.pop("version")
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError):
        raise DataError(f"expected a study of normexp in {path}, got one without a description") from None
    if not isinstance(kept, int) or kept > FORMAT:
        raise DataError(f"expected a study of format {FORMAT} or older in {path}, got format {kept!r} of normexp {str(version)[:20]}; install that version or a later one")
    words = all(isinstance(found.get(name), str) for name in ("rows", "metric", "space"))
    lists = all(isinstance(found.get(name), list) and all(isinstance(one, str) for one in found[name]) for name in ("columns", "classes"))
    numbers = all(isinstance(found.get(name), int) and found[name] >= 0 for name in ("n_rows", "seed", "n_folds"))
    if not (words and lists and numbers and set(found) == set(About._fields)):
        raise DataError(f"expected a description of data and search in {path}, got another: {str(found)[:80]}")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return About(**values)
