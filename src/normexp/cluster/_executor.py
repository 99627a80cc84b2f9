"""Tasks on the workers of a client."""

import threading
import time
import uuid
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from normexp.cluster import _workers
from normexp.cluster._connection import refuse_other_workers
from normexp.cluster._errors import ClusterError
from normexp.errors import NormexpError
from normexp.recipe import AnyTask, Learnt, Stop

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterExecutor"]

LOOK_EVERY = 0.05  # seconds
GRACE = 10.0  # seconds that running tasks have to end in, once all was stopped
ALONE_EVERY, MOST_ALONE = 5.0, 120.0  # seconds without a result after which workers are looked for, and without any of them that are waited for
LOST = "expected the cluster's scheduler to be there until the end, got no answer from it any more; nothing is saved, start again"

OnLook = Callable[[], bool]


@dataclass
class ClusterExecutor:
    """A `recipe.Executor` whose tasks run on the workers of a Dask client, the table sent once.

    A worker that is killed costs the time of its task: another does it again, to the same bits. Raises ClusterError where the scheduler is lost, or where one task has killed
    worker after worker.
    """

    client: "Client"

    def __post_init__(self) -> None:
        refuse_other_workers(self.client)
        self.facts = _workers.facts()
        self.sent: dict[int, tuple[Any, Future]] = {}  # the last, by identity: what is sent is kept, so that no other has it
        self.lock = threading.Lock()

    @property
    def n_threads(self) -> int:
        """Of all workers: as many tasks run at a time."""
        return max(1, sum(map(int, self.client.nthreads().values())))

    def peak_memory(self) -> int:
        """Bytes that the worker with the most has had; 0 where none answers."""
        found = self.client.run(_workers.peak_memory, on_error="ignore")
        return max(map(int, found.values()), default=0)

    def __call__(self, tasks: Sequence[AnyTask], stop: Stop, on_done: Callable[[AnyTask, Learnt], None], on_look: OnLook | None = None) -> None:
        """As `recipe.Threads`."""

        def take(i: int, found: Any) -> None:
            if found is not None:
                on_done(tasks[i], tasks[i].received(found))

        self._run([self._call_of(task) for task in tasks], stop, take, on_look)

    def each(self, function: Callable[[Any, Any], Any], shared: Any, items: Mapping[str, Any], on_done: Callable[[int, Any], None], on_look: OnLook | None = None) -> None:
        """function(shared, item) of every item, by the name of its task; `shared` is sent once. What one raises is raised here, and ends all."""
        self._run([_Call(name, function, (self._sent(shared), item)) for name, item in items.items()], Stop(), on_done, on_look)

    def _run(self, calls: Sequence["_Call"], stop: Stop, on_done: Callable[[int, Any], None], on_look: OnLook | None) -> None:
        work = _Work(self.client, calls, stop)
        try:
            while True:
                try:
                    work.until_over(on_done, on_look)
                    break
                except KeyboardInterrupt:  # wherever it comes: what runs is told to end, and waited for
                    stop.reason = "interrupted"
        finally:
            work.let_go()

    def _call_of(self, task: AnyTask) -> "_Call":
        number = next(i for i, fold in enumerate(task.data.folds) if fold is task.fold)
        how = task.configuration
        name = f"{how.name}, fold {number + 1} of {len(task.data.folds)}, seed {task.seed}"
        return _Call(name, _workers.learnt, (self._sent(task.data), how, number, task.seed, getattr(task, "followed", False), self.facts), is_fit=True)

    def _sent(self, data: Any) -> "Future":
        """Of what was sent, or is sent now."""
        with self.lock:
            if id(data) not in self.sent:
                self.sent.clear()  # of the fit before
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that it is large: it is sent once
                    self.sent[id(data)] = data, self.client.submit(_workers.itself, data, key=f"data-{uuid.uuid4().hex}", pure=False)
            return self.sent[id(data)][1]


class _Call(NamedTuple):
    """A function and what it takes, by the name of its task; that of a fit can be told to stop."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    is_fit: bool = False


class _Work:
    """Calls that wait, futures of those that were submitted, and those that have come to their end."""

    def __init__(self, client: "Client", calls: Sequence[_Call], stop: Stop) -> None:
        from distributed import as_completed

        self.client, self.calls, self.stop = client, calls, stop
        self.id, self.ends = uuid.uuid4().hex, float("inf")
        self.heard = self.looked = time.monotonic()  # of a worker, and when that was asked
        self.futures: dict[Future, int] = {}
        self.ended = as_completed([], loop=client.loop, with_results=True, raise_errors=False)

    def until_over(self, on_done: Callable[[int, Any], None], on_look: OnLook | None) -> None:
        while len(self.futures) < len(self.calls) and not self.stop():
            future = self._submitted(self.calls[len(self.futures)])
            self.futures[future] = len(self.futures)
            self.ended.add(future)
        while not self.ended.is_empty() and time.monotonic() < self.ends:
            self._take(on_done)
            if not self.stop.reason and on_look is not None and on_look():
                self.stop.reason = "callback"
            if self.stop() and self.ends == float("inf"):
                self.ends = time.monotonic() + GRACE
                self.client.run(_workers.stop_all, self.id, self.stop.reason, wait=False, on_error="ignore")

    def let_go(self) -> None:
        if self.client.status == "running":
            self.client.cancel([future for future in self.futures if not future.done()])

    def _submitted(self, call: _Call) -> "Future":
        arguments = (*call.arguments, self.id) if call.is_fit else call.arguments
        return self.client.submit(_workers.given, call.function, *arguments, key=f"{call.name}-{self.id}", pure=False)

    def _refuse_to_be_alone(self) -> None:
        """Raises ClusterError where there has been no worker for a while."""
        if time.monotonic() - max(self.heard, self.looked) < ALONE_EVERY:
            return
        self.looked = time.monotonic()
        if self.client.nthreads():
            self.heard = self.looked
        elif self.looked - self.heard > MOST_ALONE:
            raise ClusterError(f"expected the cluster to have workers until the end, got none for {MOST_ALONE:.0f} s; start some, or work here")

    def _take(self, on_done: Callable[[int, Any], None]) -> None:
        """What has come, after a moment where nothing has."""
        if not self.ended.has_ready():
            if self.client.status != "running":
                raise ClusterError(LOST)
            self._refuse_to_be_alone()
            time.sleep(LOOK_EVERY)
            return
        self.heard = time.monotonic()
        for future, result in self.ended.next_batch(block=False):
            if not isinstance(result, _workers.Given):  # a future may be lost again by now, with the worker that had it: what has come says more
                _refuse(self.calls[self.futures[future]].name, result[1] if isinstance(result, tuple) else None)
            on_done(self.futures[future], result.value)


def _refuse(name: str, error: BaseException | None) -> NoReturn:
    """Raise what came instead of a result, or what that means; nothing where the task was taken away, as by a scheduler that ends."""
    if error is None:
        raise ClusterError(LOST)
    if isinstance(error, (NormexpError, OSError, MemoryError, ValueError)):
        raise error
    if type(error).__name__ == "KilledWorker":
        raise ClusterError(f"expected a worker to do '{name}', got several that died of it, as for want of memory ({error}); give workers more memory, or fewer threads each")
    raise ClusterError(f"expected a worker to do '{name}', got {type(error).__name__}: {error}") from error
