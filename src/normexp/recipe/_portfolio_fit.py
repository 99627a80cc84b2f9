"""A portfolio fitted: every configuration on every fold, then one combination of all on the rows that each had not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

from normexp.model import Model
from normexp.recipe._executor import Stop, run
from normexp.recipe._portfolio import Portfolio
from normexp.recipe._tasks import AnyTask, Learnt, with_one_round
from normexp.recipe._workbench import Done, Workbench

__all__ = ["Executor", "Progress", "ProgressCallback", "Threads", "fit_portfolio", "usable"]


class Progress(NamedTuple):
    """How far a fit is: tasks finished and in all, share of the work done, and the configurations whose out-of-fold log loss is known so far."""

    n_done: int
    n_tasks: int
    share: float
    losses: dict[str, float]


ProgressCallback = Callable[[Progress], bool]


class Executor(Protocol):
    """Where tasks run: that never changes what they give."""

    @property
    def n_threads(self) -> int:
        """As many tasks run at a time; 0 is the default number of this process."""

    def __call__(self, tasks: Sequence[AnyTask], stop: Stop, on_done: Callable[[AnyTask, Learnt], None], on_look: Callable[[], bool] | None = None) -> None:
        """Does the tasks, until `stop` is set, and hands over what each gives; `on_look` is called every 50 ms, in this thread, and stops all by returning True."""


@dataclass(frozen=True)
class Threads:
    """Those of this process, 0 for the default number."""

    n_threads: int = 0

    def __call__(self, tasks: Sequence[AnyTask], stop: Stop, on_done: Callable[[AnyTask, Learnt], None], on_look: Callable[[], bool] | None = None) -> None:
        run([partial(self._one, task, on_done) for task in tasks], self.n_threads, stop, on_look)

    def _one(self, task: AnyTask, on_done: Callable[[AnyTask, Learnt], None]) -> None:
        on_done(task, task())


def fit_portfolio(bench: Workbench, plan: Portfolio, executor: Executor, *, time_limit: float = 0.0, on_progress: ProgressCallback | None = None) -> Model:
    """As `recipe.fit`, which says what the arguments are; the first configuration is followed epoch by epoch."""
    stop = Stop(time_limit)
    tasks = [bench.tasks(how, i, stop, followed=i == 0) for i, how in enumerate(plan.configurations)]
    kept = usable(tasks, _run(bench, tasks, stop, executor, on_progress))
    names = [done[0][0].configuration.name for done in kept]
    return bench.model(kept, stop.reason, nothing=tasks[0][0], left_out=[how.name for how in plan.configurations if how.name not in names])


def _run(bench: Workbench, tasks: list[list[AnyTask]], stop: Stop, executor: Executor, on_progress: ProgressCallback | None) -> dict[AnyTask, Learnt]:
    """What each task gave, if it was begun."""
    flat, found, losses = [task for group in tasks for task in group], dict[AnyTask, Learnt](), dict[str, float]()
    total = sum(task.work for task in flat)

    def look() -> bool:
        assert on_progress is not None
        for group in tasks:
            name = group[0].configuration.name
            if name not in losses and all(task in found for task in group):
                done = [(task, found[task]) for task in group]
                losses[name] = bench.loss(bench.out_of_fold(done)[seen := bench.seen(done)], seen)
        return on_progress(Progress(len(found), len(flat), sum(task.done * task.work for task in flat) / total, dict(losses)))

    executor(flat, stop, found.__setitem__, None if on_progress is None else look)
    return found


def usable(tasks: list[list[AnyTask]], ended: dict[AnyTask, Learnt]) -> Sequence[Done]:
    """The configurations whose tasks all came to their end; without any, what there is of the one with the most; without that, what there is of the first.

    None where all diverged.
    """
    finite = {task: one for task, one in ended.items() if one.is_finite}
    whole = [[(task, finite[task]) for task in group if task in finite and finite[task].whole] for group in tasks]
    found = [done for done, group in zip(whole, tasks, strict=True) if len(done) == len(group)] or [max(whole, key=len)]
    if not found[0]:
        found = [[(task, finite[task]) for task in tasks[0] if task in finite]]
    return [with_one_round(done) for done in found] if found[0] else []
