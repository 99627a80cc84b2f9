"""Independent tasks on threads: where they run and in what order never changes what they give."""

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

    `on_look` is called in this thread every 50 ms and stops all by returning True; so does Ctrl-C. What a task raises is raised when all have ended.
    """
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    def unless_stopped(task: Callable[[], T]) -> T | None:
        return None if stop() else task()

    with ThreadPoolExecutor(max(1, min(n_threads or default_threads(), len(tasks)))) as pool:
        futures = [pool.submit(unless_stopped, task) for task in tasks]
        while True:
            try:
                done, waiting = wait(futures, LOOK_EVERY, FIRST_EXCEPTION)
                if any(future.exception() for future in done):
                    stop.reason = stop.reason or "callback"
                if not waiting:
                    return [future.result() for future in futures]
                if on_look is not None and not stop.reason and on_look():
                    stop.reason = "callback"
            except KeyboardInterrupt:
                stop.reason = "interrupted"
