"""A small table whose fit is quick, and its model's bytes."""

from dataclasses import replace

import numpy as np

from normexp import recipe, saving
from normexp.tables import read


def table(n=240):
    """Numbers with missing ones, and categories of which some folds lack one: what trees are told differs by fold."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, 3))
    y = np.where(rng.random(n) < 0.2, rng.integers(0, 3, n), np.argmax(x, axis=1))
    colours = rng.choice(["red", "green", "blue", "grey", "rare"], n, p=[0.3, 0.3, 0.2, 0.19, 0.01])
    x[rng.random(n) < 0.1, 1] = np.nan
    return read({"u": x[:, 0], "v": x[:, 1], "w": x[:, 2], "colour": colours.tolist(), "y": [f"c{one}" for one in y]}, target="y")


def plan(data, epochs=4):
    """All families, in moments."""
    whole = recipe.portfolio(len(data), data.schema.matrix_columns(), 3, seed=1)
    quick = [replace(how, rounds=20, patience=5) if how.family == "trees" else replace(how, epochs=epochs) for how in whole.configurations]
    return replace(whole, configurations=tuple(quick), n_folds=4)


def model_bytes(model, folder):
    saving.save(model, folder / "model.safetensors")
    return (folder / "model.safetensors").read_bytes()
