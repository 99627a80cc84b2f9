"""What a search may vary: families of members and, of each, settings with their ranges."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from normexp._checks import did_you_mean, listing
from normexp.errors import DataError
from normexp.network import CLASSIFIER_ACTIVATIONS
from normexp.recipe import AnyConfiguration, Configuration, TreeConfiguration

__all__ = ["LIMITS", "SPACES", "Choice", "Range", "Setting", "Space", "space_of"]

SPACES = ("small", "wide")
MOST_UNITS, MOST_BATCH, MOST_EPOCHS, MOST_ROUNDS = 4096, 8192, 10_000, 10_000


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; `log` looks for them by their logarithm."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __contains__(self, value: Any) -> bool:
        kinds = (int, np.integer) if self.whole else (int, float, np.integer, np.floating)
        return isinstance(value, kinds) and not isinstance(value, bool) and bool(self.low <= value <= self.high)


@dataclass(frozen=True)
class Choice:
    """One of these."""

    choices: tuple[Any, ...]

    def __contains__(self, value: Any) -> bool:
        return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.choices)


Setting = Range | Choice

# What each setting may be at all; a file may narrow it.
ACTIVATIONS = Choice(CLASSIFIER_ACTIVATIONS)
YES_NO = Choice((False, True))
COLUMNS = Range(0.1, 1.0)
LIMITS: dict[str, dict[str, Setting]] = {
    "network": {
        "units": Range(2, MOST_UNITS, True, True), "layers": Range(1, 8, False, True), "activation": ACTIVATIONS, "dropout": Range(0, 0.9), "input_dropout": Range(0, 0.9),
        "learning_rate": Range(1e-6, 1, True), "weight_decay": Range(1e-6, 100, True), "batch_size": Range(1, MOST_BATCH, True, True), "epochs": Range(1, MOST_EPOCHS, True, True),
        "second": Range(0.5, 0.9999), "bins": YES_NO, "balanced": YES_NO, "columns": COLUMNS,
    },
    "linear": {
        "learning_rate": Range(1e-6, 1, True), "weight_decay": Range(1e-6, 100, True), "batch_size": Range(1, MOST_BATCH, True, True),
        "epochs": Range(1, MOST_EPOCHS, True, True), "bins": YES_NO, "balanced": YES_NO, "columns": COLUMNS,
    },
    "trees": {
        "max_depth": Range(1, 8, False, True), "learning_rate": Range(1e-3, 1, True), "max_iter": Range(1, MOST_ROUNDS, True, True), "l2_regularization": Range(1e-3, 1e4, True),
        "column_share": Range(0.01, 1, True), "row_share": Range(0.05, 1), "columns": COLUMNS,
    },
}  # fmt: skip
NAMES = {"units": "hidden", "max_depth": "depth", "max_iter": "rounds", "l2_regularization": "l2"}  # of settings in a configuration, where they differ


@dataclass(frozen=True)
class Space:
    """Settings to search, by family; what is not searched is as in the portfolio's member of the family that comes first."""

    families: Mapping[str, Mapping[str, Setting]]
    defaults: Mapping[str, AnyConfiguration]

    @property
    def words(self) -> str:
        """All of it, for two spaces to be compared."""
        return "; ".join(f"{family}: " + ", ".join(f"{name} {_brief(setting)}" for name, setting in settings.items()) for family, settings in self.families.items())

    def without(self, setting: str) -> "Space":
        """The same, but that this setting is not searched."""
        return replace(self, families={family: {name: one for name, one in settings.items() if name != setting} for family, settings in self.families.items()})

    def configuration(self, family: str, values: Mapping[str, Any], n_columns: int, draw: np.random.Generator, name: str) -> AnyConfiguration:
        """A member of these settings; a share of the columns of the matrix may be drawn."""
        start, given = replace(self.defaults[family], name=name), dict(values)
        changes: dict[str, Any] = {}
        if "columns" in given and (n := max(1, round(given.pop("columns") * n_columns))) < n_columns:
            changes["columns"] = tuple(sorted(draw.choice(n_columns, n, replace=False).tolist()))
        if isinstance(start, Configuration) and family == "network":
            units, layers = given.pop("units", start.hidden[0]), given.pop("layers", len(start.hidden))
            changes["hidden"] = tuple(max(2, round(units / 2**i)) for i in range(layers))
        if isinstance(start, TreeConfiguration) and "max_iter" not in given and "learning_rate" in given:
            changes["rounds"] = min(MOST_ROUNDS, math.ceil(start.rounds * max(1.0, start.learning_rate / given["learning_rate"])))  # smaller steps, more of them
        changes |= {NAMES.get(name, name): value for name, value in given.items()}
        return replace(start, **changes)

    def settings_of(self, how: AnyConfiguration, n_columns: int) -> dict[str, Any] | None:
        """What the searched settings are in a configuration; None where the space does not hold it."""
        searched, found = self.families.get(how.family), dict[str, Any]()
        if searched is None:
            return None
        for name, setting in searched.items():
            value: Any
            if name == "units":
                value = how.hidden[0] if isinstance(how, Configuration) else 0
            elif name == "layers":
                value = len(how.hidden) if isinstance(how, Configuration) else 0
            elif name == "columns":
                value = len(how.columns) / n_columns if how.columns else 1.0
            else:
                value = getattr(how, NAMES.get(name, name))
            if value not in setting:
                return None
            found[name] = value
        return found


def space_of(asked: str | Path, portfolio: Sequence[AnyConfiguration], n_rows: int) -> Space:
    """"small", "wide" or a TOML file, around the portfolio of a table of so many rows.

    Raises ValueError for an unknown name, and DataError for a file with unknown families or settings, or ranges that are empty or beyond what there can be.
    """  # fmt: skip
    defaults: dict[str, AnyConfiguration] = {}
    for how in portfolio:
        defaults.setdefault(how.family, how)
    if str(asked) in SPACES:
        found = _wide(defaults, n_rows)
        if str(asked) == "small":
            found = {family: {name: setting for name, setting in settings.items() if name in SMALL} for family, settings in found.items()}
        return Space(found, defaults)
    path = Path(asked)
    if path.suffix != ".toml":
        raise ValueError(f"expected a space out of {', '.join(SPACES)}, or a file that ends in .toml, got '{asked}'")
    return Space(_read(path, _wide(defaults, n_rows)), defaults)


SMALL = ("units", "dropout", "learning_rate", "weight_decay", "max_depth", "l2_regularization", "column_share")


def _wide(defaults: Mapping[str, AnyConfiguration], n_rows: int) -> dict[str, dict[str, Setting]]:
    """Ranges around what the portfolio has."""
    found: dict[str, dict[str, Setting]] = {}
    for family, how in defaults.items():
        if isinstance(how, TreeConfiguration):
            found[family] = {
                "max_depth": Range(2, 8, False, True), "learning_rate": Range(0.03, 0.4, True), "l2_regularization": Range(0.1, 30, True),
                "column_share": Range(min(0.05, how.column_share), 1, True), "row_share": Range(0.4, 1), "columns": Range(0.4, 1),
            }  # fmt: skip
            continue
        most = 256 if n_rows < 5_000 else 512
        settings: dict[str, Setting] = {
            "learning_rate": Range(how.learning_rate / 4, how.learning_rate * 4, True), "weight_decay": Range(0.001, 3, True),
            "epochs": Range(max(1, how.epochs // 2), 3 * how.epochs, True, True), "batch_size": Range(max(8, how.batch_size // 2), 4 * how.batch_size, True, True),
            "bins": YES_NO, "balanced": YES_NO, "columns": Range(0.4, 1),
        }  # fmt: skip
        if family == "network":
            settings |= {
                "units": Range(16, most, True, True), "layers": Range(1, 3, False, True), "activation": Choice(("relu", "silu", "gelu")), "dropout": Range(0, 0.5),
                "input_dropout": Range(0, 0.4), "second": Range(0.9, 0.999),
            }  # fmt: skip
        found[family] = settings
    return found


def _read(path: Path, wide: Mapping[str, Mapping[str, Setting]]) -> dict[str, dict[str, Setting]]:
    """Of a file: a table a family, with a list of values or {from, to} for each setting; an empty table is the family as it is in "wide"."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"expected a TOML file that describes a space, got one that cannot be read ({path}): {error}") from None
    if not content:
        raise DataError(f"expected a table for at least one family out of {', '.join(LIMITS)} in {path}, got an empty file")
    found: dict[str, dict[str, Setting]] = {}
    for family, settings in content.items():
        if family not in LIMITS or not isinstance(settings, dict):
            raise DataError(f"expected tables named {', '.join(LIMITS)} in {path}, got '{family}'{did_you_mean(family, LIMITS)}")
        if family not in wide:
            raise DataError(f"expected families that may take part, {', '.join(wide)}, in {path}, got '{family}'; leave it out there, or name it as a member")
        found[family] = {name: _setting(path, family, name, given) for name, given in settings.items()} or dict(wide[family])
    return found


def _setting(path: Path, family: str, name: str, given: Any) -> Setting:
    where, limits = f"{family}.{name} in {path}", LIMITS[family].get(name)
    if limits is None:
        raise DataError(f"expected settings of {family} out of {', '.join(LIMITS[family])}, got '{name}' in {path}{did_you_mean(name, LIMITS[family])}")
    if isinstance(given, list):
        if not given:
            raise DataError(f"expected at least one value for {where}, got an empty list")
        wrong = [one for one in given if one not in limits]
        if wrong:
            raise DataError(f"expected values {_words(limits)} for {where}, got {wrong[0]!r}")
        return Choice(tuple(given))
    if isinstance(limits, Choice):
        raise DataError(f"expected a list of values out of {listing(list(limits.choices))} for {where}, got {given!r}")
    if not isinstance(given, dict) or set(given) != {"from", "to"}:
        raise DataError(f"expected a list of values, or {{from = …, to = …}}, for {where}, got {given!r}")
    low, high = given["from"], given["to"]
    for end in (low, high):
        if end not in limits:
            raise DataError(f"expected a range {_words(limits)} for {where}, got {end!r}")
    if low > high:
        raise DataError(f"expected a range from the smaller to the larger number for {where}, got from {low} to {high}, which is empty")
    return replace(limits, low=low, high=high)


def _brief(setting: Setting) -> str:
    if isinstance(setting, Choice):
        return "/".join(map(str, setting.choices))
    return f"{setting.low:g}..{setting.high:g}"


def _words(limits: Setting) -> str:
    if isinstance(limits, Choice):
        return f"out of {listing(list(limits.choices))}"
    return f"{'of whole numbers ' if limits.whole else ''}from {limits.low:g} to {limits.high:g}"
