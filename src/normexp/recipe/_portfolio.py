"""Several kinds of networks and forests, each fitted fold by fold: which, from the size of the data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normexp._checks import finite_above_0, integer_at_least
from normexp.model import MOST_ONE_HOT, n_statistics
from normexp.recipe._plan import is_auto, rate, widths
from normexp.tables import MatrixColumn
from normexp.trees import MOST_BINS, MOST_DEPTH

__all__ = ["FAMILIES", "QUALITIES", "AnyConfiguration", "Configuration", "Portfolio", "TreeConfiguration", "families", "portfolio"]

QUALITIES = ("fast", "good", "best")
FAMILIES = ("linear", "network", "trees")
MOST_INPUTS = 512  # that bins may make of a table: what lies beyond costs more than it brings
MOST_VALUES = 2**27  # of the encoded matrix with bins: half a gigabyte
LEAST_BINS, N_BINS = 3, 16
MOST_TREES = 1_000_000  # as a model file has it
COLUMNS_OF_A_TREE = 48  # looked at, about


@dataclass(frozen=True)
class Configuration:
    """One kind of member: a network of layers with an activation, none of them for a linear one, trained for so many epochs while the learning rate falls to 0 along a cosine.

    `bins`: are numbers seen by their bins too; `second` is Adam's second moment; dropouts are those after hidden layers and of the inputs. It is fitted `n_seeds` times on each
    fold, from other first weights. `columns` are those of the matrix that it sees, () for all; `balanced`: does it learn from rows weighted by the rarity of their class (its
    probabilities are put back to the shares of the data)?
    """

    name: str
    family: str
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    bins: bool = False
    second: float = 0.999
    dropout: float = 0.0
    input_dropout: float = 0.0
    n_seeds: int = 1
    activation: str = "relu"
    columns: tuple[int, ...] = ()
    balanced: bool = False


@dataclass(frozen=True)
class TreeConfiguration:
    """One kind of forest: symmetric trees of so many questions, at most so many rounds, fewer where `patience` of them bring nothing on the rows held out.

    Shares are those of rows and columns that a tree is grown on; n_bins is of each number. `columns` are those of the matrix that the forest sees, () for all.
    """

    name: str
    depth: int
    rounds: int
    patience: int
    learning_rate: float
    l2: float
    n_bins: int
    column_share: float
    row_share: float = 0.8
    family: str = "trees"
    n_seeds: int = 1
    columns: tuple[int, ...] = ()


AnyConfiguration = Configuration | TreeConfiguration


@dataclass(frozen=True)
class Portfolio:
    """Each configuration is fitted on all folds but one, for every fold: a pure function of sizes and settings, never of the clock.

    Tasks are done in the order of the configurations, those of a configuration fold by fold; a time limit leaves out the last ones.
    """

    configurations: tuple[AnyConfiguration, ...]
    n_folds: int
    n_bins: int = 0
    seed: int = 0

    @property
    def n_tasks(self) -> int:
        return self.n_folds * sum(one.n_seeds for one in self.configurations)


def portfolio(
    n_rows: int, columns: Sequence[MatrixColumn], n_classes: int, quality: str = "good", *, members: str | Sequence[str] | None = None,
    hidden_layer_sizes: str | Sequence[int] = "auto",
    epochs: str | int = "auto", batch_size: str | int = "auto", learning_rate: str | float = "auto", weight_decay: str | float = "auto",
    max_depth: str | int = "auto", max_iter: str | int = "auto", l2_regularization: str | float = "auto", max_bins: str | int = "auto", patience: str | int = "auto", seed: int = 0,
) -> Portfolio:  # fmt: skip
    """The portfolio for a table of so many rows, these columns of its matrix, and classes; what is given replaces what the members would have.

    `members` names the families that may take part, all by default; no hidden layers leave the linear one. The learning rate is that of networks, or of trees where these are
    alone. Raises ValueError for names and settings that are not known, and for settings of members that do not take part.
    """
    hidden = None if is_auto(hidden_layer_sizes) else widths(hidden_layer_sizes)
    chosen_families = families("linear" if hidden == () and members is None else members)
    trees_alone = chosen_families == ("trees",)
    _refuse(not trees_alone, "networks or linear models", hidden_layer_sizes=hidden_layer_sizes, epochs=epochs, batch_size=batch_size, weight_decay=weight_decay)
    _refuse("trees" in chosen_families, "trees", max_depth=max_depth, max_iter=max_iter, l2_regularization=l2_regularization, max_bins=max_bins)
    _refuse(trees_alone, "trees alone", patience=patience)
    if hidden == () and "network" in chosen_families:
        raise ValueError("expected hidden layers for members that are networks, got hidden_layer_sizes=(); leave members out for logistic regression")
    n_bins = _n_bins(n_rows, columns, n_classes) if "network" in chosen_families else 0  # the inputs of a linear model are to be read
    n_numbers = sum(1 if column.n_codes == 0 else n_statistics(n_classes) for column in columns)
    chosen = [one for one in _configurations(n_rows, n_numbers, n_classes, quality) if one.family in chosen_families]
    of_networks: dict[str, Any] = {"epochs": _integer(epochs, "epochs"), "batch_size": _integer(batch_size, "batch_size"), "hidden": hidden}
    of_networks |= {"weight_decay": None if is_auto(weight_decay) else float(weight_decay), "learning_rate": None if is_auto(learning_rate) else rate(learning_rate)}
    of_trees: dict[str, Any] = {"depth": _integer(max_depth, "max_depth", most=MOST_DEPTH), "rounds": _integer(max_iter, "max_iter", most=MOST_TREES)}
    of_trees |= {"n_bins": _integer(max_bins, "max_bins", 2, MOST_BINS), "patience": _integer(patience, "patience", 0)}
    of_trees |= {"l2": None if is_auto(l2_regularization) else _above_0(l2_regularization, "l2_regularization")}
    of_trees |= {"learning_rate": of_networks["learning_rate"] if trees_alone else None}
    made = [_changed(one, of_trees if isinstance(one, TreeConfiguration) else of_networks, n_bins) for one in chosen]
    configurations = tuple({replace(one, name=""): one for one in reversed(made)}.values())[::-1]  # what is given may make two alike
    return Portfolio(configurations, _n_folds(n_rows), n_bins, seed)


def _changed(one: AnyConfiguration, given: dict[str, Any], n_bins: int) -> AnyConfiguration:
    """With what is given in place of its own."""
    changes = {name: value for name, value in given.items() if value is not None}
    if isinstance(one, TreeConfiguration):
        return replace(one, **changes)
    return replace(one, **(changes | {"bins": one.bins and n_bins > 0, "hidden": changes.get("hidden", one.hidden) if one.family == "network" else ()}))


def _refuse(take_part: bool, who: str, **given: Any) -> None:
    """Settings of members that do not take part."""
    for name, value in given.items():
        if not take_part and not is_auto(value):
            raise ValueError(f"expected members that are {who} with {name}={value!r}, got others; leave {name} out, or choose members that have it")


def _above_0(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise ValueError(f"expected {name} to be a number above 0, got {value!r}")
    finite_above_0(value, name)
    return float(value)


def _integer(value: str | int, name: str, least: int = 1, most: int = 2**31 - 1) -> int | None:
    """What was given, checked; None for "auto"."""
    if is_auto(value):
        return None
    found = integer_at_least(value, least, name)
    if found > most:
        raise ValueError(f"expected {name} from {least} to {most}, got {found}")
    return found


def families(members: str | Sequence[str] | None) -> tuple[str, ...]:
    """The families that may take part; raises ValueError for unknown ones."""
    names = FAMILIES if members is None else (members,) if isinstance(members, str) else tuple(members)
    for name in names:
        if name not in FAMILIES:
            raise ValueError(f"expected members out of {', '.join(FAMILIES)}, got {name!r}")
    if not names:
        raise ValueError(f"expected at least one of {', '.join(FAMILIES)} as members, got none")
    return tuple(dict.fromkeys(names))


def _n_bins(n_rows: int, columns: Sequence[MatrixColumn], n_classes: int) -> int:
    """As many as there is room for, up to 16."""
    width = n_statistics(n_classes)
    n_numbers = sum(column.kind == "number" for column in columns)
    room = min(MOST_INPUTS, MOST_VALUES // max(n_rows, 1)) - sum(width if column.n_codes > MOST_ONE_HOT else max(column.n_codes, 1) for column in columns)
    n_bins = min(N_BINS, room // n_numbers) if n_numbers else 0
    return n_bins if n_bins >= LEAST_BINS else 0


def _n_folds(n_rows: int) -> int:
    """Eight where rows are few, fewer where they cost more than they bring; no more than a third of the rows."""
    folds = 8 if n_rows < 2_000 else 5 if n_rows < 30_000 else 3
    return max(2, min(folds, n_rows // 3))


def _configurations(n_rows: int, n_numbers: int, n_classes: int, quality: str) -> tuple[AnyConfiguration, ...]:
    """The most useful first; what they get wrong differs (decision 17). The best quality adds networks: further first weights where rows are few, wider and longer ones else; and
    forests of a second seed."""
    networks = _of_few_rows(n_rows) if n_rows < 5_000 else _of_many_rows(n_rows, n_classes)
    trees = TreeConfiguration("trees", 6, 500, 25, 0.15, 1.0, MOST_BINS, min(0.5, COLUMNS_OF_A_TREE / max(n_numbers, 1)))
    found = (networks[0], trees, *networks[1:])
    if quality != "best":
        return found
    (held, free, plain, linear, ridge), twice = networks, replace(trees, n_seeds=2)
    hard = replace(held, name="hard", hidden=(256, 128), dropout=0.4, input_dropout=0.2, weight_decay=0.1)
    if n_rows < 1_000:
        return (replace(held, n_seeds=3), twice, *(replace(one, n_seeds=3) for one in (free, plain)), linear, ridge, hard)
    if n_rows < 5_000 or n_classes == 2:
        long = replace(plain, name="long", hidden=(256, 128), epochs=2 * plain.epochs, weight_decay=0.3)
    else:
        long = replace(plain, name="long", hidden=(512, 256), epochs=3 * plain.epochs // 2, weight_decay=0.01)
    return (held, twice, free, plain, linear, ridge, replace(free, name="wide", hidden=(256, 128)), long, hard)


def _of_few_rows(n_rows: int) -> tuple[Configuration, Configuration, Configuration, Configuration, Configuration]:
    hidden, epochs, batch = ((64, 32), 60, 16) if n_rows < 1_000 else ((128, 64), 30, 64)
    steady = (60, 16) if n_rows < 1_000 else (40, 32)
    return (
        Configuration("held", "network", hidden, epochs, batch, 0.002, 0.3, bins=True, dropout=0.2, input_dropout=0.1),
        Configuration("free", "network", hidden, epochs, batch, 0.002, 0.01, bins=True),
        Configuration("plain", "network", hidden, *steady, 0.004, 0.1, second=0.95),
        Configuration("linear", "linear", (), epochs, batch, 0.01, 0.03, bins=True),
        Configuration("ridge", "linear", (), epochs, batch, 0.01, 0.3, bins=True),
    )


def _of_many_rows(n_rows: int, n_classes: int) -> tuple[Configuration, Configuration, Configuration, Configuration, Configuration]:
    """Steps are what count: fewer epochs of more rows."""
    share = min(1.0, 20_000 / n_rows)
    batch = 128 if n_rows < 50_000 else 256
    linear = Configuration("linear", "linear", (), _epochs(12, share), batch, 0.01, 0.03, bins=True)
    ridge = replace(linear, name="ridge", weight_decay=0.3)
    if n_classes == 2:
        return (
            Configuration("held", "network", (128, 64), _epochs(10, share), batch, 0.004, 0.3, bins=True, dropout=0.2, input_dropout=0.1),
            Configuration("free", "network", (128, 64), _epochs(12, share), batch, 0.004, 1.0, bins=True),
            Configuration("plain", "network", (64, 32), _epochs(8, share), batch, 0.004, 0.1, second=0.95),
            linear, ridge,
        )  # fmt: skip
    return (
        Configuration("held", "network", (128, 64), _epochs(15, share), batch // 2, 0.003, 0.3, bins=True, dropout=0.1, input_dropout=0.1),
        Configuration("free", "network", (128, 64), _epochs(25, share), batch, 0.004, 0.01, bins=True),
        Configuration("plain", "network", (256, 128), _epochs(20, share), batch // 2, 0.004, 0.1, second=0.95),
        linear, ridge,
    )  # fmt: skip


def _epochs(n: int, share: float) -> int:
    return max(3, round(n * share))
