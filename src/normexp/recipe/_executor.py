"""Independent tasks on threads: where they run and in what order never changes what they give."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from normexp.network import default_threads

__all__ = ["Stop", "run"]

T = TypeVar("T")
LOOK_EVERY = 0.05  # seconds


class Stop:
    """Asked by every task every 100 ms at least: should it end? `reason` is "", "time_limit", "interrupted" or "callback"."""

    def __init__(self, time_limit: float = 0.0) -> None:
        self.reason = ""
        self._deadline = time.monotonic() + time_limit if time_limit else float("inf")

    def __call__(self) -> bool:
        if not self.reason and time.monotonic() > self._deadline:
            self.reason = "time_limit"
        return bool(self.reason)


def run(tasks: Sequence[Callable[[], T]], n_threads: int, stop: Stop, on_look: Callable[[], bool] | None = None) -> list[T | None]:
    """What each task gives, in their order, as many at a time as there are threads (0: the default number); None for those that had not begun when `stop` was set.

    `on_look` is called in this thread every 50 ms and stops all by returning True; so does Ctrl-C. What a task raises is raised when all have ended. Where no thread can be
    started the tasks run in this one.
    """
    work = _Work(tasks, stop, max(1, min(n_threads or default_threads(), len(tasks))))
    while True:
        try:
            _until_over(work, stop, on_look)
            break
        except KeyboardInterrupt:  # wherever it comes, between two steps of the loop too: what runs ends by itself, and is waited for
            stop.reason = "interrupted"
    if work.errors:
        raise work.errors[0]
    return [work.found.get(i) for i in range(len(tasks))]


def _until_over(work: "_Work[Any]", stop: Stop, on_look: Callable[[], bool] | None) -> None:
    while not work.over():
        while work.n_started < work.n_wanted and _starts(work):
            work.n_started += 1
        if not work.n_started:
            work()
        elif not work.changed.wait(LOOK_EVERY) and on_look is not None and not stop.reason and on_look():
            stop.reason = "callback"
        work.n_wanted = work.n_started or work.n_wanted


class _Work(Generic[T]):
    """The tasks, what they gave, and which are running; called by each thread."""

    def __init__(self, tasks: Sequence[Callable[[], T]], stop: Stop, n_wanted: int) -> None:
        self.tasks, self.stop, self.n_wanted, self.n_started = tasks, stop, n_wanted, 0  # threads
        self.found, self.errors = dict[int, T](), list[BaseException]()
        self.next, self.running = 0, set[int]()
        self.lock, self.changed = threading.Lock(), threading.Event()

    def __call__(self) -> None:
        while (i := self._take()) is not None:
            try:
                self.found[i] = self.tasks[i]()
            except KeyboardInterrupt:
                self.stop.reason = "interrupted"
            except BaseException as error:
                self.errors.append(error)
                self.stop.reason = self.stop.reason or "callback"
            finally:
                self.running.discard(i)
                if self.over():
                    self.changed.set()

    def _take(self) -> int | None:
        with self.lock:
            if self.next >= len(self.tasks) or self.stop():
                return None
            self.running.add(self.next)
            self.next += 1
            return self.next - 1

    def over(self) -> bool:
        """Does none run, and will none?"""
        with self.lock:
            return not self.running and (self.next >= len(self.tasks) or self.stop())


def _starts(work: Callable[[], None]) -> bool:
    """Whether the system gives a further thread."""
    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError:
        return False
    return True
