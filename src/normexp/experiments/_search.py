"""The search: trials side by side, each stopped at the first rung that it does not pass, until time or trials are used up."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from normexp.errors import DataError
from normexp.evaluation import Interval
from normexp.experiments._file import MOST_TRIALS
from normexp.experiments._judge import Judge
from normexp.experiments._records import Trial
from normexp.experiments._study import Study
from normexp.model import Member
from normexp.recipe import AnyConfiguration, AnyTask, Done, Executor, Learnt, Stop, Workbench, run, with_one_round

__all__ = ["Kept", "Search"]

FIRST_RUNGS = (1, 2, 4)  # after so many folds; then a trial goes to its end
LEAST_OTHERS = 4  # trials of a family that a rung is judged by
MOST_KEPT, MOST_OF_FAMILY = 48, 6
MOST_BYTES = 2**30  # of members and log probabilities that are kept

Look = Callable[[], bool]


@dataclass(frozen=True)
class Kept:
    """A trial whose members are at hand, and log probabilities of each row by those who had not seen it; is it a member of the portfolio?"""

    trial: Trial
    done: Done
    logits: NDArray[np.float32]
    of_portfolio: bool

    @property
    def n_bytes(self) -> int:
        """Of its log probabilities and members, about."""
        return 2 * self.logits.nbytes + sum(_size(learnt) for _, learnt in self.done)


@dataclass
class Search:
    """One process's part of a study. `jobs` trials run side by side, each on one thread; a single one uses all threads, and then the same seed gives the same trials."""

    bench: Workbench
    study: Study
    judge: Judge
    portfolio: Sequence[AnyConfiguration]
    n_threads: int
    jobs: int
    executor: Executor | None = None  # where the tasks of a trial run, instead of on the threads
    kept: list[Kept] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.stop = Stop()
        self.failure: Exception | None = None
        self.rungs: dict[tuple[str, int], list[float]] = {}
        for trial in self.study.trials():
            self._remember(trial)

    def run(self, again: Sequence[Trial], n_trials: int | None, seconds: float | None, on_look: Look | None = None) -> None:
        """Until the trials or seconds are used up; `reason` says what else ended it. What was running then is lost.

        `again` are trials of earlier sessions, which are fitted once more first: the study does not have what they gave, but they give the same bits.
        """
        self.stop = Stop(max(seconds, 1e-9) if seconds is not None else 0.0)
        tasks = [partial(self._fit_again, trial) for trial in again] + [self._one] * (MOST_TRIALS if n_trials is None else n_trials)
        run(tasks, self.jobs, self.stop, on_look)

    @property
    def reason(self) -> str:
        """"time_limit", "interrupted", "callback", "storage" (`failure` says why), or "" where all trials were done."""
        return self.stop.reason

    def _one(self) -> None:
        with self.lock:
            asked = self.study.ask()
        started = time.perf_counter()
        done, losses, state = self._fitted(asked.how, asked.number, asked.may_be_pruned)
        if state == "stopped":
            return
        logits, found = None, Interval(math.nan, math.nan, math.nan)
        if state == "complete":
            logits, seen = self.bench.out_of_fold(done), self.bench.seen(done)
            found = self.judge.interval(logits[seen], seen)
        trial = Trial(asked.number, asked.how, asked.settings, state, *found, tuple(losses), time.perf_counter() - started)
        with self.lock:
            self._remember(trial)
            if logits is not None:
                self._keep(Kept(trial, done, logits.astype(np.float32), self.is_of_portfolio(trial)))
            try:
                self.study.tell(trial, asked)
            except (OSError, DataError) as error:  # no room, or a file that somebody has spoilt: what is at hand is kept, the search ends
                self.failure, self.stop.reason = error, "storage"

    def _fit_again(self, trial: Trial) -> None:
        done, _, state = self._fitted(trial.how, trial.number, False)
        if state == "complete":
            with self.lock:
                self._keep(Kept(trial, done, self.bench.out_of_fold(done).astype(np.float32), self.is_of_portfolio(trial)))

    def _fitted(self, how: AnyConfiguration, number: int, may_be_pruned: bool) -> tuple[Done, list[float], str]:
        """What its tasks gave, the mean loss after each fold, and how it ended: as a Trial has it, or "stopped"."""
        done, losses, total, mass, n_folds = list[tuple[AnyTask, Learnt]](), list[float](), 0.0, 0.0, len(self.bench.places)
        try:
            for part in _between_rungs(self.bench.tasks(how, number, self.stop), n_folds):
                for task, learnt in zip(part, self._of_tasks(part), strict=True):
                    if learnt is None or self.stop() or (learnt.is_finite and not learnt.whole):
                        return done, losses, "stopped"
                    if not learnt.is_finite:
                        return done, losses, "diverged"
                    of_fold = self.judge.mass(task.fold[1])
                    total += of_fold * self.judge(learnt.logits, task.fold[1]) if of_fold else 0.0
                    mass += of_fold
                    done.append((task, learnt))
                    if len(done) % how.n_seeds == 0:
                        losses.append(total / mass if mass else 0.0)
                if may_be_pruned and len(losses) < n_folds and self._falls(how.family, losses):
                    return done, losses, "pruned"
            return with_one_round(done), losses, "complete"
        except (MemoryError, ValueError):  # of this trial alone
            return done, losses, "failed"

    def _of_tasks(self, tasks: Sequence[AnyTask]) -> Sequence[Learnt | None]:
        """What they give, None for those that had not begun when the search was stopped."""
        if self.executor is not None:
            found = dict[AnyTask, Learnt]()
            self.executor(tasks, self.stop, found.__setitem__)
            return [found.get(task) for task in tasks]
        if self.jobs > 1:
            return [None if self.stop() else task() for task in tasks]
        return run(tasks, self.n_threads, self.stop)

    def _falls(self, family: str, losses: Sequence[float]) -> bool:
        """Is it worse than half of the others of its family that came to this rung?"""
        with self.lock:
            others = self.rungs.get((family, len(losses)), [])
            return len(others) >= LEAST_OTHERS and losses[-1] > float(np.median(others))

    def is_of_portfolio(self, trial: Trial) -> bool:
        """Is it one of the members that every search begins with?"""
        return replace(trial.how, name="") in {replace(how, name="") for how in self.portfolio}

    def _remember(self, trial: Trial) -> None:
        for rung in FIRST_RUNGS:
            if len(trial.losses) >= rung:
                self.rungs.setdefault((trial.how.family, rung), []).append(trial.losses[rung - 1])

    def _keep(self, one: Kept) -> None:
        """Those that a combination may be made of: the portfolio, the best of all, and the best of each family."""
        self.kept.append(one)
        self.kept.sort(key=lambda kept: (kept.trial.value, kept.trial.number))
        counts, known, n_bytes = dict[str, int](), set[AnyConfiguration](), 0
        found = list[Kept]()
        for place, kept in enumerate(self.kept):
            family, how = kept.trial.how.family, replace(kept.trial.how, name="")
            counts[family] = counts.get(family, 0) + 1
            if kept.of_portfolio and how in known:  # another process has fitted it too
                continue
            if kept.of_portfolio or (n_bytes < MOST_BYTES and (place < MOST_KEPT or counts[family] <= MOST_OF_FAMILY)):
                found.append(kept)
                known.add(how)
                n_bytes += kept.n_bytes
        self.kept = found


def _size(learnt: Learnt) -> int:
    member = learnt.member
    if isinstance(member, Member):
        return member.parameters.values.nbytes
    forest = member.forest
    return forest.leaves.nbytes + forest.thresholds.nbytes + forest.features.nbytes + forest.gains.nbytes + forest.missing.nbytes


def _between_rungs(tasks: Sequence[AnyTask], n_folds: int) -> Iterator[Sequence[AnyTask]]:
    """The tasks up to each rung, and the rest."""
    per_fold, first = len(tasks) // n_folds, 0
    for rung in (*FIRST_RUNGS, n_folds):
        if first < (last := min(rung, n_folds) * per_fold):
            yield tasks[first:last]
            first = last

