"""One process's work on a study: a table made ready, the search, and the model at its end."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp import recipe
from normexp.evaluation import Costs, Interval
from normexp.experiments._choice import chosen_of
from normexp.experiments._file import About
from normexp.experiments._judge import Judge
from normexp.experiments._records import Trial
from normexp.experiments._search import Look, Search
from normexp.experiments._space import space_of
from normexp.experiments._study import Study
from normexp.model import Model
from normexp.network import default_threads
from normexp.recipe import ClassWeight
from normexp.tables import MatrixColumn

__all__ = ["Ending", "Problem", "Session"]

MOST_AGAIN = 12  # trials of earlier sessions that are fitted again


@dataclass(frozen=True)
class Problem:
    """Rows to learn from, as `recipe.fit` has them, and what answers cost, if that is what is judged."""

    matrix: NDArray[Any]
    columns: Sequence[MatrixColumn]
    targets: NDArray[np.int32]
    classes: NDArray[Any]
    rows: NDArray[np.int64]
    weights: NDArray[Any] | None = None
    groups: NDArray[np.int64] | None = None
    times: NDArray[np.float64] | None = None
    class_weight: ClassWeight = None
    folds: Sequence[recipe.Parts] | None = None
    costs: Costs | None = None


class Ending(NamedTuple):
    """What a search came to: the model, the trials that it is made of, and its score on rows that its members had not seen, which flatters it a little."""

    model: Model
    chosen: tuple[Trial, ...]
    score: Interval


class Session:
    """A search on a problem: `run` until its trials or seconds are used up, then `ending`.

    Raises ValueError for settings that make no sense, and DataError for a study's file of other data.
    """

    def __init__(
        self, problem: Problem, *, space: str | Path = "wide", metric: str = "log_loss", members: str | Sequence[str] | None = None, n_folds: int | None = None,
        study: Path | None = None, jobs: int | None = None, n_threads: int = 0, seed: int = 0,
    ) -> None:  # fmt: skip
        p, n_classes = problem, len(problem.classes)
        if len(p.rows) < (least := n_folds or 2):
            raise ValueError(f"expected at least {least} rows for {least} folds, got {len(p.rows)}")
        sizes = (len(p.rows), p.columns, n_classes)
        plan = recipe.portfolio(*sizes, members=members, seed=seed)
        plan = plan if n_folds is None else replace(plan, n_folds=n_folds)
        further = recipe.portfolio(*sizes, "best", members=members, seed=seed).configurations
        first = tuple(dict.fromkeys(replace(how, n_seeds=1) for how in (*plan.configurations, *further)))
        self.problem = problem
        self.space = space_of(space, plan.configurations, len(p.rows))
        self.bench = recipe.workbench(
            p.matrix, p.columns, p.targets, p.weights, plan, classes=p.classes, rows=p.rows, groups=p.groups, times=p.times, class_weight=p.class_weight, folds=p.folds,
        )  # fmt: skip
        self.judge = Judge(self.bench, metric, problem.costs)
        names = tuple(column.name for column in p.columns)
        about = About(names, tuple(map(str, p.classes.tolist())), len(p.rows), _fingerprint(problem, self.bench), metric, self.space.words, seed, len(self.bench.places))
        self.study = Study(self.space, first, about, study)
        n_threads = n_threads or default_threads()
        self.search = Search(self.bench, self.study, self.judge, plan.configurations, n_threads, n_threads if jobs is None else jobs)

    def run(self, n_trials: int | None = None, seconds: float | None = None, on_look: Look | None = None) -> str:
        """Why it ended: "trials", "time_limit", "interrupted", "callback" or "storage"; `seconds` and `n_trials` are of this session."""
        if n_trials is None and seconds is None:
            raise ValueError("expected a number of trials, seconds, or both, got neither")
        self.search.run(self._best_of_others(), n_trials, seconds, on_look)
        return self.search.reason or "trials"

    def ending(self, *, single: bool = False) -> Ending | None:
        """The combination of the best distinct trials, or the best one alone; None where no trial has come to its end."""
        kept = self.search.kept
        if not kept:
            return None
        seen = self.bench.seen(kept[0].done)
        found = chosen_of(self.bench, kept[:1] if single else kept, [one for one in kept if one.of_portfolio and not single], seen, self.judge.n_units(seen))
        model = self.bench.model([one.done for one in found.kept], self.search.reason, nothing=kept[0].done[0][0], combination=found.weights)
        return Ending(model, tuple(one.trial for one in found.kept), self.judge.interval(found.logits, seen))

    def _best_of_others(self) -> list[Trial]:
        """Trials that are in the study, but whose members are not at hand: the portfolio's and the best."""
        at_hand = {one.trial.number for one in self.search.kept}
        ended = [trial for trial in self.study.trials() if trial.state == "complete" and trial.number not in at_hand]
        ended.sort(key=lambda trial: (bool(trial.settings) and trial.how.name.startswith("trial"), trial.value, trial.number))
        return ended[:MOST_AGAIN]


def _fingerprint(problem: Problem, bench: recipe.Workbench) -> str:
    """Of what is learnt from: rows, labels, weights and folds."""
    found = hashlib.blake2b(digest_size=16)
    for array in (problem.matrix[bench.rows], bench.data.targets, *(part for fold in bench.places for part in fold)):
        found.update(f"{array.shape}{array.dtype}".encode())
        found.update(np.ascontiguousarray(array).data)
    for further in (bench.weights, problem.class_weight):
        found.update(b"-" if further is None else str(further).encode() if isinstance(further, str) else np.ascontiguousarray(further).tobytes())
    return found.hexdigest()
