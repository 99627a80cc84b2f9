"""What the system refuses, in our words, whichever library was refused."""

import errno
import threading
from pathlib import Path

import duckdb
import numpy as np
import pytest

from normexp._atomic import replaced
from normexp._system import is_interrupt, system_failure
from normexp.errors import DataError


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (MemoryError(), "not enough memory; use fewer"), (MemoryError("std::bad_alloc"), "not enough memory: std::bad_alloc; use fewer"),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate 16.0 MiB (1 MiB used)\n\nPossible solutions:"), ": failed to allocate 16.0 MiB (1 MiB used); use"),
        (RuntimeError("can't start new thread"), ": can't start new thread; use"), (RuntimeError("Resource temporarily unavailable"), ": Resource temporarily unavailable; use"),
        (ImportError("libx.so: failed to map segment from shared object"), "failed to map"), (OSError(errno.ENOMEM, "Cannot allocate memory"), "Cannot allocate memory"),
        (duckdb.FatalException("FATAL Error: std::bad_alloc"), "std::bad_alloc"), (caused(DataError("expected a readable table"), MemoryError("deep")), ": deep; use"),
    ],
)  # fmt: skip
def test_lack_of_memory_has_one_sentence(error, detail):
    failure = system_failure(error)
    assert isinstance(failure, MemoryError)
    assert str(failure).startswith("not enough memory")
    assert detail in str(failure)
    assert system_failure(failure) is failure


def test_numpys_lack_of_memory():
    with pytest.raises(MemoryError) as caught:
        np.ones(1 << 60, np.uint8)
    assert str(system_failure(caught.value)).startswith("not enough memory: Unable to allocate 1.00 EiB for an array")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "expected room for 'm', got a full disk (No space left on device); make room, or write somewhere else"),
        (OSError(errno.EROFS, "…", "x"), "expected a disk that can be written to for 'm', got a read-only one (Read-only file system); have it mounted for writing"),
        (OSError(errno.EIO, "…"), "expected a disk that works for 'm', got one that fails (Input/output error); have it mended"),
        (OSError(errno.EDQUOT, "…"), "got a used-up quota"), (OSError(errno.EFBIG, "…"), "got a limit on the size of files (File too large)"),
        (duckdb.IOException('IO Error: Could not write file "p.csv": No space left on device'), "expected room for 'm', got a full disk"),
        (duckdb.OutOfMemoryException("Out of Memory Error: This limit was set by the 'max_temp_directory_size' setting"), "expected room for 'm', got a full disk"),
    ],
)  # fmt: skip
def test_a_disk_that_refuses_has_one_sentence(error, words):
    failure = system_failure(error, Path("m"))
    assert isinstance(failure, OSError)
    assert words in str(failure)
    assert failure.errno in (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT, errno.EFBIG)
    assert system_failure(failure) is failure


def test_without_a_place_the_errors_own_is_named():
    assert "for 'there', got" in str(system_failure(OSError(errno.ENOSPC, "…", "there")))
    assert "for what is written, got" in str(system_failure(OSError(errno.ENOSPC, "…")))
    assert "room for standard output, got" in str(system_failure(OSError(errno.ENOSPC, "…"), "standard output"))


@pytest.mark.parametrize("error", [ValueError("std::bad_alloc"), OSError(errno.ENOENT, "no"), KeyError("a"), RuntimeError("else"), duckdb.IOException("IO Error: else")])
def test_other_errors_are_none(error):
    assert system_failure(error) is None
    loop = RuntimeError("a cause of itself")
    assert system_failure(caused(loop, loop)) is None


def test_an_output_on_a_full_disk(tmp_path):
    with pytest.raises(OSError, match=r"expected room for '.*/m', got a full disk") as caught, replaced(tmp_path / "m"):
        raise duckdb.IOException("IO Error: No space left on device")
    assert caught.value.errno == errno.ENOSPC
    with pytest.raises(MemoryError, match="not enough memory: same"), replaced(tmp_path / "m"):
        raise MemoryError("not enough memory: same")
    assert list(tmp_path.iterdir()) == []


def test_what_duckdb_raises_while_an_output_is_written(tmp_path):
    with pytest.raises(OSError, match=r"expected '.*/m' to be written, got an error from its writer: IO Error: Cannot open; write somewhere else"), replaced(tmp_path / "m"):
        raise duckdb.IOException("IO Error: Cannot open\nmore")
    with pytest.raises(KeyboardInterrupt), replaced(tmp_path / "m"):
        raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
    with pytest.raises(ValueError, match="mine"), replaced(tmp_path / "m"):
        raise ValueError("mine")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_query_is_told_from_other_errors():
    connection = duckdb.connect()
    threading.Timer(0.2, connection.interrupt).start()
    with pytest.raises((duckdb.Error, RuntimeError)) as caught:
        connection.execute("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b").fetchall()
    assert is_interrupt(caught.value)
    assert is_interrupt(RuntimeError("Query interrupted"))
    assert not is_interrupt(RuntimeError("else"))
    assert not is_interrupt(duckdb.IOException("else"))
