"""Outputs are old or whole, whatever interrupts or kills, and what is no file is not replaced."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from interrupting import UNCLOSED, every_moment
from normexp._atomic import replaced


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A place for temporary folders of this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@UNCLOSED
def test_an_interrupt_at_any_bytecode_leaves_an_output_old_or_whole(place):
    output = place / "m.bin"

    def write():
        with replaced(output) as temporary:
            temporary.write_bytes(b"new")

    found = set()
    output.write_bytes(b"old")
    for moment in every_moment(write):
        assert [path.name for path in place.iterdir()] == ["m.bin"], moment
        found.add(output.read_bytes())
        output.write_bytes(b"old")
    assert found == {b"old", b"new"}


def test_a_killed_writers_leftover_goes_with_the_next_write(place):
    script = "import os, sys; from pathlib import Path; from normexp._atomic import replaced\nwith replaced(Path(sys.argv[1])) as t: t.write_text('half'); os.kill(os.getpid(), 9)"
    for name in ("m.safetensors", "other.csv"):
        assert subprocess.run([sys.executable, "-c", script, str(place / name)]).returncode == -signal.SIGKILL
    assert len(list(place.iterdir())) == 2
    with replaced(place / "m.safetensors") as temporary:
        temporary.write_text("whole")
    names = sorted(path.name for path in place.iterdir())
    assert len(names) == 2
    assert names[0].startswith(".other.csv.")
    assert names[1] == "m.safetensors"


def test_very_long_names_and_endings(place):
    for name in ("é" * 120 + ".csv", "a." + "b" * 240):
        with replaced(place / name) as temporary:
            temporary.write_text("whole")
        assert (place / name).read_text() == "whole"


def test_devices_and_pipes_are_not_replaced(place):
    os.mkfifo(place / "pipe")
    with pytest.raises(FileExistsError, match=r"expected a file to replace, got '.*pipe', which is none; choose another name"), replaced(place / "pipe"):
        pass
