"""The default network and training, from the size of the data."""

from collections.abc import Sequence
from dataclasses import dataclass

from normexp._checks import integer_at_least

__all__ = ["Recipe", "chosen_recipe", "default_recipe"]


@dataclass(frozen=True)
class Recipe:
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    patience: int


def default_recipe(n_rows: int) -> Recipe:
    """Wider networks and larger batches for more rows; epochs so that some 30,000 to 200,000 steps are the most that is done."""
    if n_rows < 1_000:
        return Recipe((64, 32), 300, 16, 40)
    if n_rows < 5_000:
        return Recipe((128, 64), 200, 32, 25)
    if n_rows < 50_000:
        return Recipe((256, 128), 100, 64, 12)
    return Recipe((256, 128), 50, 256, 6)


def chosen_recipe(n_rows: int, hidden_layer_sizes: str | Sequence[int], *, epochs: str | int, batch_size: str | int, patience: str | int) -> Recipe:
    """What the estimator's arguments say, and the default where one is "auto"."""
    default = default_recipe(n_rows)
    hidden = default.hidden
    if not (isinstance(hidden_layer_sizes, str) and hidden_layer_sizes == "auto"):
        if isinstance(hidden_layer_sizes, str):
            raise ValueError(f"expected hidden_layer_sizes 'auto' or a sequence of integers, got {hidden_layer_sizes!r}")
        hidden = tuple(integer_at_least(units, 1, "hidden_layer_sizes") for units in hidden_layer_sizes)
    numbers = [
        automatic if value == "auto" else integer_at_least(value, least, name)
        for name, value, automatic, least in (
            ("epochs", epochs, default.epochs, 1), ("batch_size", batch_size, default.batch_size, 1), ("patience", patience, default.patience, 0),
        )
    ]  # fmt: skip
    return Recipe(hidden, *numbers)
