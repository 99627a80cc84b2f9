"""Pipes are read once and to a limit; devices and folders are refused."""

import gzip
import os
import subprocess
import threading

import pytest

from normexp import DataError
from normexp.tables import read
from one_table import TEXT, assert_right
from tabling import told


def test_a_fifo_is_read_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(gzip.compress(TEXT.encode())))
    writer.start()
    assert_right(told(tmp_path / "pipe"))
    writer.join()


def test_devices_and_folders_are_refused(tmp_path):
    for name in ("/dev/zero", "/dev/null"):
        with pytest.raises(DataError, match=rf"got a device \({name}\)|got an empty file|got zero bytes"):
            read(name)
    with pytest.raises(DataError, match=r"expected a file, got the folder '.*'; name the files, for example '.*/\*.csv'"):
        read(tmp_path)


def test_an_endless_pipe_ends_at_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("normexp.tables.sources.files._bytes.MOST_STREAMED", 3 << 20)
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["sh", "-c", f"exec yes 1,2 > '{tmp_path}/pipe'"], stderr=subprocess.DEVNULL) as endless:
        with pytest.raises(DataError, match=r"expected a stream of at most .*, got more \(.*pipe\); write it to a file first"):
            read(tmp_path / "pipe")
        assert endless.wait(20) != 0
