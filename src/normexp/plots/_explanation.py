"""What moved a prediction, and which features matter on the whole."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from normexp.explanation import Explanation
from normexp.functional import sigmoid
from normexp.plots._style import COLOURS, clean, ink, new_axes, short, tidy, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["contributions", "importance"]

MOST_FEATURES = 12


def contributions(explanation: Explanation, row: int = 0, *, ax: "Axes | None" = None) -> "Axes":
    """How each feature moved the predicted class's logit against the runner-up's, from an average row to this one; at both ends the probability of the first, if it
    must be one of the two."""
    found = explanation.to_dict(row)
    shown, rest = found["features"][:MOST_FEATURES], found["features"][MOST_FEATURES:]
    ax = new_axes(ax, 8.4, 1.6 + 0.34 * (len(shown) + 3))
    half = max(6, int(width_of(ax) * 2.5))
    start, end = (f"{sigmoid(found[key]):.1%}" for key in ("baseline_difference", "difference"))
    bars = [(f"an average row: {start}", found["baseline_difference"]), *((_assignment(item["feature"], item["value"], half), item["contribution"]) for item in shown)]
    if rest:
        bars.append((f"{len(rest)} further features", sum(item["contribution"] for item in rest)))
    at = 0.0
    for i, (_, by) in enumerate(bars):
        ax.barh(i, by, left=at, height=0.62, color=ink() if i == 0 else COLOURS[0] if by >= 0 else COLOURS[1], alpha=0.35 if i == 0 else 0.9)
        at += by
        ax.plot([at, at], [i - 0.31, i + 1.31], color=ink(), linewidth=0.7, alpha=0.5)
    ax.barh(len(bars), at, height=0.62, color=COLOURS[2])
    ends = np.cumsum([by for _, by in bars])
    low, high = min(0.0, *ends), max(0.0, *ends)
    for i, value in enumerate([*(by for _, by in bars), at]):
        right = max(ends[min(i, len(bars) - 1)], ends[i - 1] if 0 < i < len(bars) else 0.0)
        ax.text(right + 0.012 * (high - low), i, f"{value:+.3f}", va="center", fontsize="small")
    ax.axvline(0, color=ink(), linewidth=0.8, alpha=0.6)
    ax.set_yticks(range(len(bars) + 1), [*(name for name, _ in bars), f"this row: {end}"], fontsize="small", parse_math=False)
    ax.set(ylim=(len(bars) + 0.6, -0.6), xlim=(low - 0.03 * (high - low), high + 0.14 * (high - low)))
    first, second = (short(found[key], max(6, int(width_of(ax) * 2.2))) for key in ("predicted", "runner_up"))
    tidy(ax, f"Why {first} and not {second}", "difference of the two logits").grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    return ax


def _assignment(feature: str, value: str, half: int) -> str:
    """feature = value, each shortened to its half, or to what the other leaves."""
    name = short(feature, max(half, 2 * half - len(clean(value))))
    return f"{name} = {short(value, max(half, 2 * half - len(name)))}"


def importance(names: Sequence[object], values: ArrayLike, low: ArrayLike, high: ArrayLike, *, ax: "Axes | None" = None) -> "Axes":
    """By how much the log loss rises when a feature is shuffled, with 95 % intervals; in the order given."""
    mean, lows, highs = (np.asarray(array, np.float64) for array in (values, low, high))
    ax = new_axes(ax, 6.4, 1.2 + 0.3 * len(names))
    at = np.arange(len(names))
    ax.barh(at, mean, height=0.62, color=COLOURS[0], alpha=0.85)
    ax.errorbar(mean, at, xerr=(mean - lows, highs - mean), fmt="none", color=ink(), elinewidth=1, capsize=2.5)
    ax.axvline(0, color=ink(), linewidth=0.8, alpha=0.6)
    ax.set_yticks(at, [short(name, max(8, int(width_of(ax) * 4.2))) for name in names], fontsize="small", parse_math=False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    tidy(ax, "Which features matter", "rise of the log loss when shuffled (nats)").grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    return ax
