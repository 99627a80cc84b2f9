"""One process's work on a study: a table made ready, the search, and the model at its end."""

import hashlib
import math
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

MOST_AGAIN = 12  # trials of earlier sessions that are fitted again, beside the portfolio
FEW_ROWS = 1_000  # with fewer, what the best quality has is a small part of a search, and all of it takes part in the combination
SECONDS = 4.0  # to look for the best combination in
PIECE_ROWS = 65_536


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
        study: Path | None = None, jobs: int | None = None, n_threads: int = 0, seed: int = 0, executor: recipe.Executor | None = None,
    ) -> None:  # fmt: skip
        p, sizes = problem, (len(problem.rows), problem.columns, len(problem.classes))
        if len(p.rows) < (least := n_folds or 2):
            raise ValueError(f"expected at least {least} rows for {least} folds, got {len(p.rows)}")
        whole = recipe.portfolio(*sizes, members=members, seed=seed)
        self.space = space_of(space, whole.configurations, len(p.rows))
        if p.class_weight is not None:  # classes are weighed already
            self.space = self.space.without("balanced")
        best = [_named(how) for how in recipe.portfolio(*sizes, "best", members=members, seed=seed).configurations]
        few = len(p.rows) < FEW_ROWS
        ours = tuple(dict.fromkeys(how for how in (*whole.configurations, *(best if few else ())) if how.family in self.space.families))
        plan = replace(whole, configurations=ours, n_folds=whole.n_folds if n_folds is None else n_folds)
        further = [how for how in best if how.family in self.space.families and how.n_seeds == 1]
        first = tuple(dict.fromkeys((*ours, *further)))
        folds = None if p.folds is None else [(np.intersect1d(learnt, p.rows), np.intersect1d(held, p.rows)) for learnt, held in p.folds]
        self.bench = recipe.workbench(
            p.matrix, p.columns, p.targets, p.weights, plan, classes=p.classes, rows=p.rows, groups=p.groups, times=p.times, class_weight=p.class_weight, folds=folds,
        )  # fmt: skip
        self.judge = Judge(self.bench, metric, problem.costs)
        if not sum(self.judge.mass(held) for _, held in self.bench.places):
            raise ValueError("expected rows that some fold holds out, to judge trials by, got none; each class needs two rows or more")
        names, rows = tuple(column.name for column in p.columns), _fingerprint(problem, self.bench, plan)
        about = About(names, tuple(map(str, p.classes.tolist())), len(p.rows), rows, metric, self.space.words, seed, len(self.bench.places))
        self.study = Study(self.space, first, about, study)
        n_threads = (n_threads if executor is None else executor.n_threads) or default_threads()
        self.search = Search(self.bench, self.study, self.judge, ours, n_threads, n_threads if jobs is None else jobs, executor)

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
        if single:
            found = chosen_of(self.bench, (), kept[:1], seen, self.judge.n_units(seen))
        else:
            seconds = SECONDS if self.search.reason else math.inf  # where a time limit or an interrupt has ended it, nobody waits long
            found = chosen_of(self.bench, kept, [one for one in kept if one.of_portfolio], seen, self.judge.n_units(seen), seconds)
        model = self.bench.model([one.done for one in found.kept], self.search.reason, nothing=kept[0].done[0][0], combination=found.weights)
        return Ending(model, tuple(one.trial for one in found.kept), self.judge.interval(found.logits, seen))

    def _best_of_others(self) -> list[Trial]:
        """Trials that are in the study, but whose members are not at hand: the portfolio's, and the best."""
        at_hand = {replace(one.trial.how, name="") for one in self.search.kept}
        found: dict[bool, dict[object, Trial]] = {True: {}, False: {}}
        for trial in sorted(self.study.trials(), key=lambda trial: (trial.value, trial.number)):
            if trial.state == "complete" and (how := replace(trial.how, name="")) not in at_hand:
                found[self.search.is_of_portfolio(trial)].setdefault(how, trial)
        return [*found[True].values(), *list(found[False].values())[:MOST_AGAIN]]


def _named(how: recipe.AnyConfiguration) -> recipe.AnyConfiguration:
    return how if how.n_seeds == 1 else replace(how, name=f"{how.name}, {how.n_seeds} seeds")


def _fingerprint(problem: Problem, bench: recipe.Workbench, plan: recipe.Portfolio) -> str:
    """Of what is learnt from: rows, labels, weights, groups, folds, what columns are, costs, and the portfolio."""
    found = hashlib.blake2b(digest_size=16)
    for first in range(0, len(bench.rows), PIECE_ROWS):
        found.update(np.ascontiguousarray(problem.matrix[bench.rows[first : first + PIECE_ROWS]]).data)
    groups = None if problem.groups is None else problem.groups[bench.rows]
    for array in (bench.data.targets, bench.weights, groups, *(part for fold in bench.places for part in fold), None if problem.costs is None else problem.costs.matrix):
        found.update(b"-" if array is None else f"{array.shape}{array.dtype}".encode() + np.ascontiguousarray(array).tobytes())
    class_weight = problem.class_weight if problem.class_weight is None or isinstance(problem.class_weight, str) else problem.class_weight.tolist()
    found.update(repr((problem.matrix.dtype, class_weight, [(column.kind, column.n_codes) for column in problem.columns], plan.configurations, plan.n_bins)).encode())
    return found.hexdigest()
