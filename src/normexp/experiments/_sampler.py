"""Which settings to try next: some by chance, most in the neighbourhood of the best so far."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from normexp.experiments._space import Choice, Setting

__all__ = ["Neighbours", "distribution_of"]

FAR = 0.15  # share of trials that are drawn by chance
PARENTS = 6  # the best of each family, of which one is moved
STEP, SPREAD = 0.15, 0.7  # of the length of a range: the size of a move, and how much the size itself varies, as a logarithm
MOVED = 0.35  # share of a parent's settings that are moved
OTHER = 0.15  # chance that a choice is drawn anew


def distribution_of(setting: Setting) -> BaseDistribution:
    """As Optuna has it."""
    if isinstance(setting, Choice):
        return CategoricalDistribution(setting.choices)
    return IntDistribution(int(setting.low), int(setting.high), log=setting.log) if setting.whole else FloatDistribution(setting.low, setting.high, log=setting.log)


class Neighbours(BaseSampler):
    """Half a millisecond a trial, where a tree of Parzen estimators takes ten or more and a small network is fitted in as many.

    Each trial draws from a counter of its own, so that it does not depend on what runs beside it but through the trials that are done.
    """

    def __init__(self, seed: int, session: int) -> None:
        self.seed, self.session = seed, session
        self.size, self.best = STEP, dict[str, list[tuple[float, int, dict[str, Any]]]]()
        self.draw = np.random.Generator(np.random.Philox(0))
        self.parent: Mapping[str, Any] = {}

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """None: every setting is drawn when it is asked for."""
        return {}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        """Nothing, as there is no such space."""
        return {}

    def learn(self, value: float, number: int, params: dict[str, Any]) -> None:
        """Of a trial that came to its end; the best of each family are kept, the families by their best."""
        family = self.best.setdefault(params["family"], [])
        family.append((value, number, params))
        family.sort(key=lambda one: one[:2])
        del family[PARENTS:]
        self.best = dict(sorted(self.best.items(), key=lambda one: one[1][0][:2]))

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Choose whom this trial is a neighbour of."""
        self.draw = np.random.Generator(np.random.Philox(np.random.SeedSequence([self.seed, self.session, trial.number])))
        self.size, self.parent = STEP * math.exp(SPREAD * self.draw.normal()), {}
        if self.best and self.draw.random() > FAR:
            families = list(self.best)  # the family of the best trial comes first: it has half of the neighbours, the next a quarter
            some = self.best[families[min(int(self.draw.geometric(0.5)) - 1, len(families) - 1)]]
            self.parent = some[min(self.draw.integers(len(some)), self.draw.integers(len(some)))][2]

    def sample_independent(self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution) -> Any:
        """One setting."""
        before = self.parent.get(param_name)
        if isinstance(param_distribution, CategoricalDistribution):
            choices = param_distribution.choices
            if before in choices and (param_name == "family" or self.draw.random() > OTHER):
                return before
            return choices[int(self.draw.integers(len(choices)))]
        assert isinstance(param_distribution, (FloatDistribution, IntDistribution))
        low, high = param_distribution.low, param_distribution.high
        known = before is not None and low <= before <= high
        if known and self.draw.random() > MOVED:
            return before
        place = _place(before, low, high, param_distribution.log) + self.size * self.draw.normal() if known else self.draw.random()
        value = _value(1 - abs(1 - abs(place) % 2), low, high, param_distribution.log)  # a move beyond an end is turned back
        return round(value) if isinstance(param_distribution, IntDistribution) else value


def _place(value: Any, low: float, high: float, log: bool) -> float:
    """From 0 to 1 along the range."""
    if low == high:
        return 0.0
    return math.log(value / low) / math.log(high / low) if log else (value - low) / (high - low)


def _value(place: float, low: float, high: float, log: bool) -> float:
    found = low * (high / low) ** place if log else low + place * (high - low)
    return min(max(found, low), high)
