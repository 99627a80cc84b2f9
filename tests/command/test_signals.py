"""What signals do inside and outside of a fit."""

import signal
import subprocess
import sys
import time

import pytest

from normexp_command import signals
from normexp_command.signals import raising


@pytest.fixture
def listening(monkeypatch):
    """As in a process of the command line."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signals._end)
    monkeypatch.setattr(signals, "_received", [])
    yield
    signal.signal(signal.SIGINT, before)


def test_inside_it_is_raised_and_the_code_remembered(listening):
    with raising():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert signals.exit_code() == 130
    assert signal.getsignal(signal.SIGINT) is signals._end


def test_handlers_of_others_are_left_alone():
    mine = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        before = [signal.getsignal(number) for number in signals.SIGNALS]
        with raising():
            assert [signal.getsignal(number) for number in signals.SIGNALS] == before
        assert signals.exit_code() is None
    finally:
        signal.signal(signal.SIGTERM, mine)


class InterruptedAtTheEnd:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_that_cannot_be_raised_comes_once_more(listening, monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", signals._on_unraisable)
    with raising():
        InterruptedAtTheEnd()
        with pytest.raises(KeyboardInterrupt):
            time.sleep(30)
    assert signals._received == [signal.SIGINT, signal.SIGINT]


def test_hooks_pass_on_what_is_no_interrupt(monkeypatch, capsys):
    signals._on_exception(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err == ""
    signals._on_exception(ValueError, ValueError("said"), None)
    assert "ValueError: said" in capsys.readouterr().err


END = """
import sys, time, signal; from normexp_command import signals
from normexp._temporary import TemporaryFolder
signal.signal(signal.SIGTERM, signals._end)
folder = TemporaryFolder()
print(folder.path, flush=True)
try:
    time.sleep(60)
finally:
    print("unwound")
"""


def test_outside_it_ends_the_process_and_removes_what_it_has_made(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", END], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"TMPDIR": str(tmp_path)})
    assert process.stdout.readline().startswith(str(tmp_path))
    time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, errors = process.communicate(timeout=30)
    assert (process.returncode, out, errors) == (143, "", "normexp: interrupted\n")
    assert list(tmp_path.iterdir()) == []
