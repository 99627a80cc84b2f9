"""A search as pictures: how the best came about, and what each setting has to do with it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from normexp.plots._style import COLOURS, clean, colour, ink, legend, new_axes, short, tidy, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["search_course", "search_setting"]

FAMILIES = ("network", "trees", "linear")
WIDE = 10.0  # largest over smallest, from which on an axis is logarithmic
LETTERS_AN_INCH = 9
SHOWN = 0.9  # share of the trials that the axis of values reaches to: the worst would squeeze the others


def search_course(trials: Mapping[str, NDArray[Any]], *, metric: str = "log loss", ax: "Axes | None" = None) -> "Axes":
    """Each trial's value in their order, by family, and the best so far; `trials` are columns as `Experiments.trials_` has them.

    Those that did not come to their end are left out.
    """
    ax = new_axes(ax, 6.4, 4.0)
    values, families = np.asarray(trials["value"], np.float64), np.asarray(trials["family"])
    ended, number = np.isfinite(values), np.arange(1, len(values) + 1)
    handles, names = list[Any](), list[str]()
    for i, family in enumerate(FAMILIES):
        chosen = ended & (families == family)
        if chosen.any():
            handles.append(ax.scatter(number[chosen], values[chosen], s=16, color=colour(i), alpha=0.75, linewidths=0))
            names.append(family)
    if ended.any():
        best = np.fmin.accumulate(np.where(ended, values, np.inf))
        known = np.isfinite(best)
        handles += ax.step(number[known], best[known], where="post", color=ink(), linewidth=1.4)
        names.append("best so far")
        ax.set_ylim(*_reach(values[ended]))
        legend(ax, handles, names)
    return tidy(ax, "The course of the search", "trial", metric)


def search_setting(trials: Mapping[str, NDArray[Any]], family: str, setting: str, *, metric: str = "log loss", ax: "Axes | None" = None) -> "Axes":
    """The values of a family's trials against one of their settings; words side by side, numbers of wide ranges by their logarithm."""
    ax = new_axes(ax, 3.2, 2.6)
    values, families = np.asarray(trials["value"], np.float64), np.asarray(trials["family"])
    given = np.asarray(trials[setting], object)
    chosen = np.isfinite(values) & (families == family) & np.array([one is not None and one == one for one in given], bool)
    shade, found = COLOURS[FAMILIES.index(family) if family in FAMILIES else 3], values[chosen]
    if any(isinstance(one, (str, bool, np.bool_)) for one in given[chosen]):
        words = sorted({clean(one) for one in given[chosen]})
        places = np.array([words.index(clean(one)) for one in given[chosen]], np.float64)
        places += np.random.Generator(np.random.Philox(0)).uniform(-0.18, 0.18, len(places))  # side by side, not on top of each other
        shown = [short(word, max(4, int(LETTERS_AN_INCH * width_of(ax) / len(words)))) for word in words]
        ax.set_xticks(range(len(words)), shown, parse_math=False)
        ax.set_xlim(-0.6, len(words) - 0.4)
    else:
        places = given[chosen].astype(np.float64)
        if len(places) and places.min() > 0 and places.max() > WIDE * places.min():
            ax.set_xscale("log")
    ax.scatter(places, found, s=14, color=shade, alpha=0.7, linewidths=0)
    if len(found):
        best = int(np.argmin(found))
        ax.scatter(places[best : best + 1], found[best : best + 1], s=60, facecolors="none", edgecolors=ink(), linewidths=1.2)
        ax.set_ylim(*_reach(found))
    return tidy(ax, "", setting.replace("_", " "), metric)


def _reach(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(np.quantile(values, SHOWN))
    edge = 0.06 * (high - low) or 0.05 * abs(low) or 0.05
    return low - edge, high + edge
