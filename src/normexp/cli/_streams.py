"""Standard streams that hold: closed ones, those of another encoding, and those that nobody reads any more."""

import codecs
import io
import os
import sys
from contextlib import suppress

from normexp._system import system_failure

__all__ = ["finish_output", "let_go_of_output", "prepare_streams"]


def prepare_streams() -> None:
    """Give closed streams a place, so that no file that is opened later gets their number, and let every name be printed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # the wrong way round: who reads or writes it learns that it is closed; errors have nowhere to go
            os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_WRONLY)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii" and "PYTHONIOENCODING" not in os.environ
            stream.reconfigure(encoding="utf-8" if is_ascii else stream.encoding, errors="backslashreplace")


def finish_output() -> None:
    """Write what is left; what cannot be written is an error here, not at exit."""
    try:
        sys.stdout.flush()
    except OSError as error:
        failure = system_failure(error, "standard output")
        if failure is None:
            raise
        raise failure from error


def let_go_of_output() -> None:
    """Nothing more can be written to standard output: what is left goes nowhere."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
