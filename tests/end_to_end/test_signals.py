"""Signals at random moments, in every command: the exit code tells, and nothing is left behind.

A handful in an ordinary run; NORMEXP_SIGNALS=200 sends 200 interrupts and half as many kills.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import NORMEXP, run, table

import normexp

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="moments are measured by /proc")
HOW_OFTEN = int(os.environ.get("NORMEXP_SIGNALS", 0))
COMMANDS = {
    "train": (["train", "t.csv", "--target", "y", "-o", "new.safetensors", "--epochs", "30", "--report", "new.html", "--json"], ["new.safetensors", "new.html"]),
    "predict": (["predict", "m.safetensors", "t.csv", "-o", "new.csv"], ["new.csv"]),
    "predict standard input": (["predict", "m.safetensors", "-", "-o", "new.parquet"], ["new.parquet"]),
    "evaluate": (["evaluate", "m.safetensors", "t.csv", "--json"], []),
    "report": (["report", "m.safetensors", "t.csv", "-o", "new.html"], ["new.html"]),
}
OLD = b"what was there before"


def times(name, large):
    """The share of a command in so many signals; one in an ordinary run."""
    return max(1, (large + list(COMMANDS).index(name)) // len(COMMANDS))


def only_with_many():
    if not HOW_OFTEN:
        pytest.skip("NORMEXP_SIGNALS asks for every signal in every command")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, a model of it, a place for temporary folders."""
    folder = tmp_path_factory.mktemp("signals")
    (folder / "tmp").mkdir()
    rng = random.Random(0)
    points = [(rng.random(), rng.random(), rng.choice("xyz")) for _ in range(3000)]
    table(folder / "t.csv", "a,b,c,y", [(f"{a:.4f}", f"{b:.4f}", c, "pqr"[int(1.5 * (a + b))]) for a, b, c in points])
    ended = run("train", "t.csv", "--target", "y", "-o", "m.safetensors", "--epochs", 3, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope="module")
def work(folder):
    """How much a command works from the moment on which it listens to signals: seconds of its main thread, which other processes do not lengthen."""
    taken = {}

    def of(name):
        if name not in taken:
            process, begun, now = started(folder, name), None, 0.0
            while process.poll() is None:
                now = worked(process.pid) or now
                begun = now if begun is None else begun
                time.sleep(0.002)
            _, errors = process.communicate()
            assert process.returncode == 0, errors
            taken[name] = now - begun
        return taken[name]

    return of


def worked(pid):
    """Seconds that its main thread has run; 0 once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def started(folder, name):
    """The command, just when it begins to listen: Python's own start is not ours to guard."""
    listen = lambda: [signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGHUP)]  # noqa: E731  (a background job may have them ignored)
    with (folder / "t.csv").open("rb") as stdin:
        process = subprocess.Popen([NORMEXP, *COMMANDS[name][0]], cwd=folder, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "TMPDIR": str(folder / "tmp")}, preexec_fn=listen)  # fmt: skip
    while process.poll() is None and not catches(process.pid, signal.SIGTERM):
        time.sleep(0.001)
    return process


def catches(pid, number):
    line = next((line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt:")), "SigCgt: 0")
    return bool(int(line.split()[1], 16) >> (number - 1) & 1)


def with_old_outputs(folder, name):
    for output in COMMANDS[name][1]:
        (folder / output).write_bytes(OLD)


def assert_old_or_whole(folder, name):
    for output in (folder / output for output in COMMANDS[name][1]):
        content = output.read_bytes()
        if content == OLD:
            continue
        if output.suffix == ".safetensors":
            assert len(normexp.load(output).classes_) == 3
        elif output.suffix == ".html":
            assert content.rstrip().endswith(b"</html>")
        elif output.suffix == ".csv":
            assert content.endswith(b"\n")
            assert content.count(b"\n") == 3001
        else:
            assert (content[:4], content[-4:]) == (b"PAR1", b"PAR1")


def leftovers(folder):
    return [path.name for path in [*(folder / "tmp").iterdir(), *folder.glob(".*")]]


def struck(folder, name, number, moment, wait):
    """Exit code and messages of a command that got a signal after so much work, and a wait in which its other threads may work."""
    with_old_outputs(folder, name)
    process = started(folder, name)
    until = worked(process.pid) + moment
    while process.poll() is None and worked(process.pid) < until:
        time.sleep(0.0005)
    time.sleep(wait)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert_old_or_whole(folder, name)
    return process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("name", COMMANDS)
def test_an_interrupt_at_any_moment(name, number, folder, work):
    if number != signal.SIGINT and name != "predict":
        only_with_many()
    rng = random.Random(f"{name} {number}")
    codes = []
    for _ in range(times(name, HOW_OFTEN if number == signal.SIGINT else HOW_OFTEN // 10)):
        moment, wait = rng.uniform(0, work(name)), rng.uniform(0, 0.02)
        code, errors = struck(folder, name, number, moment, wait)
        assert code in (0, 128 + number), (moment, errors)
        assert (code == 0) != ("normexp: interrupted" in errors), (moment, errors)
        assert leftovers(folder) == [], moment
        codes.append(code)
    print(f"{name}, {number.name}: {len(codes)} times, finished {codes.count(0)}")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_kill_at_any_moment_and_the_next_run(name, folder, work):
    if name not in ("train", "predict standard input"):
        only_with_many()
    rng = random.Random(f"{name} kill")
    left = 0
    codes = []
    for _ in range(times(name, HOW_OFTEN // 2)):
        moment, wait = rng.uniform(0, work(name)), rng.uniform(0, 0.02)
        codes.append(struck(folder, name, signal.SIGKILL, moment, wait)[0])
        assert codes[-1] in (0, -signal.SIGKILL)
        left += bool(leftovers(folder))
        process = started(folder, name)
        assert process.communicate(timeout=120)[1].count("error") == 0
        assert (process.returncode, leftovers(folder)) == (0, []), moment
    print(f"{name}, SIGKILL: {len(codes)} times, finished {codes.count(0)}, left something {left} times, swept each time")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize("place", ["tmp", "."])
def test_a_signal_while_there_is_something_to_leave(folder, place, number):
    name, hits, wanted = "predict", 0, max(1, HOW_OFTEN // 10)
    for _ in range(10 * wanted):  # on a busy machine the moment may be missed
        if hits == wanted:
            break
        with_old_outputs(folder, name)
        process = started(folder, name)
        while process.poll() is None and not [*(folder / place).glob("normexp-*"), *(folder / place).glob(".new*")]:
            pass
        process.send_signal(number)
        process.communicate(timeout=60)
        hits += process.returncode != 0
        assert_old_or_whole(folder, name)
        if number == signal.SIGINT:
            assert leftovers(folder) == []
        else:
            assert started(folder, name).communicate(timeout=120)[1].count("error") == 0
            assert leftovers(folder) == []
    print(f"{number.name} while something lay in {place}: {hits} hits")
    assert hits
