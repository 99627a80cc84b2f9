"""The figures of a report, as SVG in the page's colours."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from normexp import plots
from normexp.explanation import Importance
from normexp.report._facts import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["figures_of", "importance_figure"]

WIDTH = 4.0  # inches: a phone shows it in about its natural size, a desk half as large again


def drawn(draw: "Callable[[Axes], object]", label: str, height: float = 3.0, width: float = WIDTH) -> str:
    with plots.page_colours():
        figure = plots.figure(width, height)
        draw(figure.add_subplot())
        return plots.svg(figure, label)


def figures_of(subject: Subject) -> dict[str, str]:
    """Of one model: history (if it has one), confusion, reliability, roc, precision_recall; of two classes gains and decision_curve."""
    evaluation, name = subject.evaluation, subject.name
    found = {
        "confusion": drawn(lambda ax: plots.confusion(evaluation, ax=ax), f"Confusion matrix of {name}", 3.6),
        "reliability": drawn(lambda ax: plots.reliability(evaluation, ax=ax), f"Reliability of {name}"),
        "roc": drawn(lambda ax: plots.roc(evaluation, ax=ax), f"ROC curves of {name}", 3.5),
        "precision_recall": drawn(lambda ax: plots.precision_recall(evaluation, ax=ax), f"Precision and recall of {name}", 3.5),
    }
    if subject.known.positive is not None and len(subject.known):
        found["gains"] = drawn(lambda ax: plots.gains(subject.known, ax=ax), f"Cumulative gains of {name}")
        found["decision_curve"] = drawn(lambda ax: plots.decision_curve(subject.known, ax=ax), f"Decision curve of {name}", 3.5)
    if subject.model.history.n_epochs:
        planned = subject.model.out_of_fold is not None  # then no epoch is better than the last
        history = replace(subject.model.history, best_epoch=-1) if planned else subject.model.history
        step = "round" if subject.model.out_of_fold is not None and subject.model.out_of_fold.names[:1] == ("trees",) else "epoch"
        found["history"] = drawn(lambda ax: plots.training_history(history, step=step, ax=ax), f"Loss by {step} of {name}")
    return found


def importance_figure(found: Importance, most: int = 15) -> str:
    shown = found.order()[:most]
    names = [found.feature_names[i] for i in shown]

    def draw(ax: "Axes") -> None:
        plots.importance(names, found.mean[shown], found.low[shown], found.high[shown], ax=ax).set_title("", loc="left")  # the section has that title

    return drawn(draw, "Which features matter", 1.0 + 0.24 * len(names))
