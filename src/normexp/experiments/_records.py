"""A trial as it lies in a study's file, and back: what is read is checked before anything is made of it."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from normexp.errors import DataError
from normexp.experiments._space import LIMITS
from normexp.recipe import AnyConfiguration, Configuration, TreeConfiguration

__all__ = ["STATES", "Trial", "text_of", "trial_of"]

STATES = ("complete", "pruned", "diverged", "failed")
MOST_NUMBER = 2**53
MOST_COLUMNS, MOST_LAYERS, MOST_SEEDS, MOST_NAME, MOST_LOSSES = 1_000_000, 16, 16, 80, 10_000
FACTS = ("settings", "state", "value", "low", "high", "losses", "seconds", "when")


@dataclass(frozen=True)
class Trial:
    """A member that was tried.

    Parameters
    ----------
    number : int
        Decides its seeds.
    how : Configuration or TreeConfiguration
        What it was in full.
    settings : mapping of str to Any
        What the search varied: "family", and the settings of that family by their names; empty for a member of the portfolio that the space does not hold.
    state : str
        "complete", "pruned" (stopped at a rung), "diverged", or "failed" (for want of memory, or settings that do not go together).
    value : float
        What is to be small, of all rows by members that had not seen them; NaN unless complete.
    low, high : float
        Its 95 % interval.
    losses : tuple of float
        The value after each fold.
    seconds : float
        That it took.
    when : float
        Its end, in seconds since 1970.
    """

    number: int
    how: AnyConfiguration
    settings: Mapping[str, Any]
    state: str
    value: float
    low: float
    high: float
    losses: tuple[float, ...]
    seconds: float
    when: float = 0.0


def text_of(trial: Trial) -> str:
    """As it lies in a file: one line of JSON, null for what is not a number."""
    facts = {name: getattr(trial, name) for name in FACTS}
    return json.dumps({name: None if isinstance(fact, float) and not math.isfinite(fact) else fact for name, fact in facts.items()} | {"how": asdict(trial.how)})


def trial_of(number: Any, text: Any, n_columns: int, where: str) -> Trial:
    """The trial of a line; raises DataError for one that is not as `text_of` makes it."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or set(found) != {*FACTS, "how"} or not _whole(number, 0, MOST_NUMBER):
        raise DataError(f"expected trials as normexp writes them in {where}, got another: {str(text)[:80]}")
    ended = found["state"] == "complete"
    losses, settings = found["losses"], found["settings"]
    checks = (
        found["state"] in STATES and _number(found["seconds"], 0, 1e12) and _number(found["when"], 0, 1e12)
        and all(_number(found[name], -1e300, 1e300) if ended else found[name] is None for name in ("value", "low", "high"))
        and isinstance(losses, list) and len(losses) <= MOST_LOSSES and all(_number(loss, -1e300, 1e300) for loss in losses)
        and isinstance(settings, dict) and _are_settings(settings)
    )  # fmt: skip
    if not checks:
        raise DataError(f"expected possible facts of trial {number} in {where}, got others: {str(text)[:80]}")
    numbers = {name: float(found[name]) if ended else math.nan for name in ("value", "low", "high")}
    return Trial(
        number, _configuration(found["how"], n_columns, where), settings, found["state"], losses=tuple(map(float, losses)), seconds=float(found["seconds"]),
        when=float(found["when"]), **numbers,
    )  # fmt: skip


def _configuration(given: Any, n_columns: int, where: str) -> AnyConfiguration:
    """A member that could be fitted: every field there, of its type, and within what a search could have made."""
    checks = None
    if isinstance(given, dict):
        checks = OF_TREES if given.get("family") == "trees" else OF_NETWORKS
    if checks is None or set(given) != set(checks):
        raise DataError(f"expected a member's settings in {where}, got others: {str(given)[:80]}")
    for name, check in checks.items():
        if not check(given[name]):
            raise DataError(f"expected a possible value of {name} in {where}, got {str(given[name])[:80]}")
    if any(column >= n_columns for column in given["columns"]):
        raise DataError(f"expected columns from 0 to {n_columns - 1} in {where}, got {max(given['columns'])}")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return TreeConfiguration(**values) if checks is OF_TREES else Configuration(**values)


def _whole(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _within(family: str, name: str, *, zero: bool = False) -> Callable[[Any], bool]:
    """As the widest space has it; `zero` allows 0 too."""
    limits = LIMITS[family][name]
    return lambda value: (zero and value == 0) or (not isinstance(value, (list, dict)) and value in limits)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_NAME


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _are_settings(value: dict[str, Any]) -> bool:
    """Those of a family, within what there can be; none for a member that its space does not hold."""
    limits = LIMITS.get(str(value.get("family")))
    if not value or limits is None:
        return not value
    return all(name == "family" or (name in limits and not isinstance(one, (list, dict, type(None))) and one in limits[name]) for name, one in value.items())


def _are_columns(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_COLUMNS and all(_whole(one, 0, MOST_COLUMNS) for one in value) and sorted(set(value)) == value


def _are_units(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_LAYERS and all(_whole(one, 1, 4096) for one in value)


OF_NETWORKS: dict[str, Callable[[Any], bool]] = {
    "name": _is_name, "family": lambda value: value in ("network", "linear"), "hidden": _are_units, "epochs": _within("network", "epochs"),
    "batch_size": _within("network", "batch_size"), "learning_rate": _within("network", "learning_rate"), "weight_decay": _within("network", "weight_decay", zero=True),
    "bins": _is_bool, "second": _within("network", "second"), "dropout": _within("network", "dropout"), "input_dropout": _within("network", "input_dropout"),
    "n_seeds": lambda value: _whole(value, 1, MOST_SEEDS), "activation": lambda value: isinstance(value, str) and value in LIMITS["network"]["activation"],
    "columns": _are_columns, "balanced": _is_bool,
}  # fmt: skip
OF_TREES: dict[str, Callable[[Any], bool]] = {
    "name": _is_name, "family": lambda value: value == "trees", "depth": _within("trees", "max_depth"), "rounds": _within("trees", "max_iter"),
    "patience": lambda value: _whole(value, 0, 10_000), "learning_rate": _within("trees", "learning_rate"), "l2": _within("trees", "l2_regularization"),
    "n_bins": lambda value: _whole(value, 2, 255), "column_share": lambda value: _number(value, 1e-9, 1), "row_share": _within("trees", "row_share"),
    "n_seeds": lambda value: _whole(value, 1, MOST_SEEDS), "columns": _are_columns,
}  # fmt: skip
