"""From probabilities to decisions: by costs, by a threshold, or the likeliest rows of a class."""

import csv
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from normexp._checks import did_you_mean, listing
from normexp._labels import place_of_label
from normexp.cli._console import echo, print_table
from normexp.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from normexp.evaluation import CostReport, Costs, Interval
    from normexp.model import Model

    Array = NDArray[np.floating[Any]]

__all__ = ["Decisions", "Threshold", "Top", "class_index", "costs_as_data", "costs_option", "decisions_of", "print_costs", "read_costs"]

MOST_COST_BYTES = 2**24

costs_option = click.option(
    "--costs", "costs_file", metavar="COSTS.csv", help="What each decision costs: a row a true class, a column a decision; the decisions may be others than the classes."
)


class Threshold(click.ParamType[tuple[str, float]]):
    """A class and the probability from which on it is predicted."""

    name = "CLASS=P"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, float]:
        label, _, number = str(value).rpartition("=")
        try:
            p = float(number)
        except ValueError:
            p = math.nan
        if not label or not 0 <= p <= 1:
            self.fail(f"expected a class and a probability from 0 to 1, such as yes=0.2, got '{value}'", param, ctx)
        return label, p


class Top(click.ParamType[tuple[str | None, float, bool]]):
    """A class (or the positive one), a number, and whether it is a share."""

    name = "[CLASS=]N|N%"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str | None, float, bool]:
        found = re.fullmatch(r"(?:(.+)=)?(\d+(?:\.\d+)?)(%?)", str(value).strip())
        number, is_share = (float(found[2]), bool(found[3])) if found else (math.nan, False)
        if not found or not (0 < number <= 100 if is_share else number >= 1 and number == int(number)):
            self.fail(f"expected a share such as 10%, or a number of rows such as 500, with CLASS= in front for several classes; got '{value}'", param, ctx)
        return found[1], number / 100 if is_share else number, is_share


def read_costs(path: str, classes: "NDArray[Any]") -> "Costs":
    """A small CSV: its header names the decisions, the first cell of each row the true class; every class once."""
    from normexp.evaluation import costs_of

    try:
        if Path(path).stat().st_size > MOST_COST_BYTES:
            raise DataError(f"expected a small table of costs, got one of {Path(path).stat().st_size:,} bytes ({path})")
        text = Path(path).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"expected costs as UTF-8 text, got other bytes ({path}); save them as CSV") from error
    except FileNotFoundError as error:
        raise DataError(f"expected a file of costs, got '{path}', which does not exist") from error
    except OSError as error:
        raise DataError(f"expected a file of costs, got '{path}', which cannot be read: {error.strerror}") from error
    lines = text.splitlines()
    mark = max(",;\t", key=lines[0].count) if lines else ","
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DataError(f"expected a small CSV of costs, got one that cannot be read: {error} ({path})") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise DataError(f"expected a header with the decisions and a row of costs for each class, got {len(rows)} rows of {len(rows[0]) if rows else 0} cells ({path})")
    decisions = rows[0][1:]
    if len(set(decisions)) < len(decisions) or "" in decisions:
        raise DataError(f"expected different names of decisions in the header, got {listing(decisions)} ({path})")
    numbers: dict[str, dict[str, float]] = {}
    for at, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            raise DataError(f"expected {len(rows[0])} cells in row {at}, one for the class and one a decision, got {len(row)} ({path})")
        if row[0] in numbers:
            raise DataError(f"expected each class once, got '{row[0]}' again in row {at} ({path})")
        numbers[row[0]] = {name: _cost(cell, name, at, path) for name, cell in zip(decisions, row[1:], strict=True)}
    try:
        return costs_of(numbers, classes)
    except ValueError as error:
        raise DataError(f"{error} ({path})") from error


def _cost(cell: str, decision: str, row: int, path: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"expected a finite number as the cost of '{decision}', got '{cell}' ({path}, row {row})")
    return value


def print_costs(found: "CostReport", costs: "Costs", positive: int | None) -> None:
    """What deciding by expected cost costs a row, beside the most probable class and always the same decision."""
    always = f"always '{costs.decisions[found.always_decision]}'"
    lines = [("least expected cost", found.decided, None), ("the most probable class", found.most_probable, found.less_than_most_probable),
             (always, found.always, found.less_than_always)]  # fmt: skip
    cells = [(name, f"{paid.estimate:.6g}", f"{paid.low:.6g} to {paid.high:.6g}", "" if less is None else f"{less.low:+.4g} to {less.high:+.4g}")
             for name, paid, less in lines if paid is not None]  # fmt: skip
    print_table(("decision", "cost a row", "95 % interval", "more than by expected cost"), cells)
    counts = ", ".join(f"'{name}' {n}" for name, n in zip(costs.decisions, found.counts.tolist(), strict=True))
    echo(f"decided by expected cost: {counts}")
    if positive is not None and math.isfinite(t := costs.threshold(positive)):
        echo(f"that is '{costs.classes[positive]}' from a probability of {t:.6g} on")


def costs_as_data(found: "CostReport", costs: "Costs") -> dict[str, Any]:
    def ends(one: "Interval | None") -> dict[str, float] | None:
        return None if one is None else one._asdict()

    return {"decided": ends(found.decided), "most_probable": ends(found.most_probable), "less_than_most_probable": ends(found.less_than_most_probable),
            "always": ends(found.always), "always_decision": str(costs.decisions[found.always_decision]), "less_than_always": ends(found.less_than_always),
            "counts": dict(zip(map(str, costs.decisions), found.counts.tolist(), strict=True))}  # fmt: skip


class Decisions:
    """How `predict` decides; at most one of costs, thresholds and top."""

    def __init__(self, model: "Model", costs: "Costs | None", thresholds: tuple[tuple[str, float], ...], top: tuple[str | None, float, bool] | None) -> None:
        self.model, self.costs = model, costs
        self.thresholds = [(class_index(model.classes, label), p) for label, p in thresholds]
        self.top = None if top is None else (_top_class(model, top[0]), *top[1:])

    def answers(self, probabilities: "Array") -> "NDArray[Any]":
        """The predicted class of each row, as an index: the one that reaches its threshold, by the largest ratio to it, else the most probable of the others."""
        import numpy as np

        if not self.thresholds:
            return self.model.answers(probabilities)
        weighed = probabilities.astype(np.float64)
        for k, p in self.thresholds:
            reached = probabilities[:, k] >= p
            weighed[:, k] = np.where(reached, 1 + (probabilities[:, k] / p if p else np.inf), -1)
        none = (weighed < 0).all(axis=1)  # thresholds of all classes, and none reached
        found: NDArray[Any] = np.where(none, self.model.answers(probabilities), weighed.argmax(axis=1))
        return found

    def names(self) -> list[tuple[str, Any]]:
        """Columns beside the predictions, with their dtypes."""
        import numpy as np

        if self.costs is not None:
            return [("decision", np.dtype(object)), ("expected_cost", np.dtype(np.float64))]
        return [("flagged", np.dtype(np.bool_))] if self.top is not None else []

    def columns(self, probabilities: "Array") -> "list[NDArray[Any]]":
        """Their values for all rows (`top`), or a piece of them."""
        import numpy as np

        if self.costs is not None:
            expected = self.costs.expected(probabilities)
            found = expected.argmin(axis=1)
            return [np.array([str(name) for name in self.costs.decisions], object)[found], expected[np.arange(len(found)), found]]
        if self.top is None:
            return []
        k, number, is_share = self.top
        n = min(round(number * len(probabilities)) if is_share else int(number), len(probabilities))
        flagged = np.zeros(len(probabilities), bool)
        flagged[np.argsort(-probabilities[:, k], kind="stable")[:n]] = True
        return [flagged]


def decisions_of(model: "Model", costs_file: str | None, thresholds: tuple[tuple[str, float], ...], top: tuple[str | None, float, bool] | None) -> Decisions:
    """What the options say; raises UsageError where they contradict each other."""
    given = [name for name, value in (("--costs", costs_file), ("--threshold", thresholds), ("--top", top)) if value]
    if len(given) > 1:
        raise click.UsageError(f"expected one way to decide, got {' and '.join(given)}; choose one")
    return Decisions(model, read_costs(costs_file, model.classes) if costs_file else None, thresholds, top)


def class_index(classes: "NDArray[Any]", label: str) -> int:
    """The place of a class that an option names."""
    at = place_of_label(label, classes)
    if at < 0:
        names = [str(one) for one in classes.tolist()]
        raise click.UsageError(f"expected a class out of {listing(names)}, got '{label}'{did_you_mean(label, names)}")
    return at


def _top_class(model: "Model", label: str | None) -> int:
    if label is not None:
        return class_index(model.classes, label)
    if len(model.classes) > 2:
        raise click.UsageError(f"expected --top CLASS=10% for a model of {len(model.classes)} classes, got no class; they are {listing(model.classes.tolist())}")
    return 1 if model.positive is None else model.positive
