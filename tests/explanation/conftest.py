"""A table of every kind of column that the tests explain, and a model of it."""

import numpy as np
import pandas as pd
import pytest

from normexp import SoftmaxClassifier
from normexp.tables import read


@pytest.fixture(scope="module")
def mixed():
    """A table of every kind of column, and a model of it."""
    n, rng = 300, np.random.default_rng(0)
    size, flag = rng.normal(50, 10, n), rng.random(n) < 0.4
    colour, day = rng.choice(["red", "green", "blue"], n), pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), "D")
    label = np.where(size + 15 * (colour == "red") + 10 * flag > 55, "big", np.where(colour == "green", "small", "middling"))
    frame = pd.DataFrame({"size": np.where(rng.random(n) < 0.05, np.nan, size), "flag": flag, "colour": colour, "day": day, "label": label})
    table = read(frame, target="label")
    return table, SoftmaxClassifier((16,), epochs=60, random_state=0, quality="fast").fit_table(table)
