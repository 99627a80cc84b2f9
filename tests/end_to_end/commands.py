"""Run the command line as a user does."""

import csv
import io
import subprocess
import sys
from pathlib import Path

NORMEXP = str(Path(sys.executable).parent / "normexp")


def run(*arguments, cwd, stdin=None, **options):
    """The finished process, text in and out."""
    return subprocess.run([NORMEXP, *map(str, arguments)], cwd=cwd, input=stdin, capture_output=True, text=True, timeout=300, **options)


def table(path, header, rows):
    path.write_text("\n".join([header, *(",".join(str(cell) for cell in row) for row in rows)]) + "\n")
    return path


def colours(path, n=120):
    """A small table that can be learnt: a number, a category, a target."""
    return table(path, "size,colour,label", [[(i * 7 % 50) + 100 * (i % 3), ("red", "green", "blue")[i % 3], "abc"[i % 3]] for i in range(n)])


def assert_refused(ended, code, *words):
    """One message with these words, this exit code, and no traceback."""
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    errors = [line for line in ended.stderr.splitlines() if "error" in line.lower()]
    assert len(errors) == 1, ended.stderr
    for word in words:
        assert word in ended.stderr


def said(ended):
    """The notes, without what is put in front of them."""
    assert ended.returncode == 0, ended.stderr
    return [line.removeprefix("normexp: note: ") for line in ended.stderr.splitlines() if line.startswith("normexp: note: ")]


def answers(ended):
    """The rows of the predictions on standard output."""
    assert ended.returncode == 0, ended.stderr
    return list(csv.DictReader(io.StringIO(ended.stdout)))
