"""The default network and training, from the size of the data."""

from dataclasses import dataclass

__all__ = ["Recipe", "default_recipe"]


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
