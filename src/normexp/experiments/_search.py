"""The search: trials side by side, each stopped at the first rung that it does not pass, until time or trials are used up."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.experiments._records import Trial
from normexp.experiments._study import MOST_TRIALS, Study
from normexp.recipe import AnyConfiguration, AnyTask, Done, Learnt, Stop, Workbench, run, with_one_round

__all__ = ["Kept", "Search"]

FIRST_RUNGS = (1, 2, 4)  # after so many folds
LEAST_OTHERS = 4  # trials of a family that a rung is judged by
MOST_KEPT, MOST_OF_FAMILY = 48, 12

Judge = Callable[[NDArray[Any], NDArray[np.int64]], float]  # logits of rows and their places to what is to be small
Look = Callable[[], bool]


@dataclass(frozen=True)
class Kept:
    """A trial whose members are at hand, and log probabilities of each row by those who had not seen it."""

    trial: Trial
    done: Done
    logits: NDArray[np.float32]


@dataclass
class Search:
    """One process's part of a study. `jobs` trials run side by side, each on one thread; a single one uses all threads, and then the same seed gives the same trials."""

    bench: Workbench
    study: Study
    judge: Judge
    n_threads: int
    jobs: int
    kept: list[Kept] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.stop = Stop()
        self.n_done = 0
        self.rungs: dict[tuple[str, int], list[float]] = {}
        for trial in self.study.trials():
            self._remember(trial)

    def run(self, n_trials: int | None, seconds: float | None, on_look: Look | None = None) -> str:
        """Why it ended: "trials", "time_limit", "interrupted" or "callback". What was running then is lost."""
        self.stop = Stop(max(seconds, 1e-9) if seconds is not None else 0.0)
        run([self._one] * (MOST_TRIALS if n_trials is None else n_trials), self.jobs, self.stop, on_look)
        return self.stop.reason or "trials"

    def again(self, trials: Sequence[Trial], seconds: float | None, on_look: Look | None = None) -> str:
        """Fit trials of an earlier session once more, which gives the same bits, since what they gave is not in the study."""
        self.stop = Stop(max(seconds, 1e-9) if seconds is not None else 0.0)
        run([partial(self._fit_again, trial) for trial in trials], self.jobs, self.stop, on_look)
        return self.stop.reason

    def _one(self) -> None:
        with self.lock:
            asked = self.study.ask()
        started = time.perf_counter()
        done, losses, state = self._fitted(asked.how, asked.number, asked.pruned)
        if state == "stopped":
            return
        logits, value = None, float("nan")
        if state == "complete":
            logits = self.bench.out_of_fold(done)
            value = self.judge(logits[seen := self.bench.seen(done)], seen)
        trial = Trial(asked.number, asked.how, asked.settings, state, value, tuple(losses), time.perf_counter() - started)
        with self.lock:
            self.study.tell(trial, asked)
            self._remember(trial)
            self.n_done += 1
            if logits is not None:
                self._keep(Kept(trial, done, logits.astype(np.float32)))

    def _fit_again(self, trial: Trial) -> None:
        done, _, state = self._fitted(trial.how, trial.number, False)
        if state == "complete":
            with self.lock:
                self._keep(Kept(trial, done, self.bench.out_of_fold(done).astype(np.float32)))

    def _fitted(self, how: AnyConfiguration, number: int, may_be_pruned: bool) -> tuple[Done, list[float], str]:
        """What its tasks gave, the mean loss after each fold, and how it ended: "complete", "pruned", "diverged" or "stopped"."""
        done, losses, total, n_rows = list[tuple[AnyTask, Learnt]](), list[float](), 0.0, 0
        for part in _between_rungs(self.bench.tasks(how, number, self.stop), len(self.bench.places)):
            found = [task() for task in part] if self.jobs > 1 else run(part, self.n_threads, self.stop)
            for task, learnt in zip(part, found, strict=True):
                if self.stop() or learnt is None or (learnt.is_finite and not learnt.whole):
                    return done, losses, "stopped"
                if not learnt.is_finite:
                    return done, losses, "diverged"
                held = task.fold[1]
                total, n_rows = total + len(held) * self.judge(learnt.logits, held) if len(held) else total, n_rows + len(held)
                losses.append(total / max(n_rows, 1))
                done.append((task, learnt))
            if may_be_pruned and len(done) < len(self.bench.places) and self._falls(how.family, losses):
                return done, losses, "pruned"
        return with_one_round(done), losses, "complete"

    def _falls(self, family: str, losses: Sequence[float]) -> bool:
        """Is it worse than half of the others of its family that came to this rung?"""
        with self.lock:
            others = self.rungs.get((family, len(losses)), [])
            return len(others) >= LEAST_OTHERS and losses[-1] > float(np.median(others))

    def _remember(self, trial: Trial) -> None:
        for rung in FIRST_RUNGS:
            if len(trial.losses) >= rung:
                self.rungs.setdefault((trial.how.family, rung), []).append(trial.losses[rung - 1])

    def _keep(self, one: Kept) -> None:
        """Those that a combination may be made of: the best of all, and the best of each family."""
        self.kept.append(one)
        self.kept.sort(key=lambda kept: (kept.trial.value, kept.trial.number))
        counts: dict[str, int] = {}
        found = list[Kept]()
        for place, kept in enumerate(self.kept):
            family = kept.trial.how.family
            counts[family] = counts.get(family, 0) + 1
            if place < MOST_KEPT or counts[family] <= MOST_OF_FAMILY:
                found.append(kept)
        self.kept = found


def _between_rungs(tasks: Sequence[AnyTask], n_folds: int) -> Iterator[Sequence[AnyTask]]:
    """The tasks up to each rung, and the rest."""
    per_fold, first = len(tasks) // n_folds, 0
    for rung in (*FIRST_RUNGS, n_folds):
        if first < (last := min(rung, n_folds) * per_fold):
            yield tasks[first:last]
            first = last

