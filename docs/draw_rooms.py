"""Draws docs/images/rooms.svg, the picture of docs/architecture.md: rooms from the imports and includes as they are, levels from the contract in pyproject.toml.

    python docs/draw_rooms.py          (a test says when the picture is old)

An arrow says who imports whom; one that follows from others is left out, so that the picture can be read.
"""

import ast
import re
import textwrap
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs/images/rooms.svg"
NATIVE_LEVELS = (("border",), ("family", "columns", "network", "trees", "kernels"), ("dispatch",), ("base",))
COLUMNS = {  # where a box is drawn; the picture alone depends on it
    "cli": 1.5, "report": 1, "learn": 3, "experiments": 1,
    "plots": 0, "saving": 2, "explanation": 0, "classifier": 2, "keras": 3, "cluster": 1, "recipe": 1, "model": 1, "network": 2, "trees": 3, "evaluation": 0,
    "tables": 1, "functional": 0, "native/border": 1, "native/family": 0, "native/network": 2, "native/trees": 3, "native/columns": 1,
    "native/kernels": 4, "native/dispatch": 1.5, "native/base": 1.5,
}  # fmt: skip
BOX, STEP, ROW, MARGIN = (226, 58), 256, 96, 24
LETTERS = 38  # of a line in a box
Graph = dict[str, set[str]]


def python_levels() -> list[tuple[str, ...]]:
    """The rooms that exist, highest first, as the contract has them; files without a folder are rooms too."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    levels = [tuple(name.strip("() ") for name in layer.split("|")) for layer in contract["layers"]]
    source = ROOT / "src/normexp"
    return [found for level in levels if (found := tuple(name for name in level if (source / name).is_dir() or (source / f"{name}.py").is_file()))]


def imported(path: Path) -> set[str]:
    """Modules of ours that a file imports, wherever it says so: at its top, in a function, for type checkers. Only the root's names are not followed."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("normexp.")}


def python_arrows() -> Graph:
    """From each room to those whose files it imports; the compiled core is known by its border."""
    source, arrows = ROOT / "src/normexp", {}
    rooms = {room for level in python_levels() for room in level}
    for room in rooms:
        files = sorted((source / room).rglob("*.py")) if (source / room).is_dir() else [source / f"{room}.py"]
        targets = {name.split(".")[1] for path in files for name in imported(path)}
        arrows[room] = {"native/border" if target == "_native" else target for target in targets & (rooms | {"_native"}) - {room}}
    return arrows


def native_arrows() -> Graph:
    """From each folder of native/ to those whose files it includes."""
    arrows: Graph = {f"native/{room}": set() for level in NATIVE_LEVELS for room in level}
    for room in arrows:
        for path in sorted((ROOT / room).glob("*.[ch]pp")):
            arrows[room] |= {f"native/{name.split('/')[0]}" for name in re.findall(r'^#include "(.+)"', path.read_text(), re.MULTILINE)} - {room}
    return arrows


def reduced(arrows: Graph) -> Graph:
    """Without the arrows that follow from others."""

    def reachable(room: str) -> set[str]:
        return {room}.union(*(reachable(target) for target in arrows[room]))

    return {room: {target for target in targets if not any(target in reachable(other) for other in targets - {target})} for room, targets in arrows.items()}


def purpose(room: str) -> str:
    """What a room is for, in its own words: the docstring of a package, the first header of a native folder."""
    if room.startswith("native/"):
        text = min((ROOT / room).glob("*.hpp")).read_text().split("\n#")[0].replace("\n//", "")
        found = re.search(r"Room: \w+ - (.+?)\. May include", text)
        if found is None:
            raise ValueError(f"expected '// Room: NAME - PURPOSE. May include: …' in the first header of {room}, got none")
        return found[1]
    return (ast.get_docstring(ast.parse((ROOT / "src/normexp" / room / "__init__.py").read_text())) or "").split("\n\n")[0].replace("\n", " ").rstrip(".")


# ---- the picture


def places() -> dict[str, tuple[float, float]]:
    """The upper left corner of each room that has a folder."""
    levels = [tuple(room for room in level if not room.startswith("_") and room != "errors") for level in python_levels()]
    levels = [level for level in levels if level] + [tuple(f"native/{room}" for room in level) for level in NATIVE_LEVELS]
    return {room: (MARGIN + COLUMNS.get(room, 1) * STEP, MARGIN + row * ROW + (ROW // 2) * room.startswith("native/")) for row, level in enumerate(levels) for room in level}


def crosses(x: float, top: float, x_end: float, bottom: float, boxes: list[tuple[float, float]]) -> bool:
    """Does a line run through one of the boxes?"""
    for left, upper in boxes:
        for y in (upper, upper + BOX[1] / 2, upper + BOX[1]):
            at = x + (x_end - x) * (y - top) / (bottom - top)
            if top < y < bottom and left - 6 < at < left + BOX[0] + 6:
                return True
    return False


def route(start: tuple[float, float], end: tuple[float, float], boxes: list[tuple[float, float]], taken: list[float]) -> str:
    """Straight, or by way of the channel between two columns that is nearest and free."""
    (x, top), (x_end, bottom) = (start[0] + BOX[0] / 2, start[1] + BOX[1]), (end[0] + BOX[0] / 2, end[1])
    if not crosses(x, top, x_end, bottom, boxes):
        return f"M{x:g} {top:g}L{x_end:g} {bottom - 5:g}"
    channels = [MARGIN + column * STEP + BOX[0] + (STEP - BOX[0]) / 2 + shift for column in (-1, 0, 1, 2, 3) for shift in (-8, 0, 8)]
    free = [c for c in channels if c not in taken and not crosses(c, top + 12, c, bottom - 12, boxes)]
    channel = min(free, key=lambda c: abs(c - x) + abs(c - x_end))
    taken.append(channel)
    leave, arrive = (x + (30 if channel > x else -30)), (x_end + (30 if channel > x_end else -30))
    bends = f"C{leave:g} {top + 26:g} {channel:g} {top + 6:g} {channel:g} {top + 34:g}", f"C{channel:g} {bottom - 8:g} {arrive:g} {bottom - 30:g} {arrive:g} {bottom - 5:g}"
    return f"M{leave:g} {top:g}{bends[0]}L{channel:g} {bottom - 38:g}{bends[1]}"


def box(room: str, x: float, y: float) -> str:
    name, style = room.removeprefix("native/"), "native" if room.startswith("native/") else "room"
    lines = textwrap.wrap(purpose(room), LETTERS, max_lines=2, placeholder=" …")
    words = "".join(f'<text x="{x + 10:g}" y="{y + 33 + 14 * i:g}" class="purpose">{escape(line)}</text>' for i, line in enumerate(lines))
    return (f'<rect x="{x:g}" y="{y:g}" width="{BOX[0]}" height="{BOX[1]}" rx="6" class="{style}"><title>{escape(purpose(room))}</title></rect>'
            f'<text x="{x + 10:g}" y="{y + 17:g}" class="name">{escape(name)}/</text>{words}')  # fmt: skip


STYLE = """
  text { font-family: system-ui, sans-serif; fill: #1b1f24 }
  .name { font-size: 14px; font-weight: 600 } .purpose { font-size: 10.5px; fill: #57606a }
  .floor { font-size: 12px; fill: #57606a; paint-order: stroke; stroke: #fff; stroke-width: 6px }
  .room { fill: #eef4fb; stroke: #3b6fa8 } .native { fill: #fbf3ea; stroke: #a8703b } .arrow { fill: none; stroke: #8c959f; stroke-width: 1.4 }
"""


def picture() -> str:
    """The SVG: equal rooms and arrows give equal bytes."""
    at, arrows = places(), reduced(python_arrows() | native_arrows())
    lines, taken = [], list[float]()
    for room in at:
        for target in sorted(arrows[room] & set(at), key=lambda target: at[target]):
            others = [corner for name, corner in at.items() if name not in (room, target)]
            lines.append(f'<path d="{route(at[room], at[target], others, taken)}" class="arrow" marker-end="url(#head)"/>')
    files = [room for level in python_levels() for room in level if room not in at]
    floor = min(y for room, (_, y) in at.items() if room.startswith("native/")) - 26
    width, height = max(x for x, _ in at.values()) + BOX[0] + MARGIN, max(y for _, y in at.values()) + BOX[1] + MARGIN
    boxes = "\n".join(box(room, *corner) for room, corner in at.items())
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    return f'''<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="The rooms of normexp and who imports whom">
<style>{STYLE}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#8c959f"/></marker></defs>
<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>
{chr(10).join(lines)}
{boxes}
<line x1="0" x2="{width:g}" y1="{floor:g}" y2="{floor:g}" stroke="#d0d7de" stroke-dasharray="4 4"/>
<text x="{MARGIN}" y="{floor - 8:g}" class="floor">below all rooms, without arrows: {escape(", ".join(files))}</text>
<text x="{width - MARGIN:g}" y="{floor + 18:g}" class="floor" text-anchor="end">native/, C++</text>
</svg>
'''


if __name__ == "__main__":
    PICTURE.write_text(picture())
    print(f"picture: {PICTURE.relative_to(ROOT)}")
