"""What fit, evaluate and predict show: Keras's bar. The one place here that writes to standard output."""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Bar", "verbosity", "write"]

WIDTH = 20


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def verbosity(verbose: Any) -> int:
    return 1 if verbose == "auto" else int(verbose)


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    return f"{1000 * seconds:.0f}ms" if seconds >= 1e-3 else f"{1e6 * seconds:.0f}us"


def _numbers(logs: Mapping[str, Any]) -> str:
    parts = []
    for name, value in logs.items():
        mean = float(value.mean()) if hasattr(value, "mean") else float(value)
        parts.append(f"{name}: {mean:.4f}" if abs(mean) >= 1e-3 or mean == 0 else f"{name}: {mean:.4e}")
    return "".join(f" - {part}" for part in parts)


class Bar:
    """One line for an epoch. verbose 0: nothing, 1: a bar that grows on a terminal, 2: a line at the end."""

    def __init__(self, verbose: int, steps: int, writer: Callable[[str], None] = write) -> None:
        self._verbose, self._steps, self._write = verbose, max(steps, 1), writer
        self._started = time.perf_counter()
        self._live = verbose == 1 and sys.stdout.isatty()
        self._shown = 0

    def update(self, done: int, logs: Mapping[str, Any]) -> None:
        """So many steps are done."""
        if self._live:
            left = (time.perf_counter() - self._started) / max(done, 1) * (self._steps - done)
            self._line(done, f"{left:.0f}s", logs, "")

    def close(self, logs: Mapping[str, Any], done: int | None = None) -> None:
        """All steps are done."""
        steps = self._steps if done is None else done
        taken = time.perf_counter() - self._started
        if self._verbose == 1:
            self._line(steps, f"{taken:.0f}s", logs, "\n")
        elif self._verbose:
            self._write(f"{steps}/{self._steps} - {taken:.0f}s - {_duration(taken / max(steps, 1))}/step{_numbers(logs)}\n")

    def _line(self, done: int, seconds: str, logs: Mapping[str, Any], end: str) -> None:
        filled = WIDTH * done // self._steps
        per_step = _duration((time.perf_counter() - self._started) / max(done, 1))
        text = f"{done}/{self._steps} {'━' * filled}{'─' * (WIDTH - filled)} {seconds} {per_step}/step{_numbers(logs)}"
        self._write(("\r" if self._live else "") + text.ljust(self._shown) + end)
        self._shown = len(text)
