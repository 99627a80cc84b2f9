"""Tasks on the workers of a client."""

import time
import uuid
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from normexp.cluster import _workers
from normexp.cluster._connection import ClusterError
from normexp.recipe import AnyTask, Data, Learnt, Stop

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterExecutor"]

LOOK_EVERY = 0.05  # seconds
GRACE = 10.0  # seconds that running tasks have to end in, once all was stopped


@dataclass
class ClusterExecutor:
    """A `recipe.Executor` whose tasks run on the workers of a Dask client, the table sent once.

    A worker that is killed costs the time of its task: another does it again, to the same bits. Raises ClusterError where the scheduler is lost, or where one task has killed
    worker after worker.
    """

    client: "Client"
    sent: dict[int, tuple[Data, "Future"]] = field(default_factory=dict)  # by identity; what is sent is kept, so that no other has it

    def __call__(self, tasks: Sequence[AnyTask], stop: Stop, on_done: Callable[[AnyTask, Learnt], None], on_look: Callable[[], bool] | None = None) -> None:
        """As `recipe.Threads`."""
        from distributed import as_completed

        fit = uuid.uuid4().hex
        futures: dict[Future, AnyTask] = {}
        try:
            for task in tasks:
                futures[self._submitted(task, fit)] = task
            ended, ends = as_completed(list(futures), with_results=True, raise_errors=False), float("inf")
            while not ended.is_empty() and time.monotonic() < ends:
                try:
                    self._take(ended, futures, on_done)
                    if not stop.reason and on_look is not None and on_look():
                        stop.reason = "callback"
                    if stop() and ends == float("inf"):
                        ends = time.monotonic() + GRACE
                        self.client.run(_workers.stop_all, fit, stop.reason, wait=False)
                except KeyboardInterrupt:
                    stop.reason = "interrupted"
        finally:
            self._let_go(list(futures))

    def _submitted(self, task: AnyTask, fit: str) -> "Future":
        number = next(i for i, fold in enumerate(task.data.folds) if fold is task.fold)
        how = task.configuration
        return self.client.submit(
            _workers.learnt, self._table(task.data), how, number, task.seed, getattr(task, "followed", False), fit,
            key=f"{how.name}, fold {number + 1} of {len(task.data.folds)}, seed {task.seed}-{fit}", pure=False,
        )  # fmt: skip

    def _table(self, data: Data) -> "Future":
        """Of what was sent, or is sent now."""
        if id(data) not in self.sent:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it is large: it is sent once
                self.sent[id(data)] = data, self.client.submit(_workers.itself, data, key=f"table-{uuid.uuid4().hex}", pure=False)
        return self.sent[id(data)][1]

    def _take(self, ended: Any, futures: dict["Future", AnyTask], on_done: Callable[[AnyTask, Learnt], None]) -> None:
        """What has come, after a moment where nothing has."""
        if not ended.has_ready():
            if self.client.status != "running":
                raise ClusterError("expected the cluster's scheduler to be there until the end, got no answer from it any more; nothing is saved, start again")
            time.sleep(LOOK_EVERY)
            return
        for future, result in ended.next_batch(block=False):
            task = futures[future]
            if future.status != "finished":
                raise ClusterError(f"expected {task.configuration.name} to be fitted on a worker, {_why(future)}")
            if result is not None:
                on_done(task, task.received(result))
            future.release()

    def _let_go(self, futures: list["Future"]) -> None:
        if self.client.status == "running":
            self.client.cancel(futures)


def _why(future: "Future") -> str:
    """What came instead of a result."""
    if future.status == "cancelled":
        return "got no answer from its scheduler any more; nothing is saved, start again"
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return f"got several that died of it, as one that lacks memory does ({error}); give workers more memory, or fewer threads each"
    return f"got {type(error).__name__}: {error}"
