"""What the page says of deciding: thresholds, and costs where there are some."""

from typing import Any

import numpy as np

from normexp import evaluation as ev
from normexp.report._facts import Data, Subject

__all__ = ["decisions_of"]


def decisions_of(subject: Subject, data: Data) -> dict[str, Any]:
    """For two classes what flagging the likeliest rows of the positive one gives; with costs what decisions by them cost."""
    known = subject.known
    found: dict[str, Any] = {"thresholds": [], "positive": None, "top_tenth": None, "costs": None}
    if not len(known):
        return found
    if known.positive is not None:
        lines = ev.thresholds(known, known.positive)
        tenth = ev.thresholds(known, known.positive, [0.1])
        found |= {"thresholds": [(line, _cost_from(line.probability, subject, data)) for line in lines], "positive": str(known.classes[known.positive]),
                  "top_tenth": tenth[0] if tenth else None}  # fmt: skip
    return found if data.costs is None else found | {"costs": _costs(subject, data, data.costs)}


def _cost_from(threshold: float, subject: Subject, data: Data) -> float | None:
    """The mean cost of deciding for the positive class from a threshold on; None without costs, or with other decisions than the two classes."""
    costs, known = data.costs, subject.known
    if costs is None or costs.answers is None or len(costs.decisions) != 2 or known.positive is None:
        return None
    decided = np.where(known.probabilities[:, known.positive] >= threshold, known.positive, 1 - known.positive)
    return float(np.average(costs.matrix[known.targets, costs.answers[decided]], weights=known.masses))


def _costs(subject: Subject, data: Data, costs: ev.Costs) -> dict[str, Any]:
    found = ev.decision_costs(subject.known, costs, drawn_from=data.drawn_from)
    always = str(costs.decisions[found.always_decision])
    rows = [("least expected cost", found.decided, None), ("the most probable class", found.most_probable, found.less_than_most_probable),
            (f"always '{always}'", found.always, found.less_than_always)]  # fmt: skip
    positive = subject.known.positive
    threshold = float("nan") if positive is None else costs.threshold(positive)
    return {"rows": [row for row in rows if row[1] is not None], "counts": list(zip(map(str, costs.decisions), found.counts.tolist(), strict=True)),
            "threshold": None if np.isnan(threshold) else threshold}  # fmt: skip
