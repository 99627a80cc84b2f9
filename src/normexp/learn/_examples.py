"""The Python on the page, run from an empty namespace when the page is made: what is shown is what it gave."""

import ast
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np

import normexp
from normexp import functional

__all__ = ["EXAMPLES", "WIDTH", "Example", "rounded", "run_examples", "with_imports"]

WIDTH = 44  # of a line, in letters: that many stand side by side on a screen of 400 pixels
DIGITS = 6
EXAMPLES = {
    "logits": ("softmax([0.7, 1.5, 4.8])",),
    "softmax": ("z = np.array([0.7, 1.5, 4.8])", "np.exp(z)", "np.exp(z) / np.exp(z).sum()", "softmax(z)", "softmax(z).sum()"),
    "overflow": ("np.exp(709.0), np.exp(710.0)", "z = np.array([1000.0, 999.0, 998.0])", "np.exp(z) / np.exp(z).sum()", "softmax(z)", "softmax(z - 1000)"),
    "temperature": ("z = [1.0, 2.0, 3.0]", "softmax(z)", "softmax(z, temperature=5)", "softmax(z, temperature=0.1)", "softmax(z, temperature=0)", "np.argmax(z)"),
    "gradient": ("softmax_jacobian([2.0, 0.0])",),
    "sigmoid": (
        "softmax([2.0, 0.5])", "sigmoid(2.0 - 0.5)", "z = np.array([0.7, 1.5, 4.8])", "sigmoid(z[2] - logsumexp(z[:2]))", "softmax(z)[2]", "sigmoid(z)", "sigmoid(z).sum()",
    ),
    "loss": ("z = [-3.44, 1.16, -0.81, 3.91]", "softmax(z)", "cross_entropy(z, 3)", "-np.log(softmax(z)[3])"),
    "network": (
        "found = np.array([1.5, 0.0, 2.0])",
        "weights = np.array(\n    [[0.5, -1.0], [2.0, 0.3], [-0.4, 0.8]])", "biases = np.array([0.1, -0.2])", "z = found @ weights + biases",
        "z", "softmax(z)",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A statement of Python and what it gave, as text of at most six digits a number; empty for an import or an assignment."""

    line: str
    result: str

    @property
    def is_import(self) -> bool:
        return len(body := ast.parse(self.line).body) == 1 and isinstance(body[0], ast.Import | ast.ImportFrom)


def run_examples(chapters: dict[str, tuple[str, ...]] = EXAMPLES) -> dict[str, list[Example]]:
    """Every chapter's lines below the imports that they need: each chapter runs by itself, and has been."""
    found = {}
    for chapter, lines in chapters.items():
        names: dict[str, Any] = {}
        found[chapter] = [_run(line, names) for line in with_imports(lines)]
    return found


def with_imports(lines: tuple[str, ...]) -> list[str]:
    """The lines, and above them one import of NumPy and one of each room of the package, as far as they use them."""
    used = {node.id for line in lines for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Name)}
    of_root = sorted(used & set(normexp.__all__))
    rooms = {"normexp": of_root, "normexp.functional": sorted(used & set(functional.__all__) - set(of_root))}
    imports = ["import numpy as np"] if "np" in used else []
    return [*imports, *(_import(room, names) for room, names in rooms.items() if names), *lines]


def _import(room: str, names: list[str]) -> str:
    line = f"from {room} import {', '.join(names)}"
    return line if len(line) <= WIDTH else f"from {room} import (\n    {', '.join(names)},\n)"


def _run(line: str, names: dict[str, Any]) -> Example:
    is_value = isinstance(ast.parse(line).body[0], ast.Expr)
    with np.errstate(all="ignore"):
        if not is_value:
            exec(line, names)
            return Example(line, "")
        return Example(line, _shown(eval(line, names)))


def rounded(value: float) -> str:
    """A number as Python writes it, to six significant digits."""
    return repr(float(f"{value:.{DIGITS}g}"))


def _shown(value: Any) -> str:
    """Numbers rounded and in brackets, in lines that are no wider than the page's code; what stands in columns stands below each other."""
    if isinstance(value, tuple):
        return f"({', '.join(map(rounded, value))})"
    if np.ndim(value) == 0:
        return repr(value.item()) if isinstance(value, np.integer) else rounded(float(value))
    if np.ndim(value) == 1:
        return "\n ".join(textwrap.wrap(f"[{', '.join(map(rounded, value))}]", WIDTH - len("#  ")))
    cells = [[rounded(x) for x in row] for row in value]
    width = max(len(cell) for row in cells for cell in row)
    return "[" + ",\n ".join(f"[{', '.join(cell.rjust(width) for cell in row)}]" for row in cells) + "]"
