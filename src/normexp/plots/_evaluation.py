"""An evaluation as pictures: confusion, reliability, ROC and precision-recall curves."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from normexp import evaluation as ev
from normexp.evaluation import Evaluation
from normexp.plots._style import COLOURS, colour, ink, legend, new_axes, short, size_of, tidy, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["confusion", "precision_recall", "reliability", "roc"]

MOST_CURVES = 8
POINTS_AN_INCH = 72


def confusion(evaluation: Evaluation, *, ax: "Axes | None" = None) -> "Axes":
    """Rows of each class by what was predicted, shaded by the share of the true class; numbers where they fit, with shares where those fit too; a class that is never
    predicted says so."""
    from matplotlib.colors import to_rgb

    n = evaluation.n_classes
    ax = new_axes(ax, 6.4, 5.6)
    matrix = ev.confusion_matrix(evaluation)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1e-300)
    image = np.zeros((n, n, 4))
    image[..., :3] = to_rgb(COLOURS[0])
    image[..., 3] = np.where(matrix > 0, 0.06 + 0.9 * shares, 0)
    ax.imshow(image, interpolation="nearest", aspect="auto")
    cell = 0.62 * width_of(ax) / n * POINTS_AN_INCH
    numbers = [[f"{value:.4g}" if matrix.dtype.kind == "f" else f"{value}" for value in line] for line in matrix]
    digits = max(len(text) for line in numbers for text in line)
    tall = 0.6 * size_of(ax)[1] / n * POINTS_AN_INCH
    size = min(9.0, cell / (0.68 * digits), tall / 1.5)
    if size >= 5:
        for (i, j), share in np.ndenumerate(shares):
            text = numbers[i][j] + (f"\n{share:.0%}" if matrix[i, j] and tall > 3.2 * size and cell > 3.2 * size else "")
            ax.text(j, i, text, ha="center", va="center", fontsize=size, color="white" if share > 0.7 else ink(), alpha=1 if matrix[i, j] else 0.5)
    _class_ticks(ax, evaluation, cell, tall, matrix.sum(axis=0) == 0)
    tidy(ax, "Confusion", "predicted class", "true class").grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax


def _class_ticks(ax: "Axes", evaluation: Evaluation, cell: float, tall: float, never: NDArray[np.bool_]) -> None:
    """Names of the classes, every second, third … where there is no room for all, and which are never predicted; a cell's width and height in points."""
    length = max(6, int(width_of(ax) * 2.6))
    names = [short(label, length) for label in evaluation.classes.tolist()]
    size, longest = 8.0, max(map(len, names))
    flat = longest * 0.62 * size < cell
    for axis, room, rotation in ((ax.xaxis, cell if not flat else np.inf, 0 if flat else 90), (ax.yaxis, tall, 0)):
        step = max(1, int(np.ceil(1.25 * size / room)))
        places = np.arange(0, evaluation.n_classes, step)
        shown = [names[i] + (("\nnever" if flat else " (never)") if axis is ax.xaxis and never[i] else "") for i in places]
        axis.set_ticks(places, shown, fontsize=size, rotation=rotation, parse_math=False)
        axis.set_tick_params(length=0)


def reliability(evaluation: Evaluation, *, n_bins: int = 15, ax: "Axes | None" = None) -> "Axes":
    """How often the predicted class is right, by its probability (of two classes: how often rows are of the positive one, by its): on the diagonal the probabilities
    are true; for the predicted class, below it too bold, above it too timid.

    Bins of equal numbers of rows with their 95 % intervals (Wilson); at the bottom, how often each probability is given.
    """
    ax, positive = new_axes(ax), evaluation.positive
    p = evaluation.confidences if positive is None else evaluation.probabilities[:, positive].astype(np.float64)
    curve = ev.reliability(evaluation, n_bins, positive)
    lowest = max(0.0, np.floor(10 * min(p.min(initial=1), 0.9)) / 10) if positive is None else 0.0
    ax.plot([lowest, 1], [lowest, 1], color=ink(), alpha=0.5, linestyle="--", linewidth=1)
    if len(evaluation):
        heights, edges = np.histogram(p, 20, (lowest, 1), weights=evaluation.masses)
        ax.bar(edges[:-1], 0.18 * heights / heights.max(), np.diff(edges), align="edge", color=ink(), alpha=0.15, linewidth=0)
        ax.fill_between(curve.confidence, curve.low, curve.high, color=COLOURS[0], alpha=0.2, linewidth=0)
        ends = np.maximum((curve.accuracy - curve.low, curve.high - curve.accuracy), 0)
        ax.errorbar(curve.confidence, curve.accuracy, ends, color=COLOURS[0], marker="o", markersize=4, elinewidth=0.8)
    ax.set(xlim=(lowest, 1.01), ylim=(0, 1.03))
    if positive is not None:
        name = short(evaluation.classes[positive], 18)
        return tidy(ax, f"Reliability of '{name}'", f"probability of '{name}'", f"share that is '{name}'")
    error = ev.calibration_error(evaluation, n_bins)
    return tidy(ax, f"Reliability: calibration error {error:.1%}" if np.isfinite(error) else "Reliability: no rows", "probability of the predicted class", "share that was right")


def roc(evaluation: Evaluation, *, ax: "Axes | None" = None) -> "Axes":
    """True positives against false positives, a class against the rest; the classes hardest to tell are in colour where there are many."""
    from sklearn.metrics import auc, roc_curve

    ax = new_axes(ax)
    ax.plot([0, 1], [0, 1], color=ink(), alpha=0.5, linestyle="--", linewidth=1)

    def curve(positive: Any, p: Any, weights: Any) -> tuple[Any, Any, float]:
        false, true, _ = roc_curve(positive, p, sample_weight=weights)
        return false, true, float(auc(false, true))

    _curves(ax, evaluation, curve, "area")
    return tidy(ax, "ROC curves" if evaluation.positive is None else "ROC curve", "false positive rate", "true positive rate")


def precision_recall(evaluation: Evaluation, *, ax: "Axes | None" = None) -> "Axes":
    """Precision by recall, a class against the rest; the classes hardest to tell are in colour where there are many."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    ax = new_axes(ax)

    def curve(positive: Any, p: Any, weights: Any) -> tuple[Any, Any, float]:
        precision, recall, _ = precision_recall_curve(positive, p, sample_weight=weights)
        return recall, precision, float(average_precision_score(positive, p, sample_weight=weights))

    _curves(ax, evaluation, curve, "average", drawstyle="steps-post")
    ax.set_ylim(0, 1.03)
    return tidy(ax, "Precision by recall", "recall", "precision")


def _curves(ax: "Axes", evaluation: Evaluation, curve: Any, word: str, **options: Any) -> None:
    seen = evaluation.counted.take(evaluation.counted.known)
    found = [(k, *curve(seen.targets == k, seen.probabilities[:, k], seen.weights)) for k in seen.ranked_classes if 0 < (seen.targets == k).sum() < len(seen)]
    coloured = {k for k, *_ in sorted(found, key=lambda item: item[-1])[:MOST_CURVES]}
    handles: list[Any] = []
    names = []
    for k, x, y, score in found:
        if k in coloured:
            handles += ax.plot(x, y, color=colour(len(handles)), linewidth=1.4, linestyle=("-", "--")[len(handles) % 2], **options)
            names.append(f"{short(evaluation.classes[k], 14)} ({word} {score:.2f})")
        else:
            ax.plot(x, y, color=ink(), alpha=min(0.15, 4 / len(found)), linewidth=0.7, zorder=1, **options)
    if not found:
        ax.text(0.5, 0.5, "needs rows of two classes", ha="center", va="center", transform=ax.transAxes)
        return
    legend(ax, handles, names, n_hidden=len(found) - len(handles), longest=32)
