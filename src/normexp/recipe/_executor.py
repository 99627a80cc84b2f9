"""Independent tasks on threads: where they run and in what order never changes what they give."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

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
    found, errors, places = dict[int, T](), list[BaseException](), iter(range(len(tasks)))

    def work() -> None:
        while not stop() and (i := next(places, None)) is not None:  # one step of the iterator at a time, whichever thread takes it
            try:
                found[i] = tasks[i]()
            except KeyboardInterrupt:
                stop.reason = "interrupted"
            except BaseException as error:
                errors.append(error)
                stop.reason = stop.reason or "callback"

    threads = _started(work, max(1, min(n_threads or default_threads(), len(tasks))))
    while True:
        try:
            if not threads:
                work()
            while any(thread.is_alive() for thread in threads):
                threads[-1].join(LOOK_EVERY)
                threads = [thread for thread in threads if thread.is_alive()] or threads[:1]
                if on_look is not None and not stop.reason and on_look():
                    stop.reason = "callback"
            break
        except KeyboardInterrupt:
            stop.reason = "interrupted"
    if errors:
        raise errors[0]
    return [found.get(i) for i in range(len(tasks))]


def _started(work: Callable[[], None], n: int) -> list[threading.Thread]:
    """As many threads as the system gives, up to n."""
    threads = []
    for _ in range(n):
        thread = threading.Thread(target=work, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            break
        threads.append(thread)
    return threads
