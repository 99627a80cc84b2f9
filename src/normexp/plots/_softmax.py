"""What softmax does: one prediction as a chain, temperatures, the sigmoid, gradients."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normexp.functional import log_softmax, sigmoid, softmax
from normexp.plots._style import COLOURS, colour, ink, legend, new_axes, short, tidy, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["chain", "gradients", "sigmoid_and_softmax", "temperatures"]


def chain(
    logits: ArrayLike, names: Sequence[object] | None = None, *, target: object = None, temperature: float = 1.0, sigmoids: bool = False, most: int = 12,
    ax: "Axes | None" = None,
) -> "Axes":  # fmt: skip
    """One prediction, a line a class: logit, exponential, probability; the loss where the target's name is given.

    The `most` largest are shown, and the target. `sigmoids` adds the sigmoid of each logit by itself.
    """
    z = np.asarray(logits, np.float64)
    labels = [str(i) for i in range(len(z))] if names is None else [str(name) for name in names]
    if z.ndim != 1 or len(labels) != len(z):
        raise ValueError(f"expected logits of shape (n_classes,) and a name for each, got shape {z.shape} and {len(labels)} names")
    ax = new_axes(ax, 8.4, 1.3 + 0.42 * min(len(z), most))
    kept = np.argsort(-z, kind="stable")[:most].tolist()
    kept += [i for i, name in enumerate(labels) if target is not None and name == str(target) and i not in kept]
    kept.sort()
    with np.errstate(over="ignore"):
        exponentials = np.exp(z / temperature)
    p = softmax(z / temperature)
    divided = "z" if temperature == 1 else f"z/{temperature:g}"
    columns: list[tuple[str, NDArray[np.float64], str]] = [("logit z", z, "{:.4g}"), (f"exp({divided})", exponentials, "{:.4g}"), ("probability", p, "{:.4f}")]
    if sigmoids:
        columns.append(("sigmoid(z)", sigmoid(z), "{:.4f}"))
    inches = width_of(ax)
    room = float(np.clip(0.92 - 0.62 * (len(columns) + 0.6) / inches, 0.15, 0.62))  # of a bar; the number needs 0.6 inches
    for place, (title, values, form) in enumerate(columns):
        _bars(ax, place, title, values[kept], form, room, 1.0 if title in ("probability", "sigmoid(z)") else None, bold=title == "probability")
    for row, i in enumerate(kept):
        is_target = target is not None and labels[i] == str(target)
        ax.text(-0.06, row, short(labels[i], max(6, int(inches * 2.4))), ha="right", va="center", fontweight="bold" if is_target else "normal", parse_math=False)
    hidden = len(labels) - len(kept)
    if hidden:
        ax.text(0.02, len(kept), f"{hidden} smaller one{'s' if hidden > 1 else ''} not shown", va="center", fontsize="small", alpha=0.8)
    ax.set(xlim=(-0.05, len(columns) + 0.02), ylim=(len(kept) - 0.4 + bool(hidden), -1.0))
    tidy(ax, _chain_title(labels, p, -log_softmax(z / temperature), target)).axis("off")
    return ax


def _chain_title(labels: Sequence[str], p: NDArray[np.float64], losses: NDArray[np.float64], target: object) -> str:
    if target is None or str(target) not in labels:
        return "Logits become probabilities"
    i = labels.index(str(target))
    return f"Loss for {short(target, 18)}: -ln({p[i]:.4g}) = {losses[i] + 0.0:.4f}"


def _bars(ax: "Axes", place: int, title: str, values: NDArray[np.float64], form: str, room: float, greatest: float | None, bold: bool) -> None:
    """A column of the chain: a bar from the column's zero, its number behind it."""
    finite = values[np.isfinite(values)]
    low, high = min(0.0, finite.min(initial=0)), max(0.0, finite.max(initial=0)) if greatest is None else greatest
    span = (high - low) or 1.0
    ax.text(place + 0.02, -0.75, title, va="center", fontsize="small", color=ink(), alpha=0.8)
    for row, value in enumerate(values):
        clipped = np.clip(np.nan_to_num(value, nan=0, posinf=high, neginf=low), low, high)
        start, end = place + 0.02 + room * -low / span, place + 0.02 + room * (clipped - low) / span
        ax.barh(row, end - start, left=start, height=0.55, color=colour(2 if bold else 0), alpha=0.95 if bold else 0.65)
        ax.text(place + room + 0.05, row, form.format(value + 0.0), va="center", fontsize="small", fontweight="bold" if bold else "normal")


def temperatures(logits: ArrayLike, names: Sequence[object] | None = None, *, values: Sequence[float] = (0.25, 1.0, 4.0), ax: "Axes | None" = None) -> "Axes":
    """Softmax of the same logits at several temperatures, beside argmax, which it approaches as the temperature falls to 0."""
    z = np.asarray(logits, np.float64)
    labels = [str(i) for i in range(len(z))] if names is None else [str(name) for name in names]
    ax = new_axes(ax)
    groups = [("argmax", (z == z.max()).astype(float)), *((f"T = {t:g}", softmax(z / t)) for t in values)]
    width, handles = 0.8 / len(groups), []
    for i, (_, p) in enumerate(groups):
        at = np.arange(len(z)) + (i - (len(groups) - 1) / 2) * width
        handles.append(ax.bar(at, p, width * 0.92, color=ink() if i == 0 else colour(i - 1), alpha=0.35 if i == 0 else 0.9))
    length = max(3, int(width_of(ax) * 8 / len(z)))
    ax.set_xticks(np.arange(len(z)), [f"{short(name, length)}\n{value:.3g}" for name, value in zip(labels, z, strict=True)], parse_math=False)
    ax.set_ylim(0, 1.05)
    tidy(ax, "The colder, the nearer to argmax", "", "probability")
    legend(ax, handles, [name for name, _ in groups])
    return ax


def sigmoid_and_softmax(*, ax: "Axes | None" = None) -> "Axes":
    """For two classes softmax is the sigmoid of the difference of the logits: the two curves coincide."""
    ax = new_axes(ax)
    z = np.linspace(-6, 6, 241)
    by_sigmoid, by_softmax = sigmoid(z), softmax(np.column_stack([z, np.zeros_like(z)]))[:, 0]
    gap = float(abs(by_sigmoid - by_softmax).max())
    assert gap < 1e-15, f"sigmoid and softmax differ by {gap}"
    ax.plot(z, by_sigmoid, color=COLOURS[4], linewidth=6, alpha=0.6, label="sigmoid(z)")
    ax.plot(z, by_softmax, color=COLOURS[0], linewidth=1.6, linestyle="--", label="softmax([z, 0]), first class")
    ax.text(0.98, 0.06, f"largest difference: {gap:.1e}", transform=ax.transAxes, ha="right", fontsize="small")
    tidy(ax, "Two classes: softmax is the sigmoid", "difference of the two logits, z", "probability of the first class")
    ax.legend(frameon=False, fontsize="small", loc="upper left")
    return ax


def gradients(*, ax: "Axes | None" = None) -> "Axes":
    """How the answer moves with a logit: softmax has a slope everywhere, argmax none anywhere, so a network cannot learn from it."""
    ax = new_axes(ax)
    z = np.linspace(-6, 6, 241)
    p = softmax(np.column_stack([z, np.zeros_like(z)]))[:, 0]
    lines = ax.plot(z, p, color=COLOURS[0], linewidth=1.2, alpha=0.5)
    lines += ax.plot(z, (z > 0).astype(float), color=COLOURS[1], linewidth=1.2, alpha=0.5, drawstyle="steps-mid")
    ax.fill_between(z, p * (1 - p), color=COLOURS[0], alpha=0.25, linewidth=0)
    lines += ax.plot(z, p * (1 - p), color=COLOURS[0], linewidth=2.4)
    lines += ax.plot(z, np.zeros_like(z), color=COLOURS[1], linewidth=2.4, linestyle="--")
    ax.set_ylim(-0.04, 1.04)
    tidy(ax, "Softmax can be learnt from, argmax cannot", "the class's logit minus the other's", "value, slope")
    legend(ax, lines, ["softmax", "argmax", "its slope, p(1 - p)", "its slope: 0"], beside=False)
    return ax
