"""What a study has found, to look at: the best trials, what the search brought, which settings matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from normexp.experiments._file import About
from normexp.experiments._judge import WORDS
from normexp.experiments._records import STATES, Trial
from normexp.experiments._study import study_in_memory

__all__ = ["Board", "board_of", "columns_of", "importances_of", "settings_in_words"]

LEAST_TRIALS = 20  # of a family, for its settings to be weighed
MOST_SHOWN = 10


@dataclass(frozen=True)
class Board:
    """`trials` in the order in which they ended; `best` are distinct ones, the best first."""

    about: About
    trials: tuple[Trial, ...]
    best: tuple[Trial, ...]
    importances: dict[str, dict[str, float]]  # by family: the share of what its settings make of the difference between trials

    @property
    def metric(self) -> str:
        """What trials are judged by, in words."""
        return WORDS.get(self.about.metric, self.about.metric)

    @property
    def counts(self) -> dict[str, int]:
        """Of the states."""
        return {state: sum(trial.state == state for trial in self.trials) for state in STATES}

    @property
    def seconds(self) -> float:
        """Of all fits."""
        return sum(trial.seconds for trial in self.trials)

    @property
    def families(self) -> list[str]:
        """Those of trials that came to their end, the family of the best first."""
        return list(dict.fromkeys(trial.how.family for trial in self.best))

    def start_of(self, trial: Trial) -> Mapping[str, Any]:
        """The settings that its family began with."""
        return next(one.settings for one in (*self.trials, trial) if one.how.family == trial.how.family and (one.settings or one is trial))

    def spent(self) -> list[tuple[str, int, int, int, float, float]]:
        """Of each family: trials to the end, stopped early, and diverged or failed; seconds, and their share."""
        found = []
        for family in sorted({trial.how.family for trial in self.trials}):
            ours = [trial for trial in self.trials if trial.how.family == family]
            complete, pruned = (sum(trial.state == state for trial in ours) for state in ("complete", "pruned"))
            seconds = sum(trial.seconds for trial in ours)
            found.append((family, complete, pruned, len(ours) - complete - pruned, seconds, seconds / max(self.seconds, 1e-9)))
        return found

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """For people."""
        counts, name = self.counts, self.metric
        ended = ", ".join([f"{counts['complete']} trials to the end", *(f"{counts[state]} {words}" for state, words in ENDS.items() if counts[state])])
        found = [f"{ended}; {self.seconds:.0f} s of fits"]
        if not self.best:
            return [*found, "no trial has come to its end yet"]
        found += ["", f"the best, by {name} of rows that they had not seen:"]
        for place, trial in enumerate(self.best[:MOST_SHOWN], 1):
            words = settings_in_words(trial, self.start_of(trial))
            found.append(f"{place:3}. {trial.value:.4f} ({trial.low:.4f} to {trial.high:.4f})  {trial.how.name}, {trial.how.family}: {words}")
        for family, shares in self.importances.items():
            most = sorted(shares.items(), key=lambda one: -one[1])[:5]
            found += ["", f"what matters in {family}: " + ", ".join(f"{setting} {share:.0%}" for setting, share in most)]
        return found


ENDS = {"pruned": "stopped early", "diverged": "diverged", "failed": "failed"}


def board_of(about: About, trials: Sequence[Trial]) -> Board:
    """Of a study's trials."""
    ended = sorted((trial for trial in trials if trial.state == "complete"), key=lambda trial: (trial.value, trial.number))
    families = {trial.how.family for trial in ended}
    importances = {family: shares for family in sorted(families) if (shares := importances_of([trial for trial in ended if trial.settings.get("family") == family]))}
    return Board(about, tuple(trials), tuple(ended), importances)


def importances_of(trials: Sequence[Trial]) -> dict[str, float]:
    """Of the settings of one family: how far the distribution among its better half is from that among all, as shares of 1 (PED-ANOVA, Watanabe et al. 2023).

    Empty for fewer than 20 trials that came to their end.
    """
    if len(trials) < LEAST_TRIALS:
        return {}
    shared = set.intersection(*(set(trial.settings) for trial in trials))
    names = [name for name in trials[0].settings if name in shared and name != "family" and len({trial.settings.get(name) for trial in trials}) > 1]
    study = study_in_memory()
    distributions = {name: _distribution([trial.settings[name] for trial in trials]) for name in names}
    for trial in trials:
        study.add_trial(optuna.create_trial(value=trial.value, params={name: trial.settings[name] for name in names}, distributions=distributions))
    found = optuna.importance.get_param_importances(study, evaluator=optuna.importance.PedAnovaImportanceEvaluator(evaluate_on_local=True), params=names)
    return {name: float(share) for name, share in found.items()}


def _distribution(values: Sequence[Any]) -> optuna.distributions.BaseDistribution:
    """That the values span."""
    if any(isinstance(value, (bool, str)) for value in values):
        return optuna.distributions.CategoricalDistribution(sorted(set(values), key=str))
    low, high = min(values), max(values)
    wide = low > 0 and high > 10 * low
    if all(isinstance(value, int) for value in values):
        return optuna.distributions.IntDistribution(low, high, log=wide)
    return optuna.distributions.FloatDistribution(float(low), float(high), log=wide)


def settings_in_words(trial: Trial, start: Mapping[str, Any]) -> str:
    """What distinguishes it from the start of its family, on a line; all settings for the start itself."""
    given = {name: value for name, value in trial.settings.items() if name != "family"}
    if not given:
        return "of the portfolio"
    differing = {name: value for name, value in given.items() if name not in start or start[name] != value} or given
    words = [f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {'yes' if value is True else 'no' if value is False else value}" for name, value in differing.items()]
    return ", ".join(words).replace("_", " ")


def columns_of(trials: Sequence[Trial]) -> dict[str, np.ndarray[Any, Any]]:
    """A column a fact and setting, for a data frame: number, name, family, state, value, low, high, seconds, and all settings that were searched; NaN or None where one was not."""
    found: dict[str, list[Any]] = {name: [] for name in ("number", "name", "family", "state", "value", "low", "high", "seconds")}
    names = list(dict.fromkeys(name for trial in trials for name in trial.settings if name != "family"))
    for trial in trials:
        facts = (trial.number, trial.how.name, trial.how.family, trial.state, trial.value, trial.low, trial.high, trial.seconds)
        for column, fact in zip(found.values(), facts, strict=True):
            column.append(fact)
    settings = {name: [trial.settings.get(name) for trial in trials] for name in names}
    return {name: _column(values) for name, values in (found | settings).items()}


def _column(values: list[Any]) -> np.ndarray[Any, Any]:
    numbers = all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values)
    if numbers and any(value is None for value in values):
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return np.array(values) if numbers else np.array(values, object)
