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
    chosen = _chosen(subject, costs, positive)
    if chosen is not None and positive is not None:
        rows.insert(1, (f"from {chosen.estimate:.4g} on, chosen on rows held out in training", *_paid_from(chosen.estimate, subject, data, costs, positive)))
    return {"rows": [row for row in rows if row[1] is not None], "counts": list(zip(map(str, costs.decisions), found.counts.tolist(), strict=True)),
            "threshold": None if np.isnan(threshold) else threshold, "chosen": chosen}  # fmt: skip


def _chosen(subject: Subject, costs: ev.Costs, positive: int | None) -> ev.Interval | None:
    """The threshold that was cheapest on the rows that the model knows to have been held out; None without such rows, or where no threshold decides."""
    held_out = subject.model.held_out
    if held_out is None or positive is None:
        return None
    own, other = held_out.of_class(positive).astype(np.float64), 1 - held_out.of_class(1 - positive).astype(np.float64)
    found = ev.best_threshold(costs, positive, own, other, int(held_out.counts[positive]), int(held_out.counts[1 - positive]))
    return None if np.isnan(found.estimate) else found


def _paid_from(threshold: float, subject: Subject, data: Data, costs: ev.Costs, positive: int) -> tuple[ev.Interval, ev.Interval]:
    """What deciding for the positive class from a threshold on costs a row, and how much more than by the least expected cost."""
    known, answers = subject.known, costs.answers
    assert answers is not None
    by_decision, sampling, rows = costs.matrix[known.targets], ev.sampling_of(known, data.drawn_from), np.arange(len(known))
    paid = by_decision[rows, answers[np.where(known.probabilities[:, positive] >= threshold, positive, 1 - positive)]]
    return ev.mean_interval(paid, sampling), ev.mean_interval(paid - by_decision[rows, costs.decide(known.probabilities)], sampling)
