"""What acting on probabilities is worth: cumulative gains, the decision curve."""

from typing import TYPE_CHECKING

import numpy as np

from normexp import evaluation as ev
from normexp.evaluation import Evaluation
from normexp.plots._style import COLOURS, ink, legend, new_axes, short, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["decision_curve", "gains"]

TENTH = 0.1


def gains(evaluation: Evaluation, *, ax: "Axes | None" = None) -> "Axes":
    """For the positive one of two classes: which share of its rows is among the likeliest, by how many are flagged; the first tenth is marked."""
    ax, (positive, name) = new_axes(ax), _positive(evaluation)
    curve = ev.gains(evaluation, positive)
    ax.plot([0, 1], [0, 1], color=ink(), alpha=0.5, linestyle="--", linewidth=1)
    title = "Cumulative gains"
    if len(curve.flagged):
        ax.plot(curve.flagged, curve.found, color=COLOURS[0], linewidth=1.6)
        found = float(np.interp(TENTH, curve.flagged, curve.found))
        ax.plot([TENTH], [found], color=COLOURS[1], marker="o")
        ax.annotate(f"the top tenth: {found:.0%}", (TENTH, found), (8, -4), textcoords="offset points", va="top")
    return tidy(ax, title, "share of the rows flagged", f"share of '{name}' found")


def decision_curve(evaluation: Evaluation, *, ax: "Axes | None" = None) -> "Axes":
    """For the positive one of two classes: the net benefit of acting on the rows above a threshold, beside acting on all rows and on none (Vickers and Elkin 2006)."""
    ax, (positive, name) = new_axes(ax), _positive(evaluation)
    curve = ev.decision_curve(evaluation, positive)
    base = float(np.average(evaluation.targets == positive, weights=evaluation.masses)) if len(evaluation) else 1.0
    lines = [
        *ax.plot(curve.threshold, curve.model, color=COLOURS[0], linewidth=1.6), *ax.plot(curve.threshold, curve.every, color=COLOURS[1], linestyle="--", linewidth=1.2),
        ax.axhline(0, color=ink(), alpha=0.6, linestyle=":", linewidth=1.2),
    ]  # fmt: skip
    ax.set_ylim(-0.2 * base, 1.1 * base)
    ax.set_xlim(0, 1)
    legend(ax, lines, ["by the model", "on all rows", "on none"], beside=False)
    return tidy(ax, "Decision curve", f"acting from a probability of '{name}' on", "net benefit")


def _positive(evaluation: Evaluation) -> tuple[int, str]:
    if evaluation.positive is None:
        raise ValueError(f"expected an evaluation of two classes, got one of {evaluation.n_classes}; take a class against the rest")
    return evaluation.positive, short(evaluation.classes[evaluation.positive], 18)
