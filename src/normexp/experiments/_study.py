"""The trials of a study: asked for, told, and kept in a file where there is one."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna
from optuna.trial import TrialState

from normexp.experiments._file import MOST_TRIALS, About, StudyFile
from normexp.experiments._records import Trial
from normexp.experiments._sampler import Neighbours, distribution_of
from normexp.experiments._space import Space
from normexp.recipe import AnyConfiguration

__all__ = ["Asked", "Study", "study_in_memory"]

LOOK_EVERY = 1.0  # seconds between looks at what other processes have done
STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "diverged": TrialState.FAIL, "failed": TrialState.FAIL}


class Asked(NamedTuple):
    """What to try next; members of the portfolio are never cut short."""

    number: int
    how: AnyConfiguration
    settings: dict[str, Any]
    may_be_pruned: bool
    trial: optuna.trial.Trial | None


class Study:
    """In memory, and in a file where there is one: what is told is in the file when `tell` returns.

    `first` are tried before all others, those that an earlier session has not.
    """

    def __init__(self, space: Space, first: Sequence[AnyConfiguration], about: About, path: Path | None = None) -> None:
        self.space, self.about = space, about
        self.file = None if path is None else StudyFile(path)
        self.session, self.n_asked, self.looked = 0 if self.file is None else self.file.begin(about), 0, 0.0
        self.done, self.known = list[Trial](), set[int]()
        self.sampler = Neighbours(about.seed, self.session)
        self.memory = study_in_memory(self.sampler)
        self.waiting, self.tried = list(first), set[AnyConfiguration]()
        self._look()

    def trials(self) -> list[Trial]:
        """All that ended, those of other processes too, in the order in which they were told."""
        return list(self.done)

    def ask(self) -> Asked:
        """The members of the portfolio first, then neighbours of the best."""
        number = self.session * MOST_TRIALS + self.n_asked
        self.n_asked += 1
        while self.waiting:
            how = self.waiting.pop(0)
            if replace(how, name="") in self.tried:  # by another process
                continue
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
            if trial.state == "complete":
                self.sampler.learn(trial.value, trial.number, asked.trial.params)
        self._know(trial)
        if self.file is not None:
            self.file.add(trial)
            if time.monotonic() > self.looked + LOOK_EVERY:
                self._look()

    def _settings_of(self, how: AnyConfiguration) -> dict[str, Any]:
        found = self.space.settings_of(how, len(self.about.columns))
        return {} if found is None else {"family": how.family} | found

    def _look(self) -> None:
        """Learn what other processes, or earlier ones, have told."""
        for trial in () if self.file is None else self.file.further(len(self.about.columns)):
            if trial.number not in self.known:
                self._know(trial)
                self._add(trial)
        self.looked = time.monotonic()

    def _know(self, trial: Trial) -> None:
        self.done.append(trial)
        self.known.add(trial.number)
        self.tried.add(replace(trial.how, name=""))

    def _add(self, trial: Trial) -> None:
        """To the trials in memory that the next ones are drawn from."""
        frozen = self._frozen(trial)
        self.memory.add_trial(frozen)
        if trial.state == "complete" and frozen.params:
            self.sampler.learn(trial.value, trial.number, frozen.params)

    def _frozen(self, trial: Trial) -> optuna.trial.FrozenTrial:
        """As Optuna has it; without settings where they are not those of the space."""
        params, distributions, family = dict[str, Any](), dict[str, Any](), trial.settings.get("family")
        searched: Mapping[str, Any] = self.space.families.get(str(family), {})
        if set(trial.settings) == {"family", *searched} and all(trial.settings[name] in setting for name, setting in searched.items()):
            params["family"], distributions["family"] = family, optuna.distributions.CategoricalDistribution(list(self.space.families))
            for name, setting in searched.items():
                params[f"{family}.{name}"], distributions[f"{family}.{name}"] = trial.settings[name], distribution_of(setting)
        value = trial.value if trial.state == "complete" else None
        return optuna.create_trial(state=STATES[trial.state], value=value, params=params, distributions=distributions)


def study_in_memory(sampler: optuna.samplers.BaseSampler | None = None) -> optuna.study.Study:
    """Of Optuna, which is otherwise said on standard error."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(sampler=sampler)
    finally:
        optuna.logging.set_verbosity(before)
