"""The door of the command line: signals first, then is there room, then `normexp.cli`."""

try:
    import os
    import resource
    import sys
    import threading

    from normexp_command.signals import ignore_signals, listen
except KeyboardInterrupt:
    import posix

    posix._exit(130)

__all__ = ["main"]

NO_ROOM = b"normexp: error: not enough memory to start; raise the limit on the address space (ulimit -v), if there is one, or use a machine with more\n"


def main() -> None:
    """Run the command line of this process and exit."""
    listen()
    code = _run()
    ignore_signals()  # the work is done, and the interpreter takes some time to end
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
