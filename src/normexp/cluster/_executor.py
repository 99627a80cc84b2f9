"""Tasks on the workers of a client."""

import threading
import time
import uuid
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from normexp.cluster import _workers
from normexp.cluster._connection import ClusterError, refuse_other_workers
from normexp.recipe import AnyTask, Data, Learnt, Stop

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterExecutor"]

LOOK_EVERY = 0.05  # seconds
GRACE = 10.0  # seconds that running tasks have to end in, once all was stopped
LOST = "expected the cluster's scheduler to be there until the end, got no answer from it any more; nothing is saved, start again"

OnDone = Callable[[AnyTask, Learnt], None]


@dataclass
class ClusterExecutor:
    """A `recipe.Executor` whose tasks run on the workers of a Dask client, the table sent once.

    A worker that is killed costs the time of its task: another does it again, to the same bits. Raises ClusterError where the scheduler is lost, or where one task has killed
    worker after worker.
    """

    client: "Client"

    def __post_init__(self) -> None:
        refuse_other_workers(self.client)
        self.sent: dict[int, tuple[Data, Future]] = {}  # by identity: what is sent is kept, so that no other has it
        self.lock = threading.Lock()

    @property
    def n_threads(self) -> int:
        """Of all workers: as many tasks run at a time."""
        return max(1, sum(map(int, self.client.nthreads().values())))

    def __call__(self, tasks: Sequence[AnyTask], stop: Stop, on_done: OnDone, on_look: Callable[[], bool] | None = None) -> None:
        """As `recipe.Threads`."""
        work = _Work(self.client, list(tasks)[::-1], self._table, stop)
        try:
            while True:
                try:
                    work.until_over(on_done, on_look)
                    break
                except KeyboardInterrupt:  # wherever it comes: what runs is told to end, and waited for
                    stop.reason = "interrupted"
        finally:
            work.let_go()

    def _table(self, data: Data) -> "Future":
        """Of what was sent, or is sent now."""
        with self.lock:
            if id(data) not in self.sent:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that it is large: it is sent once
                    self.sent[id(data)] = data, self.client.submit(_workers.itself, data, key=f"table-{uuid.uuid4().hex}", pure=False)
            return self.sent[id(data)][1]


class _Work:
    """Tasks that wait, futures of those that were submitted, and those that have come to their end."""

    def __init__(self, client: "Client", waiting: list[AnyTask], table: "Callable[[Data], Future]", stop: Stop) -> None:
        from distributed import as_completed

        self.client, self.waiting, self.table, self.stop = client, waiting, table, stop
        self.fit, self.ends = uuid.uuid4().hex, float("inf")
        self.futures: dict[Future, AnyTask] = {}
        self.ended = as_completed([], with_results=True, raise_errors=False)

    def until_over(self, on_done: OnDone, on_look: Callable[[], bool] | None) -> None:
        while self.waiting and not self.stop():
            future = self._submitted(self.waiting[-1])
            self.futures[future] = self.waiting.pop()
            self.ended.add(future)
        while not self.ended.is_empty() and time.monotonic() < self.ends:
            self._take(on_done)
            if not self.stop.reason and on_look is not None and on_look():
                self.stop.reason = "callback"
            if self.stop() and self.ends == float("inf"):
                self.ends = time.monotonic() + GRACE
                self.client.run(_workers.stop_all, self.fit, self.stop.reason, wait=False, on_error="ignore")

    def let_go(self) -> None:
        if self.client.status == "running":
            self.client.cancel([future for future in self.futures if not future.done()])

    def _submitted(self, task: AnyTask) -> "Future":
        number = next(i for i, fold in enumerate(task.data.folds) if fold is task.fold)
        how = task.configuration
        return self.client.submit(
            _workers.learnt, self.table(task.data), how, number, task.seed, getattr(task, "followed", False), self.fit,
            key=f"{how.name}, fold {number + 1} of {len(task.data.folds)}, seed {task.seed}-{self.fit}", pure=False,
        )  # fmt: skip

    def _take(self, on_done: OnDone) -> None:
        """What has come, after a moment where nothing has."""
        if not self.ended.has_ready():
            if self.client.status != "running":
                raise ClusterError(LOST)
            time.sleep(LOOK_EVERY)
            return
        for future, result in self.ended.next_batch(block=False):
            task = self.futures[future]
            if future.status != "finished":
                raise ClusterError(LOST if future.status == "cancelled" else f"expected {task.configuration.name} to be fitted on a worker, {_why(future)}")
            if result is not None:
                on_done(task, task.received(result))


def _why(future: "Future") -> str:
    """What came instead of a result."""
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return f"got several that died of it, as one that lacks memory does ({error}); give workers more memory, or fewer threads each"
    return f"got {type(error).__name__}: {error}"
