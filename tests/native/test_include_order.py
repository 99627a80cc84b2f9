"""The rooms of the native core: who may include whom, as each says in its first header, and what the build compiles."""

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "native"
# base < dispatch < kernels | family | network | trees | columns < border; nobody includes kernels.
ROOMS = {
    "base": [],
    "dispatch": ["base"],
    "kernels": ["base", "dispatch"],
    "family": ["base", "dispatch"],
    "network": ["base", "dispatch"],
    "trees": ["base", "dispatch"],
    "columns": ["base"],
    "border": ["base", "dispatch", "family", "network", "trees", "columns"],
}
RULE = re.compile(r"// Room: (\w+) - [^\n]+\. May include: ([\w, ]+)\.\n")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
PYTHON = re.compile(r"(nanobind|numpy)/|Python\.h$")
FREESTANDING = {"cstddef", "cstdint", "emmintrin.h", "immintrin.h", "arm_neon.h"}


def stored() -> dict[str, str]:
    return {path.relative_to(NATIVE).as_posix(): path.read_text() for path in NATIVE.rglob("*") if path.is_file()}


def room_of(path: str) -> str:
    return path.rpartition("/")[0]


def sources(files: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    return {path: INCLUDE.findall(text) for path, text in files.items() if path.endswith((".cpp", ".hpp"))}


def wrong_includes(files: Mapping[str, str]) -> list[str]:
    found = []
    for path, includes in sources(files).items():
        room = room_of(path)
        for mark, target in includes:
            if mark == "<":
                if target in files:
                    found.append(f"{path}: expected quotes around {target}")
                if PYTHON.match(target) and room != "border":
                    found.append(f"{path}: {target} is for border alone")
            elif target not in files:
                found.append(f"{path}: no file {target}")
            elif room_of(target) not in [room, *ROOMS.get(room, [])]:
                found.append(f"{path}: {room} may not include {target}")
    return found


def wrong_rooms(files: Mapping[str, str]) -> list[str]:
    """Folders that are no rooms, first headers that do not say the rule, files that the build does not know."""
    folders = {room_of(path) for path in files} - {""}
    found = [f"{folder}: not a room" for folder in sorted(folders ^ ROOMS.keys())]
    for room in sorted(folders & ROOMS.keys()):
        first = min((path for path in files if room_of(path) == room and path.endswith(".hpp")), default="")
        rule = RULE.match(files.get(first, ""))
        if not rule or rule[1] != room or rule[2] != (", ".join(ROOMS[room]) or "nothing"):
            found.append(f"{first or room}: expected the room's name and what it may include in its first line")
        listed = re.findall(r"[\w.]+", files.get(f"{room}/CMakeLists.txt", ""))
        if not listed:
            found.append(f"{room}: no CMakeLists.txt")
        if not re.search(rf"^foreach\(room .*\b{room}\b", files["CMakeLists.txt"], re.MULTILINE):
            found.append(f"{room}: not in the build")
        found += [f"{path}: not in the room's CMakeLists.txt" for path in files if room_of(path) == room and path.endswith(".cpp") and path.rpartition("/")[2] not in listed]
    return found


def cycle(files: Mapping[str, str]) -> list[str]:
    try:
        TopologicalSorter({path: [target for _, target in includes if target in files] for path, includes in sources(files).items()}).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def reached(files: Mapping[str, str], path: str) -> set[str]:
    """The headers of others that a file brings in, through any of ours."""
    includes = sources(files)
    seen, todo = {path}, [path]
    while todo:
        new = {target for _, target in includes.get(todo.pop(), [])} - seen
        seen |= new
        todo += new
    return seen - files.keys()


def test_every_include_keeps_the_order():
    assert sum(map(len, sources(stored()).values())) > 100
    assert wrong_includes(stored()) == []


def test_every_room_says_its_rule_and_is_built():
    assert wrong_rooms(stored()) == []


def test_no_cycle():
    assert cycle(stored()) == []


def test_kernels_are_free_of_the_library():
    # a function of the library that is compiled for one instruction set could be linked in for all
    assert reached(stored(), "kernels/kernels.cpp") <= FREESTANDING


@pytest.mark.parametrize(
    ("path", "line", "message"),
    [
        ("base/vector.hpp", '#include "dispatch/dispatch.hpp"', "base/vector.hpp: base may not include dispatch/dispatch.hpp"),
        ("kernels/softmax.hpp", '#include "family/rows.hpp"', "kernels/softmax.hpp: kernels may not include family/rows.hpp"),
        ("border/module.cpp", '#  include "kernels/softmax.hpp"', "border/module.cpp: border may not include kernels/softmax.hpp"),
        ("family/rows.hpp", '#include "sharing.hpp"', "family/rows.hpp: no file sharing.hpp"),
        ("family/rows.hpp", "#include <base/threads.hpp>", "family/rows.hpp: expected quotes around base/threads.hpp"),
        ("columns/cell.hpp", "#include <Python.h>", "columns/cell.hpp: Python.h is for border alone"),
        ("network/layer.hpp", "#include <nanobind/nanobind.h>", "network/layer.hpp: nanobind/nanobind.h is for border alone"),
    ],
)
def test_a_wrong_include_is_found(path, line, message):
    files = stored()
    assert wrong_includes(files | {path: f"{files[path]}\n{line}\n"}) == [message]


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("utilities/text.hpp", "", "utilities: not a room"),
        ("base/aligned.hpp", "// Aligned memory.\n", "base/aligned.hpp: expected the room's name and what it may include in its first line"),
        ("family/forgotten.cpp", "", "family/forgotten.cpp: not in the room's CMakeLists.txt"),
        ("network/CMakeLists.txt", "optimizer.cpp prediction.cpp", "network/trainer.cpp: not in the room's CMakeLists.txt"),
    ],
)
def test_a_wrong_room_is_found(path, text, message):
    assert wrong_rooms(stored() | {path: text}) == [message]


def test_a_cycle_is_found():
    files = {"base/a.hpp": '#include "base/b.hpp"\n', "base/b.hpp": '#include "base/a.hpp"\n'}
    assert sorted(set(cycle(files))) == ["base/a.hpp", "base/b.hpp"]


def test_the_library_is_found_through_other_files():
    files = {"kernels/kernels.cpp": '#include "base/a.hpp"\n', "base/a.hpp": "#include <cstdint>\n#include <vector>\n"}
    assert reached(files, "kernels/kernels.cpp") == {"cstdint", "vector"}
