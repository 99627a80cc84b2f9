"""The bytes of a model of a table with columns of all kinds."""

import numpy as np
import pandas as pd
import pytest

from normexp import SoftmaxClassifier, save

N = 60


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """A model of a table with columns of all kinds, and missing numbers."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "word": rng.choice(["p", "q", "r"], N), "x": np.where(rng.random(N) < 0.2, np.nan, rng.standard_normal(N)), "flag": rng.random(N) < 0.5,
        "day": pd.date_range("2001-02-03", periods=N, freq="31h"),
    })  # fmt: skip
    path = tmp_path_factory.mktemp("model") / "m"
    save(SoftmaxClassifier((4,), epochs=3, random_state=0, quality="fast").fit(frame, rng.choice(["a", "b", "c"], N)), path, scores={"accuracy": 0.5})
    return path.read_bytes()
