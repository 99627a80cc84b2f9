"""The door of the command line, which listens to signals before anything else is imported: NumPy alone takes a tenth of a second.

An interrupt ends the process at once, wherever it is: what it has made is removed, one line is written, and nothing is unwound, so no library can
swallow it, nor turn it into an error of its own or a traceback. Only inside `raising()` it is a KeyboardInterrupt, for a fit that keeps its best model.
"""

try:
    import os
    import resource
    import signal
    import sys
    import threading
    from collections.abc import Iterator
    from contextlib import contextmanager
    from types import FrameType, TracebackType
except KeyboardInterrupt:
    import posix

    posix._exit(130)

__all__ = ["exit_code", "main", "raising"]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NO_ROOM = b"normexp: error: not enough memory to start; raise the limit on the address space (ulimit -v), if there is one, or use a machine with more\n"
_received: list[int] = []  # signals that became a KeyboardInterrupt


def main() -> None:
    """Run the command line of this process and exit."""
    try:
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):  # nohup ignores hang-ups, a shell's background job interrupts
                signal.signal(number, _end)
        sys.excepthook, sys.unraisablehook = _on_exception, _on_unraisable
    except KeyboardInterrupt:  # of the handler that Python starts with
        os._exit(130)
    code = _run()
    for number in SIGNALS:  # the work is done, and the interpreter takes some time to end
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


def _run() -> int:
    if not _has_room():
        os.write(2, NO_ROOM)
        return 1
    try:
        from normexp.cli import run
    except (ImportError, MemoryError, OSError) as error:  # a library for which there is no room
        if "--debug" in sys.argv or not _is_lack_of_memory(error):
            raise
        os.write(2, NO_ROOM)
        return 1
    return run(sys.argv[1:])


def _has_room() -> bool:
    """Under a limit on the address space, libraries end the process when a thread of theirs finds none left. So it must hold what a small table takes: measured,
    0.7 to 1 GB with 2 threads, each of which has a stack and a heap."""
    limit, processors = resource.getrlimit(resource.RLIMIT_AS)[0], os.cpu_count() or 1
    if limit != resource.RLIM_INFINITY or not _can_start(2 * processors):
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return limit == resource.RLIM_INFINITY or limit >= (1000 + 128 * processors) << 20


def _can_start(n: int) -> bool:
    """OpenBLAS, of which NumPy and SciPy bring one each, interrupts its own process when a thread does not start. So as many are tried before."""
    go_on = threading.Event()
    threads = [threading.Thread(target=go_on.wait) for _ in range(n)]
    started = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
    except RuntimeError:
        return False
    finally:
        go_on.set()
        for thread in started:
            thread.join()
    return True


def _is_lack_of_memory(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, MemoryError) and not any(words in str(error) for words in ("annot allocate memory", "failed to map segment", "bad_alloc")):
        error = error.__cause__ or error.__context__
    return error is not None


def _end(number: int, _frame: FrameType | None) -> None:
    """End the process, leaving nothing behind."""
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
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
def raising() -> Iterator[None]:
    """Inside, a signal that would end the process is a KeyboardInterrupt; of a caller with handlers of its own nothing changes."""
    ours = [number for number in SIGNALS if signal.getsignal(number) is _end]
    try:
        for number in ours:
            signal.signal(number, _raise)
        yield
    finally:
        for number in ours:
            signal.signal(number, _end)


def exit_code() -> int | None:
    """128 and the number of the signal that was raised, None if there was none."""
    return 128 + _received[0] if _received else None
