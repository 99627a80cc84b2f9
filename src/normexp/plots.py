"""Pictures. Each function draws on matplotlib axes and returns them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from normexp.network import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["decision_regions", "figure", "loss_curves", "save_figure", "scatter"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")  # told apart by colour-blind eyes (Okabe and Ito)
MARKERS = "osD^vP*X"


def figure(width: float = 6.4, height: float = 4.8) -> "Figure":
    """An empty figure that needs no display."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(drawn: "Figure", path: Path) -> None:
    """Write a PNG, whole or not at all."""
    from normexp._files import replaced

    with replaced(path) as temporary:
        drawn.savefig(temporary, format="png", dpi=150)


def scatter(axes: "Axes", points: NDArray[Any], targets: NDArray[Any], names: list[str], *, title: str, size: float = 14) -> "Axes":
    """Points of shape (n, 2), a colour and a marker a class."""
    for i, name in enumerate(names):
        chosen = points[targets == i]
        axes.scatter(chosen[:, 0], chosen[:, 1], s=size, c=COLOURS[i % 8], marker=MARKERS[i % 8], label=name, linewidths=0.3, edgecolors="white")
    axes.set(title=title, xlabel="X1", ylabel="X2")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def loss_curves(axes: "Axes", history: History) -> "Axes":
    """Training and validation loss an epoch, the best epoch marked."""
    epochs = np.arange(1, history.n_epochs + 1)
    axes.plot(epochs, history.loss, color=COLOURS[0], label="training")
    if not np.isnan(history.validation_loss).all():
        axes.plot(epochs, history.validation_loss, color=COLOURS[1], label="validation")
    if history.best_epoch >= 0:
        axes.axvline(history.best_epoch + 1, color="0.6", linestyle=":", linewidth=1, label="best epoch")
    axes.set(title="Loss", xlabel="epoch", ylabel="cross-entropy (nats, log scale)", yscale="log")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def decision_regions(axes: "Axes", probabilities: Callable[[NDArray[np.float32]], NDArray[Any]], points: NDArray[Any], targets: NDArray[Any], names: list[str]) -> "Axes":
    """The plane coloured by the predicted class, paler where the model is less sure, with the points on top."""
    from matplotlib.colors import to_rgb

    low, high = points.min(axis=0) - 3, points.max(axis=0) + 3
    x, y = np.meshgrid(np.linspace(low[0], high[0], 320), np.linspace(low[1], high[1], 240))
    p = probabilities(np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)).reshape(*x.shape, -1)
    colours = np.array([to_rgb(COLOURS[i % 8]) for i in range(p.shape[-1])])
    sureness = (p.max(axis=-1, keepdims=True) - 1 / p.shape[-1]) / (1 - 1 / p.shape[-1])
    image = 1 - 0.45 * sureness * (1 - colours[p.argmax(axis=-1)])
    axes.imshow(image, extent=(low[0], high[0], low[1], high[1]), origin="lower", aspect="auto", interpolation="bilinear")
    scatter(axes, points, targets, names, title="Decision regions (test part)", size=10)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return axes
