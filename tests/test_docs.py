"""Every Python example in README and docs runs, and so do the README's commands, one after the other."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if ">>>" in path.read_text()]

README = (ROOT / "README.md").read_text()
LINES = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_examples_run(page):
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name)
def test_files_that_a_page_names_are_there(page):
    named = re.findall(r"`((?:tests|src|benchmarks|native|docs|examples|\.ci)/[\w./-]*\w)/?`", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_commands_of_the_readme_run_in_their_order(tmp_path):
    """In an empty folder: nobody who reads it has a table yet."""
    commands = [line for line in LINES if line.startswith("normexp ")]
    assert {command.split()[1] for command in commands} == {"train", "tune", "explain", "predict", "evaluate", "report", "learn"}
    for command in commands:
        ended = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=300, env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        )
        assert ended.returncode == 0, (command, ended.stderr)
    assert {path.name for path in tmp_path.iterdir()} >= {"wine.safetensors", "wine.html", "predictions.csv", "later.html"}


def test_what_else_the_readme_types_is_there():
    """Its other lines are targets of the Makefile and the way to the command."""
    others = [line.partition("#")[0].strip() for line in LINES if not line.startswith("normexp ")]
    makefile = (ROOT / "Makefile").read_text()
    assert 'export PATH="$PWD/.venv/bin:$PATH"' in others
    for line in others:
        assert line.startswith("export PATH=") or re.search(rf"^{line.removeprefix('make ')}:", makefile, re.MULTILINE), line
    assert "BIN := .venv/bin" in makefile
