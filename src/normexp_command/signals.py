"""What a signal does to the command line.

An interrupt ends the process at once, wherever it is: what it has made is removed, one line is written, and nothing is unwound, so no library can
swallow it, nor turn it into an error of its own or a traceback. Only inside `raising()` it is a KeyboardInterrupt, for a fit that keeps its best model.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

__all__ = ["exit_code", "ignore_signals", "listen", "raising"]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_received: list[int] = []  # signals that became a KeyboardInterrupt


def listen() -> None:
    """From here on signals end the process, but those that are ignored."""
    try:
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):  # nohup ignores hang-ups, a shell's background job interrupts
                signal.signal(number, _end)
        sys.excepthook, sys.unraisablehook = _on_exception, _on_unraisable
    except KeyboardInterrupt:  # of the handler that Python starts with
        os._exit(130)


def ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _end(number: int, _frame: FrameType | None) -> None:
    """End the process, leaving nothing behind."""
    ignore_signals()
    try:
        remove_owned = getattr(sys.modules.get("normexp._temporary"), "remove_owned", None)
        if remove_owned is not None:
            remove_owned()
        os.write(2, b"normexp: interrupted\n")
    finally:
        os._exit(128 + number)


def _raise(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt


def _raise_once(number: int, frame: FrameType | None) -> None:
    for other in SIGNALS:
        if signal.getsignal(other) is _raise_once:
            signal.signal(other, _end)
    _raise(number, frame)


def _on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Some libraries print what they make into an error of their own; an interrupt is no traceback."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


def _on_unraisable(lost: "sys.UnraisableHookArgs") -> None:
    """A KeyboardInterrupt that hit code which cannot raise, such as `__del__`, comes once more, a little later."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        threading.Timer(0.02, os.kill, (os.getpid(), _received[-1] if _received else signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(lost)


@contextmanager
def raising(*, once: bool = False) -> Iterator[None]:
    """Inside, a signal that would end the process is a KeyboardInterrupt; of a caller with handlers of its own nothing changes. With `once` a second one ends the process."""
    ours = [number for number in SIGNALS if signal.getsignal(number) is _end]
    try:
        for number in ours:
            signal.signal(number, _raise_once if once else _raise)
        yield
    finally:
        for number in ours:
            signal.signal(number, _end)


def exit_code() -> int | None:
    """128 and the number of the signal that was raised, None if there was none."""
    return 128 + _received[0] if _received else None
