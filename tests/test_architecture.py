"""docs/architecture.md tells the truth: its picture, its walk, its answers; CONTRIBUTING names every room."""

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from normexp.network import Loss, Optimizer
from normexp.network._layers import ACTIVATIONS, KINDS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/architecture.md").read_text()
sys.path.insert(0, str(ROOT / "docs"))
import draw_rooms  # noqa: E402

CHANGES = (
    "a new activation", "a new source of tables", "a new score", "a new figure", "a wrong probability for a missing category", "a new command", "a faster exp on AVX2",
    "a new callback", "a change of the model file", "a new update rule",
)  # fmt: skip
# The first call of each function of normexp in one run of the command line, in order.
FOLLOW = """
import json, sys
from normexp.cli import run
called = {}
def note(frame, event, _):
    code = frame.f_code
    if event == "call":
        called.setdefault((code.co_filename, code.co_qualname), len(called))
sys.setprofile(note)
code = run(sys.argv[1:])
sys.setprofile(None)
assert code == 0
print(json.dumps([list(key) for key in called]), file=sys.stderr)
"""


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line.startswith("| ")][2:]


def test_the_picture_is_drawn_from_the_imports_as_they_are():
    assert draw_rooms.PICTURE.read_text() == draw_rooms.picture(), "run: python docs/draw_rooms.py"
    assert f"](images/{draw_rooms.PICTURE.name})" in PAGE


PYTHON, NATIVE = (draw_rooms.python_levels(), draw_rooms.python_arrows()), (draw_rooms.NATIVE_LEVELS, draw_rooms.native_arrows())


@pytest.mark.parametrize(("levels", "arrows"), [PYTHON, NATIVE], ids=["Python", "C++"])
def test_every_arrow_goes_down(levels, arrows):
    """As import-linter says, and for imports of type checkers too."""
    level = {(room if room in arrows else f"native/{room}"): i for i, rooms in enumerate(levels) for room in rooms}
    assert set(arrows) == set(level)
    assert sum(map(len, arrows.values())) > 5
    for room, targets in arrows.items():
        for target in targets - {"native/border"}:
            assert level[room] < level[target], f"{room} -> {target}"


def test_an_arrow_that_follows_from_others_is_left_out():
    assert draw_rooms.reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_the_walk_is_what_happens(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,y\n" + "".join(f"{i % 3},{'pq'[i % 2]},{'uvw'[i % 3]}\n" for i in range(60)))
    for arguments in (["train", "t.csv", "--target", "y", "--epochs", "9"], ["predict", "t.safetensors", "t.csv"]):
        done = subprocess.run([sys.executable, "-c", FOLLOW, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    found = [(Path(file), name) for file, name in json.loads(done.stderr.splitlines()[-1])]
    walk = [(file.strip("`"), function.strip("`")) for file, function, _ in rows("From a cell of a CSV to a probability")]
    places = [next(i for i, (path, name) in enumerate(found) if path == ROOT / "src/normexp" / file and name.split(".")[-1] == function)
              for file, function in walk if not file.startswith("native/")]  # fmt: skip
    assert len(places) > 12
    assert all(first < second for first, second in pairwise(places)), [walk, places]
    for file, function in walk:
        if file.startswith("native/"):
            assert re.search(rf"\b{function}\(", (ROOT / file).read_text()), file


def test_each_change_has_its_room():
    answers = {change: (room.strip("`"), text) for change, room, text in rows("Where a change begins")}
    assert tuple(answers) == CHANGES
    for room, text in answers.values():
        files = re.findall(r"`([\w/]+\.\w+)` beside `(\w+)`", text)
        assert (ROOT / room).is_dir()
        assert files[0][0].startswith(room)
        for file, word in files:
            assert re.search(rf"\b{word}\b", (ROOT / file).read_text()), (file, word)


@pytest.mark.parametrize(("header", "enum", "names"), [
    ("base/operands.hpp", "Activation", ACTIVATIONS), ("network/layer.hpp", "LayerKind", KINDS), ("network/loss.hpp", "LossKind", Loss.KINDS),
    ("base/operands.hpp", "Rule", Optimizer.RULES),
])  # fmt: skip
def test_both_languages_have_the_same_names_in_the_same_order(header, enum, names):
    found = re.search(rf"enum class {enum} : int {{ (.+?) }};", (ROOT / "native" / header).read_text())[1]
    assert tuple(found.split(", ")) == names


def test_contributing_names_every_room():
    """Its table is the tree: all folders of the core and of the package, and no other."""
    table = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    named = {name.rstrip("/") for cell in table for name in re.findall(r"`([^`]+)`", cell)}
    folders = {path.parent for pattern in ("native/*/*.hpp", "src/normexp/*/__init__.py", "src/*/__init__.py") for path in ROOT.glob(pattern)} - {ROOT / "src/normexp"}
    wanted = {str(folder.relative_to(ROOT)) for folder in folders}
    assert {name for name in named if name.startswith(("native", "src"))} == wanted
    assert all((ROOT / name).exists() for name in named)
