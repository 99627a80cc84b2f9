"""Rows and training: two features by class, losses an epoch, regions of the plane, three classes on the simplex."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from normexp.network import History
from normexp.plots._style import COLOURS, MARKERS, MOST_IN_LEGEND, clean, colour, ink, legend, new_axes, short, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["decision_regions", "scatter", "simplex", "training_history"]


def scatter(
    points: NDArray[Any], targets: NDArray[Any], names: Sequence[object], *, features: tuple[object, object] = ("X1", "X2"), title: str = "", size: float = 14,
    ax: "Axes | None" = None,
) -> "Axes":  # fmt: skip
    """Points of shape (n, 2), a colour and a marker a class; `targets` are indices into `names`."""
    ax = new_axes(ax)
    counts = np.bincount(targets, minlength=len(names))
    listed = np.sort(np.argsort(-counts, kind="stable")[:MOST_IN_LEGEND])
    handles = {}
    for i in range(len(names)):
        chosen = points[targets == i]
        marker = MARKERS[(i + i // 8) % 8]
        handles[i] = ax.scatter(chosen[:, 0], chosen[:, 1], s=size, c=colour(i), marker=marker, linewidths=0.3, edgecolors="white")
    legend(ax, [handles[i] for i in listed], [names[i] for i in listed], n_hidden=len(names) - len(listed))
    return tidy(ax, title, clean(features[0]), clean(features[1]))


def training_history(history: History, *, step: str = "epoch", ax: "Axes | None" = None) -> "Axes":
    """Training and validation loss an epoch, or what `step` names, such as a round of trees; the best one marked."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax = new_axes(ax)
    epochs = np.arange(1, history.n_epochs + 1)
    lines, names = [*ax.plot(epochs, history.loss, color=COLOURS[0], marker="o" if len(epochs) == 1 else None)], ["training"]
    if not np.isnan(history.validation_loss).all():
        lines += ax.plot(epochs, history.validation_loss, color=COLOURS[1], linestyle="--", marker="o" if len(epochs) == 1 else None)
        names.append("validation")
    if history.best_epoch >= 0:
        lines.append(ax.axvline(history.best_epoch + 1, color=ink(), alpha=0.5, linestyle=":", linewidth=1.2))
        names.append(f"best {step}: {history.best_epoch + 1}")
    ax.set_yscale("log")
    tidy(ax, f"Loss by {step}", step, "log loss (nats)")
    spread = np.log10(max(ax.get_ylim()) / min(ax.get_ylim()))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))
    ax.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:.6g}" if spread < 0.5 or (spread < 1.2 and f"{value:e}"[0] in "25") else ""))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(ax, lines, names, beside=False)
    return ax


def decision_regions(
    probabilities: Callable[[NDArray[np.float32]], NDArray[Any]], points: NDArray[Any], targets: NDArray[Any], names: Sequence[object], *,
    features: tuple[object, object] = ("X1", "X2"), title: str = "Decision regions", ax: "Axes | None" = None,
) -> "Axes":  # fmt: skip
    """The plane coloured by the predicted class, paler where the model is less sure, with the points on top.

    `probabilities` takes float32 points (n, 2) and gives (n, n_classes).
    """
    from matplotlib.colors import to_rgb

    ax = new_axes(ax)
    margin = 0.08 * np.ptp(points, axis=0) + 1e-9
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    x, y = np.meshgrid(np.linspace(low[0], high[0], 320), np.linspace(low[1], high[1], 240))
    p = probabilities(np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)).reshape(*x.shape, -1)
    colours = np.array([to_rgb(colour(i)) for i in range(p.shape[-1])])
    sureness = (p.max(axis=-1, keepdims=True) - 1 / p.shape[-1]) / (1 - 1 / p.shape[-1])
    ax.imshow(np.concatenate([colours[p.argmax(axis=-1)], 0.5 * sureness], axis=-1), extent=(low[0], high[0], low[1], high[1]), origin="lower", aspect="auto")
    scatter(points, targets, names, features=features, title=title, size=10, ax=ax)
    ax.grid(visible=False)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return ax


def simplex(probabilities: NDArray[Any], targets: NDArray[Any], names: Sequence[object], *, title: str = "Three classes on the simplex", ax: "Axes | None" = None) -> "Axes":
    """Rows of three probabilities as points of a triangle: a corner is certainty, the middle is ignorance; coloured by the true class."""
    if probabilities.ndim != 2 or probabilities.shape[1] != 3 or len(names) != 3:
        raise ValueError(f"expected probabilities of three classes and three names, got {probabilities.shape} and {len(names)}; choose three columns and divide by their sum")
    ax = new_axes(ax)
    corners = np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]])
    ax.fill(*corners.T, facecolor="none", edgecolor=ink(), linewidth=1)
    for i in range(3):  # where each class wins
        middle = [(corners[i] + corners[j]) / 2 for j in range(3) if j != i]
        ax.fill(*np.array([corners[i], middle[0], corners.mean(axis=0), middle[1]]).T, color=colour(i), alpha=0.1, linewidth=0)
    for i in range(3):
        chosen = probabilities[targets == i] @ corners
        ax.scatter(chosen[:, 0], chosen[:, 1], s=14, c=colour(i), marker=MARKERS[i], linewidths=0.3, edgecolors="white", zorder=3)
    places = (("left", "top", (-0.05, -0.03)), ("right", "top", (1.05, -0.03)), ("center", "bottom", (0.5, np.sqrt(3) / 2 + 0.02)))
    for i, (horizontal, vertical, place) in enumerate(places):
        ax.text(*place, short(names[i], 18), ha=horizontal, va=vertical, color=colour(i), fontweight="bold", parse_math=False)
    ax.set(xlim=(-0.1, 1.1), ylim=(-0.1, 0.98), aspect="equal")
    tidy(ax, title).axis("off")
    return ax
