"""The lines of Python on the page, run when it is made: what is shown is what they gave."""

from dataclasses import dataclass
from typing import Any

import numpy as np

import normexp
from normexp import functional

__all__ = ["EXAMPLES", "Example", "run_examples"]

EXAMPLES = {
    "logits": ("softmax([0.7, 1.5, 4.8])",),
    "softmax": ("z = np.array([0.7, 1.5, 4.8])", "np.exp(z)", "np.exp(z) / np.exp(z).sum()", "softmax(z)", "softmax(z).sum()"),
    "overflow": ("np.exp(709.0), np.exp(710.0)", "z = np.array([1000.0, 999.0, 998.0])", "np.exp(z) / np.exp(z).sum()", "softmax(z)", "softmax(z - 1000)"),
    "temperature": ("z = [1.0, 2.0, 3.0]", "softmax(z)", "softmax(z, temperature=5)", "softmax(z, temperature=0.1)", "np.argmax(z)"),
    "gradient": ("softmax_jacobian([2.0, 0.0])",),
    "sigmoid": (
        "softmax([2.0, 0.5])", "sigmoid(2.0 - 0.5)", "z = np.array([0.7, 1.5, 4.8])", "sigmoid(z[2] - logsumexp(z[:2]))", "softmax(z)[2]", "sigmoid(z)", "sigmoid(z).sum()",
    ),
    "loss": ("z = [-3.44, 1.16, -0.81, 3.91]", "softmax(z)", "cross_entropy(z, 3)", "-np.log(softmax(z)[3])"),
    "network": (
        "found = np.array([1.5, 0.0, 2.0])", "weights = np.array([[0.5, -1.0], [2.0, 0.3], [-0.4, 0.8]])", "z = found @ weights + np.array([0.1, -0.2])", "z", "softmax(z)",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A line of Python and what it gave, as text; empty for an assignment."""

    line: str
    result: str


def run_examples() -> dict[str, list[Example]]:
    """Every line of `EXAMPLES`, run in order with the package's functions."""
    found = {}
    for chapter, lines in EXAMPLES.items():
        names: dict[str, Any] = {"np": np, "cross_entropy": normexp.cross_entropy, **{name: getattr(functional, name) for name in functional.__all__}}
        found[chapter] = [_run(line, names) for line in lines]
    return found


def _run(line: str, names: dict[str, Any]) -> Example:
    with np.errstate(all="ignore"), np.printoptions(precision=8, suppress=False):
        if " = " in line:
            exec(line, names)
            return Example(line, "")
        value = eval(line, names)
    plain = tuple(float(part) for part in value) if isinstance(value, tuple) else value.item() if isinstance(value, np.generic) or np.ndim(value) == 0 else value
    return Example(line, repr(plain))
