"""What is trained, from the size of the data and what the user asked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from normexp._checks import integer_at_least

__all__ = ["Plan", "is_auto", "plan", "rate", "seed_from", "widths"]


@dataclass(frozen=True)
class Plan:
    """One network: widths of its relu layers and how it is trained. A pure function of sizes and settings, never of the clock.

    `validation_fraction` of the rows choose epoch and temperature; `seed` decides split, first weights and order.
    """

    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    patience: int
    learning_rate: float = 0.001
    weight_decay: float = 0.01
    validation_fraction: float = 0.2
    seed: int = 0


def plan(
    n_rows: int, hidden_layer_sizes: str | Sequence[int] = "auto", *, epochs: str | int = "auto", batch_size: str | int = "auto", patience: str | int = "auto",
    learning_rate: str | float = "auto", weight_decay: str | float = "auto", validation_fraction: float = 0.2, seed: int = 0,
) -> Plan:  # fmt: skip
    """The plan for a table of so many rows: what is given, and the default where it is "auto". Raises ValueError for settings that cannot train."""
    if not 0 <= validation_fraction < 1:
        raise ValueError(f"expected validation_fraction from 0 to below 1, got {validation_fraction!r}")
    default = _default(n_rows)
    return Plan(
        default.hidden if is_auto(hidden_layer_sizes) else widths(hidden_layer_sizes),
        default.epochs if epochs == "auto" else integer_at_least(epochs, 1, "epochs"),
        default.batch_size if batch_size == "auto" else integer_at_least(batch_size, 1, "batch_size"),
        default.patience if patience == "auto" else integer_at_least(patience, 0, "patience"),
        default.learning_rate if is_auto(learning_rate) else rate(learning_rate),
        default.weight_decay if is_auto(weight_decay) else float(weight_decay), float(validation_fraction), seed,
    )  # fmt: skip


def _default(n_rows: int) -> Plan:
    """Wider networks and larger batches for more rows; epochs so that some 30,000 to 200,000 steps are the most that is done."""
    if n_rows < 1_000:
        return Plan((64, 32), 300, 16, 40)
    if n_rows < 5_000:
        return Plan((128, 64), 200, 32, 25)
    if n_rows < 50_000:
        return Plan((256, 128), 100, 64, 12)
    return Plan((256, 128), 50, 256, 6)


def rate(learning_rate: str | float) -> float:
    found = float(learning_rate)
    if not 0 < found < math.inf:
        raise ValueError(f"expected a finite learning_rate above 0, got {learning_rate!r}")
    return found


def is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def widths(hidden_layer_sizes: str | Sequence[int]) -> tuple[int, ...]:
    if isinstance(hidden_layer_sizes, str):
        raise ValueError(f"expected hidden_layer_sizes 'auto' or a sequence of integers, got {hidden_layer_sizes!r}")
    return tuple(integer_at_least(units, 1, "hidden_layer_sizes") for units in hidden_layer_sizes)


def seed_from(random_state: Any) -> int:
    """The seed of a fit, drawn from a NumPy RandomState or from one that begins with an integer."""
    state = np.random.RandomState(random_state) if isinstance(random_state, int) else random_state
    return int(state.randint(2**31 - 1))
