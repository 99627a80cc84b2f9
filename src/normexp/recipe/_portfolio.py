"""Several kinds of networks, each fitted fold by fold: which, from the size of the data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from normexp._checks import integer_at_least
from normexp.model import MOST_ONE_HOT, MOST_STATISTICS
from normexp.recipe._plan import is_auto, rate, widths
from normexp.tables import MatrixColumn

__all__ = ["FAMILIES", "QUALITIES", "Configuration", "Portfolio", "portfolio"]

QUALITIES = ("fast", "good", "best")
FAMILIES = ("linear", "network")
MOST_INPUTS = 512  # that bins may make of a table: what lies beyond costs more than it brings
MOST_VALUES = 2**27  # of the encoded matrix with bins: half a gigabyte
LEAST_BINS, N_BINS = 3, 16


@dataclass(frozen=True)
class Configuration:
    """One kind of member: a network of relu layers, none of them for a linear one, trained for so many epochs while the learning rate falls to 0 along a cosine.

    `bins`: are numbers seen by their bins too; `second` is Adam's second moment; dropouts are those after hidden layers and of the inputs. It is fitted `n_seeds` times on each
    fold, from other first weights.
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


@dataclass(frozen=True)
class Portfolio:
    """Each configuration is fitted on all folds but one, for every fold: a pure function of sizes and settings, never of the clock.

    Tasks are done in the order of the configurations, those of a configuration fold by fold; a time limit leaves out the last ones.
    """

    configurations: tuple[Configuration, ...]
    n_folds: int
    n_bins: int = 0
    seed: int = 0

    @property
    def n_tasks(self) -> int:
        return self.n_folds * sum(one.n_seeds for one in self.configurations)


def portfolio(
    n_rows: int, columns: Sequence[MatrixColumn], n_classes: int, quality: str = "good", *, members: str | Sequence[str] | None = None,
    hidden_layer_sizes: str | Sequence[int] = "auto",
    epochs: str | int = "auto", batch_size: str | int = "auto", learning_rate: str | float = "auto", weight_decay: str | float = "auto", seed: int = 0,
) -> Portfolio:  # fmt: skip
    """The portfolio for a table of so many rows, these columns of its matrix, and classes; what is given replaces what the members would have.

    `members` names the families that may take part, all by default; no hidden layers leave the linear one. Raises ValueError for names and settings that are not known.
    """
    hidden = None if is_auto(hidden_layer_sizes) else widths(hidden_layer_sizes)
    families = _families(members if hidden != () else "linear")
    n_bins = _n_bins(n_rows, columns, n_classes) if "network" in families else 0  # the inputs of a linear model are to be read
    chosen = [one for one in _configurations(n_rows, n_classes, quality) if one.family in families]
    given: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size}
    changes: dict[str, Any] = {name: integer_at_least(value, 1, name) for name, value in given.items() if not is_auto(value)}
    changes |= {} if is_auto(learning_rate) else {"learning_rate": rate(learning_rate)}
    changes |= {} if is_auto(weight_decay) else {"weight_decay": float(weight_decay)}
    made = [replace(one, bins=one.bins and n_bins > 0, hidden=one.hidden if hidden is None or one.family == "linear" else hidden, **changes) for one in chosen]
    configurations = tuple({replace(one, name=""): one for one in reversed(made)}.values())[::-1]  # what is given may make two alike
    return Portfolio(configurations, _n_folds(n_rows), n_bins, seed)


def _families(members: str | Sequence[str] | None) -> tuple[str, ...]:
    names = FAMILIES if members is None else (members,) if isinstance(members, str) else tuple(members)
    for name in names:
        if name not in FAMILIES:
            raise ValueError(f"expected members out of {', '.join(FAMILIES)}, got {name!r}")
    if not names:
        raise ValueError(f"expected at least one of {', '.join(FAMILIES)} as members, got none")
    return names


def _n_bins(n_rows: int, columns: Sequence[MatrixColumn], n_classes: int) -> int:
    """As many as there is room for, up to 16."""
    n_statistics = 1 if n_classes == 2 else min(n_classes, MOST_STATISTICS)
    n_numbers = sum(column.kind == "number" for column in columns)
    room = min(MOST_INPUTS, MOST_VALUES // max(n_rows, 1)) - sum(n_statistics if column.n_codes > MOST_ONE_HOT else max(column.n_codes, 1) for column in columns)
    n_bins = min(N_BINS, room // n_numbers) if n_numbers else 0
    return n_bins if n_bins >= LEAST_BINS else 0


def _n_folds(n_rows: int) -> int:
    """Eight where rows are few, fewer where they cost more than they bring; no more than a third of the rows."""
    folds = 8 if n_rows < 2_000 else 5 if n_rows < 30_000 else 3
    return max(2, min(folds, n_rows // 3))


def _configurations(n_rows: int, n_classes: int, quality: str) -> tuple[Configuration, ...]:
    """The most useful first; what they get wrong differs (decision 17). The best quality adds networks: further first weights where rows are few, wider and longer ones else."""
    found = _of_few_rows(n_rows) if n_rows < 5_000 else _of_many_rows(n_rows, n_classes)
    if quality != "best":
        return found
    held, free, plain, linear, ridge = found
    hard = replace(held, name="hard", hidden=(256, 128), dropout=0.4, input_dropout=0.2, weight_decay=0.1)
    if n_rows < 1_000:
        return (*(replace(one, n_seeds=3) for one in (held, free, plain)), linear, ridge, hard)
    if n_rows < 5_000 or n_classes == 2:
        long = replace(plain, name="long", hidden=(256, 128), epochs=2 * plain.epochs, weight_decay=0.3)
    else:
        long = replace(plain, name="long", hidden=(512, 256), epochs=3 * plain.epochs // 2, weight_decay=0.01)
    return (*found, replace(free, name="wide", hidden=(256, 128)), long, hard)


def _of_few_rows(n_rows: int) -> tuple[Configuration, ...]:
    hidden, epochs, batch = ((64, 32), 60, 16) if n_rows < 1_000 else ((128, 64), 30, 64)
    steady = (60, 16) if n_rows < 1_000 else (40, 32)
    return (
        Configuration("held", "network", hidden, epochs, batch, 0.002, 0.3, bins=True, dropout=0.2, input_dropout=0.1),
        Configuration("free", "network", hidden, epochs, batch, 0.002, 0.01, bins=True),
        Configuration("plain", "network", hidden, *steady, 0.004, 0.1, second=0.95),
        Configuration("linear", "linear", (), epochs, batch, 0.01, 0.03, bins=True),
        Configuration("ridge", "linear", (), epochs, batch, 0.01, 0.3, bins=True),
    )


def _of_many_rows(n_rows: int, n_classes: int) -> tuple[Configuration, ...]:
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
