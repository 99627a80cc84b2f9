"""The trials of a study: asked for, told, and kept in a file that several processes may write to at once."""

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna
from optuna.trial import TrialState

from normexp._checks import listing
from normexp._version import __version__
from normexp.errors import DataError
from normexp.experiments._records import Trial, note_of, trial_of
from normexp.experiments._sampler import Neighbours, distribution_of
from normexp.experiments._space import Space
from normexp.recipe import AnyConfiguration

__all__ = ["MOST_TRIALS", "About", "Asked", "Study", "show"]

MOST_TRIALS = 100_000  # of a session
FORMAT = 1
NAME = "normexp"
LOOK_EVERY = 1.0  # seconds between looks at what other processes have done
PATIENCE = 60  # seconds to wait for another process that writes
STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "diverged": TrialState.FAIL}
WORDS = {state: word for word, state in STATES.items()}


class About(NamedTuple):
    """What a study is of: trials of one can be compared with each other."""

    columns: tuple[str, ...]
    classes: tuple[str, ...]
    n_rows: int
    rows: str  # a fingerprint of them, their labels and folds
    metric: str
    space: str  # in words
    seed: int
    n_folds: int


class Asked(NamedTuple):
    """What to try next; members of the portfolio are never cut short."""

    number: int
    how: AnyConfiguration
    settings: dict[str, Any]
    pruned: bool
    trial: optuna.trial.Trial | None


class Study:
    """In memory, and in a file where there is one: what is told is in the file when `tell` returns.

    `first` are tried before all others, those that an earlier session has not.
    """

    def __init__(self, space: Space, first: Sequence[AnyConfiguration], about: About, path: Path | None = None) -> None:
        self.space, self.about, self.path = space, about, path
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.session, self.n_asked, self.looked = 0, 0, 0.0
        self.done, self.known = list[Trial](), set[int]()
        self.file = None if path is None else _opened(path, about)
        if self.file is not None and path is not None:
            with _storage_errors(path):
                self.session = int(self.file.user_attrs.get("sessions", 0))
                self.file.set_user_attr("sessions", self.session + 1)
        self.memory = optuna.create_study(sampler=Neighbours(about.seed, self.session))
        self._look()
        tried = {replace(trial.how, name="") for trial in self.done}
        self.waiting = [how for how in first if replace(how, name="") not in tried]

    def trials(self) -> list[Trial]:
        """All that ended, those of other processes too, in the order in which they were told."""
        return list(self.done)

    def ask(self) -> Asked:
        """The members of the portfolio first, then neighbours of the best."""
        number = self.session * MOST_TRIALS + self.n_asked
        self.n_asked += 1
        if self.waiting:
            how = self.waiting.pop(0)
            return Asked(number, how, self._settings_of(how), False, None)
        trial = self.memory.ask()
        family = str(trial.suggest_categorical("family", list(self.space.families)))
        values = {name: trial._suggest(f"{family}.{name}", distribution_of(setting)) for name, setting in self.space.families[family].items()}
        draw = np.random.Generator(np.random.Philox(np.random.SeedSequence([self.about.seed, number])))
        how = self.space.configuration(family, values, len(self.about.columns), draw, f"trial {number}")
        return Asked(number, how, {"family": family} | values, True, trial)

    def tell(self, trial: Trial, asked: Asked) -> None:
        """How it ended."""
        trial = replace(trial, when=time.time())
        if asked.trial is None:
            self._add(trial)
        else:
            self.memory.tell(asked.trial, trial.value if trial.state == "complete" else None, STATES[trial.state])
        self.done.append(trial)
        self.known.add(trial.number)
        if self.file is not None and self.path is not None:
            with _storage_errors(self.path):
                self.file.add_trial(self._frozen(trial, note_of(trial)))
            if time.monotonic() > self.looked + LOOK_EVERY:
                self._look()

    def _settings_of(self, how: AnyConfiguration) -> dict[str, Any]:
        found = self.space.settings_of(how, len(self.about.columns))
        return {} if found is None else {"family": how.family} | found

    def _look(self) -> None:
        """Learn what is in the file."""
        if self.file is None or self.path is None:
            return
        for trial in _trials_of(self.file, self.path, len(self.about.columns)):
            if trial.number not in self.known:
                self.known.add(trial.number)
                self.done.append(trial)
                self._add(trial)
        self.looked = time.monotonic()

    def _add(self, trial: Trial) -> None:
        """To the trials in memory that the next ones are drawn from."""
        self.memory.add_trial(self._frozen(trial, ""))

    def _frozen(self, trial: Trial, note: str) -> optuna.trial.FrozenTrial:
        params, distributions = dict[str, Any](), dict[str, Any]()
        if (family := trial.settings.get("family")) in self.space.families:
            params["family"], distributions["family"] = family, optuna.distributions.CategoricalDistribution(list(self.space.families))
            for name, setting in self.space.families[str(family)].items():
                params[f"{family}.{name}"], distributions[f"{family}.{name}"] = trial.settings[name], distribution_of(setting)
        found = optuna.create_trial(
            state=STATES[trial.state], value=trial.value if trial.state == "complete" else None, params=params, distributions=distributions,
            intermediate_values={i: loss for i, loss in enumerate(trial.losses, 1) if np.isfinite(loss)}, user_attrs={NAME: note} if note else {},
        )  # fmt: skip
        found.datetime_complete = datetime.fromtimestamp(trial.when, UTC).replace(tzinfo=None)
        found.datetime_start = found.datetime_complete - timedelta(seconds=trial.seconds)
        return found


def show(path: Path) -> tuple[About, list[Trial]]:
    """What lies in a file: what the study is of, and its trials."""
    if not path.exists():
        raise FileNotFoundError(2, "expected a study's file, got none", str(path))
    with _storage_errors(path):
        try:
            study = optuna.load_study(study_name=NAME, storage=_storage(path))
        except KeyError:
            raise DataError(f"expected a study of normexp in {path}, got a database without one") from None
    about = _about_of(study, path)
    return about, _trials_of(study, path, len(about.columns))


def _opened(path: Path, about: About) -> optuna.study.Study:
    """The study in the file, which is made where there is none; raises DataError for one of other data."""
    with _storage_errors(path):
        study = optuna.create_study(storage=_storage(path), study_name=NAME, load_if_exists=True)
        if NAME not in study.user_attrs:
            if study.get_trials(deepcopy=False):
                raise DataError(f"expected a study of normexp in {path}, got trials of another program; name another file")
            study.set_user_attr(NAME, json.dumps({"format": FORMAT, "version": __version__} | about._asdict()))
            return study
    before = _about_of(study, path)
    for name, words in DIFFERENCES.items():
        there, here = getattr(before, name), getattr(about, name)
        if there != here:
            shown = "" if name == "rows" else f": {_shown(there)} there, {_shown(here)} here"
            raise DataError(f"expected the study in {path} to be of {words} as this one, got others{shown}; go on with those, or name another file")
    return study


DIFFERENCES = {
    "columns": "the same columns", "classes": "the same classes", "n_rows": "as many rows", "rows": "the same rows, labels and folds", "metric": "the same metric",
    "space": "the same space", "seed": "the same seed", "n_folds": "as many folds",
}  # fmt: skip


def _shown(value: Any) -> str:
    return listing(list(value)) if isinstance(value, tuple) else str(value)


def _about_of(study: optuna.study.Study, path: Path) -> About:
    try:
        found = json.loads(study.user_attrs[NAME])
        kept, version = found.pop("format"), found.pop("version")
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError):
        raise DataError(f"expected a study of normexp in {path}, got one without a description") from None
    if not isinstance(kept, int) or kept > FORMAT:
        raise DataError(f"expected a study of format {FORMAT} or older in {path}, got format {kept!r} of normexp {version!s:.20}; install that version or a later one")
    words = all(isinstance(found.get(name), str) for name in ("rows", "metric", "space"))
    lists = all(isinstance(found.get(name), list) and all(isinstance(one, str) for one in found[name]) for name in ("columns", "classes"))
    numbers = all(isinstance(found.get(name), int) and found[name] >= 0 for name in ("n_rows", "seed", "n_folds"))
    if not (words and lists and numbers and set(found) == set(About._fields)):
        raise DataError(f"expected a description of data and search in {path}, got another: {str(found)[:80]}")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return About(**values)


def _trials_of(study: optuna.study.Study, path: Path, n_columns: int) -> list[Trial]:
    with _storage_errors(path):
        frozen = study.get_trials(deepcopy=False, states=tuple(STATES.values()))
    found = []
    for one in frozen:
        ended = 0.0 if one.datetime_complete is None else one.datetime_complete.replace(tzinfo=UTC).timestamp()
        losses = tuple(float(loss) for _, loss in sorted(one.intermediate_values.items()))
        settings = {name.partition(".")[2] or name: value for name, value in one.params.items()}
        found.append(trial_of(one.user_attrs.get(NAME), settings, WORDS[one.state], one.value if one.state == TrialState.COMPLETE else None, losses, ended, n_columns, str(path)))
    return found


def _storage(path: Path) -> Any:
    return optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": PATIENCE}})


@contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    """What SQLite raises, as what it means."""
    try:
        yield
    except (DataError, OSError):
        raise
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, sqlite3.Error):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            raise
        if isinstance(cause, sqlite3.OperationalError):
            raise OSError(f"expected a study's file that can be read and written, got {path}: {cause}") from None
        raise DataError(f"expected a study's file, which is a SQLite database, got {path}: {cause}") from None
