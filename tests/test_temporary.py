"""Temporary folders: whatever interrupts or kills, nothing stays; what lives is left alone."""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from interrupting import UNCLOSED, every_moment
from normexp import _temporary
from normexp._temporary import TemporaryFolder, own_name, sweep


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A place for temporary folders of this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ended_process():
    """Number and start of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = _temporary._started(process.pid)
    process.communicate(b"\n")
    return process.pid, started


def name_of(process, started, before="normexp-", after=""):
    return f"{before}{_temporary._place()}-{process}-{started}-00c0ffee{after}"


def test_a_folder_is_there_until_it_is_closed_or_dropped(place):
    with TemporaryFolder() as folder:
        (folder.path / "spill").mkdir()
        (folder.path / "spill/some").write_text("data")
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert [path.name for path in place.iterdir()] == [folder.path.name]
    assert list(place.iterdir()) == []
    folder.close()
    dropped = TemporaryFolder()
    assert dropped.path.is_dir()
    del dropped
    assert list(place.iterdir()) == []


def test_leftovers_of_the_dead_are_swept_and_all_else_is_left(place):
    process, started = ended_process()
    living = own_name("normexp-")
    kept = [living, name_of(process, started)[:-1], "normexp-k3h4kj5h", f"normexp-00000000-{process}-{started}-00c0ffee", name_of(process, started, "other-")]
    for name in [name_of(process, started), name_of(os.getpid(), 1), *kept]:  # the second: another process had our number
        (place / name).mkdir()
        (place / name / "data").write_text("data")
    target = place / "target"
    target.mkdir()
    (place / (name_of(process, started)[:-1] + "0")).symlink_to(target)
    TemporaryFolder().close()
    assert {path.name for path in place.iterdir()} == {*kept, "target", name_of(process, started)[:-1] + "0"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give folders away")
def test_another_users_leftover_is_left(place):
    process, started = ended_process()
    (place / name_of(process, started)).mkdir()
    os.chown(place / name_of(process, started), 12345, 12345)
    TemporaryFolder().close()
    assert (place / name_of(process, started)).is_dir()


def test_a_zombie_is_dead():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert _temporary._started(process.pid) is None


def test_where_the_system_does_not_say_when_a_process_started(monkeypatch):
    class Nowhere(type(Path())):
        def __new__(cls, path):
            return Path("/nowhere" + path)

    process, _ = ended_process()
    monkeypatch.setattr(_temporary, "Path", Nowhere)
    assert _temporary._started(os.getpid()) == 0
    assert _temporary._started(process) is None


def test_sweepers_in_a_race_are_harmless(place):
    process, started = ended_process()
    for i in range(40):
        leftover = place / (name_of(process, started)[:-2] + f"{i:02d}")
        leftover.mkdir()
        for j in range(20):
            (leftover / str(j)).write_text("data")
    failures = []
    monitor = threading.excepthook
    threading.excepthook = failures.append
    sweepers = [threading.Thread(target=sweep, args=(place, "normexp-")) for _ in range(4)]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()
    threading.excepthook = monitor
    assert failures == []
    assert list(place.iterdir()) == []


def test_without_a_place_there_is_a_sentence(monkeypatch):
    def none_found():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none_found)
    with pytest.raises(FileNotFoundError, match=r"expected a folder for temporary files, got none .* set TMPDIR to another"):
        TemporaryFolder()


def test_a_forked_child_leaves_the_parents_alone(place):
    script = "import os, sys; from normexp._temporary import TemporaryFolder; folder = TemporaryFolder()\nif os.fork() == 0: sys.exit(0)\nos.wait(); assert folder.path.is_dir()"
    assert subprocess.run([sys.executable, "-c", script], env={**os.environ, "TMPDIR": str(place)}).returncode == 0
    assert list(place.iterdir()) == []


@UNCLOSED
def test_an_interrupt_at_any_bytecode_leaves_no_folder(place):
    def use_a_folder():
        with TemporaryFolder() as folder:
            (folder.path / "some").touch()

    moments = 0
    for moments in every_moment(use_a_folder):
        _temporary.remove_owned()  # as at exit; where dropping the object was interrupted too
        assert list(place.iterdir()) == [], moments
    assert moments > 100
