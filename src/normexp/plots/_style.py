"""What all figures share: colours, text as it is, legends that fit, files."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "MARKERS", "clean", "colour", "figure", "ink", "legend", "new_axes", "page_colours", "save_figure", "short", "size_of", "svg", "tidy", "width_of"]

# Okabe and Ito's, told apart by colour-blind eyes; a lighter blue, and violet and grey for yellow and black, so that neither a white nor a black background swallows one.
COLOURS = ("#1A7FC1", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#999999")
MARKERS = "osD^vP*X"
MOST_IN_LEGEND = 10
INK, PAPER = "#1b1e2a", "#fefcf9"  # stand-ins in an SVG for the page's own colours


def colour(i: int) -> str:
    return COLOURS[i % len(COLOURS)]


def figure(width: float = 6.4, height: float = 4.8) -> "Figure":
    """An empty figure that needs no display; inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def new_axes(ax: "Axes | None", width: float = 6.4, height: float = 4.8) -> "Axes":
    """The axes given, or those of a new pyplot figure, which notebooks show."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def save_figure(drawn: "Figure", path: Path) -> None:
    """Write a PNG, SVG or PDF by the path's ending, whole or not at all."""
    from normexp._atomic import replaced

    with replaced(path) as temporary:
        drawn.savefig(temporary, format=path.suffix.removeprefix(".") or "png", dpi=150)


def page_colours() -> AbstractContextManager[None]:
    """Draw inside it what `svg` then writes."""
    import matplotlib as mpl

    return mpl.rc_context({
        "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": INK, "axes.facecolor": PAPER, "figure.facecolor": "none",
        "svg.fonttype": "none", "svg.hashsalt": "normexp",
    })  # fmt: skip


def svg(drawn: "Figure", label: str) -> str:
    """The figure as an SVG element for a page: text is text, ink and paper are the page's (--ink and --paper), `label` says what it shows."""
    import html
    import io

    file = io.StringIO()
    drawn.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}, transparent=True)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r' id="[a-zA-Z0-9]+_\d+"|\n\s*', lambda m: "" if m[0].startswith(" ") else "\n", text)  # names that two figures would share; indentation
    text = text.replace(INK, "var(--ink)").replace(PAPER, "var(--paper)")
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)  # the page chooses the family
    text = re.sub(r"font: ((?:700|bold) )?[^;\"]*?(\d[\d.]*)px [^;\"]*", lambda m: f"font-size: {m[2]}px" + ("; font-weight: 600" if m[1] else ""), text)
    tag = re.match(r"<svg[^>]*>", text)
    assert tag is not None
    box = re.search(r'viewBox="[^"]*"', tag.group())
    assert box is not None
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" aria-label="{html.escape(label, quote=True)}" {box.group()}>'
    return opening + text[tag.end() :]


def ink() -> Any:
    import matplotlib as mpl

    return mpl.rcParams["text.color"]


def clean(name: object) -> str:
    """A label on one line."""
    return " ".join(str(name).split()) or "(empty)"


def short(name: object, length: int) -> str:
    """A label of at most `length` characters: its beginning and, since names often differ there, its end."""
    text = clean(name)
    end = (length - 1) // 3 if length > 6 else 0
    return text if len(text) <= length else text[: max(length - 1 - end, 1)].rstrip() + "…" + (text[-end:].lstrip() if end else "")


def width_of(ax: "Axes") -> float:
    """Width of the axes' share of the figure in inches, labels included."""
    return size_of(ax)[0]


def size_of(ax: "Axes") -> tuple[float, float]:
    """Width and height of the axes' share of the figure in inches."""
    drawn, box = ax.get_figure(root=True), ax.get_position()
    assert drawn is not None
    width, height = drawn.get_size_inches()
    return float(width) * float(box.width) / 0.775, float(height) * float(box.height) / 0.77


def tidy(ax: "Axes", title: str = "", xlabel: str = "", ylabel: str = "") -> "Axes":
    """No frame on top and right, a faint grid behind, a title at the left."""
    for name, text in (("xlabel", xlabel), ("ylabel", ylabel)):
        getattr(ax, f"set_{name}")(text, parse_math=False)
    size = np.clip(0.86 * width_of(ax) * 72 / (0.66 * max(len(title), 1)), 7, 10)
    ax.set_title(title, loc="left", fontsize=size, fontweight="bold", parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color=ink(), alpha=0.12, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def legend(
    ax: "Axes", handles: "Sequence[Artist | BarContainer]", names: Sequence[object], beside: bool | None = None, n_hidden: int = 0, longest: int | None = None
) -> None:
    """Labels as they are, whatever they begin with; beside wide axes, below narrow ones."""
    from matplotlib.transforms import ScaledTranslation

    inches = width_of(ax)
    beside = inches >= 6 if beside is None else beside
    length = longest or max(10, int(inches * (3.4 if beside else 4.8)))
    most = MOST_IN_LEGEND if beside else 6
    n_hidden += max(len(names) - most, 0)
    handles, texts = handles[:most], [short(name, length) for name in names[:most]]
    if n_hidden:
        handles, texts = [*handles, ax.plot([], [], linestyle="none")[0]], [*texts, f"and {n_hidden} more"]
    columns = 1 if beside else max(1, min(len(texts), int(inches * 10 / (max(map(len, texts), default=1) + 4))))
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
    if not beside:  # below the axis label, wherever the layout puts the axes
        drawn = ax.get_figure(root=True)
        assert drawn is not None
        below = ax.transAxes + ScaledTranslation(0, -34 / 72, drawn.dpi_scale_trans)
        place = {"loc": "upper center", "bbox_to_anchor": (0.45, 0), "bbox_transform": below, "ncols": columns, "columnspacing": 1.0}
    made = ax.legend(handles, [f"{i}" for i in range(len(texts))], frameon=False, fontsize="small", handlelength=1.4, **place)
    for text, name in zip(made.get_texts(), texts, strict=True):
        text.set_parse_math(False)
        text.set_text(name)
