"""What a file from a stranger asks for is bounded by what it holds, before anything is made."""

import json
import resource
import subprocess
import sys

import pytest

from keras_archives import assert_refused, rewritten, saved
from normexp import keras
from normexp.keras import layers
from normexp.keras._saving import _shapes


def with_shape(shape):
    def edit(config):
        changed = json.loads(json.dumps(config).replace("[null, 4]", json.dumps([None, *shape])))
        config.update(changed)

    return edit


WIDE = {
    "rescaling": lambda: [layers.Rescaling(2.0)], "activation": lambda: [layers.Activation("tanh")], "many": lambda: [layers.Rescaling(2.0) for _ in range(30)],
    "normalization": lambda: [layers.Normalization(mean=1.0, variance=2.0)], "noise": lambda: [layers.Dropout(0.1)], "flatten": lambda: [layers.Flatten()],
    "nested": lambda: [keras.Sequential([layers.Rescaling(2.0), layers.Activation("tanh")])], "bare": lambda: [layers.LayerNormalization(center=False, scale=False)],
}  # fmt: skip


@pytest.mark.parametrize("what", WIDE)
def test_width_that_the_file_does_not_fill_is_within_a_budget(tmp_path, what):
    budget = "numbers that are not in the file, got more, in .* of width "
    for shape, match in (([2 * 10**8], budget + "200000000"), ([10**9] * 8, budget), ([1] * 9, "at most 8 axes, got 9")):
        path = rewritten(saved(tmp_path / "m.keras", *WIDE[what]()), with_shape(shape))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert_refused(path, match)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 << 10  # kilobytes


def test_the_budget_grows_with_the_file_up_to_a_cap(tmp_path, monkeypatch):
    monkeypatch.setattr(_shapes, "FREE", 10)
    monkeypatch.setattr(_shapes, "MOST_FREE", 4000)
    small, large = saved(tmp_path / "small.keras", layers.Rescaling(2.0), layers.Dense(2)), saved(tmp_path / "large.keras", layers.Rescaling(2.0), layers.Dense(9), shape=(900,))
    assert keras.models.load_model(small).built
    assert keras.models.load_model(large).built
    monkeypatch.setattr(_shapes, "MOST_FREE", 3500)
    assert_refused(large, "at most 3500 numbers that are not in the file, got more, in 'rescaling.*' of width 900")
    monkeypatch.setattr(_shapes, "FREE_FOR_A_BYTE", 0)
    assert_refused(small, "at most 10 numbers that are not in the file")


def test_what_is_written_and_cannot_be_read_says_so(tmp_path):
    with pytest.warns(UserWarning, match="expected a model that load_model reads, got one beyond its limits: .* numbers that are not in the file"):
        saved(tmp_path / "m.keras", layers.Rescaling(2.0), shape=(3000, 3000))
    with pytest.warns(UserWarning, match="got one beyond its limits: expected at most 2097152 bytes of text"):
        saved(tmp_path / "m.keras", layers.Dense(2, name="x" * (3 << 20)))


def test_text_that_grows_in_memory_is_short(tmp_path):
    path = saved(tmp_path / "m.keras", layers.Dense(2))
    assert_refused(rewritten(path, lambda c: c.update(more=[{}] * 700_000)), r"and 2097152 of text, got more in config\.json")


LOAD = """
import sys, resource, warnings
from normexp import keras
keras.models.load_model(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model = keras.models.load_model(sys.argv[2])
import numpy as np
model.predict(np.zeros((1, *model.input_shape[1:]), np.float32), verbose=0)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_the_largest_that_is_read_takes_a_few_tens_of_megabytes(tmp_path):
    small = saved(tmp_path / "small.keras", layers.Rescaling(2.0))
    wide = rewritten(saved(tmp_path / "wide.keras", *[layers.Rescaling(2.0) for _ in range(9)]), with_shape([149_000]))
    done = subprocess.run([sys.executable, "-c", LOAD, small, wide], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100
    assert_refused(rewritten(saved(tmp_path / "wide.keras", *[layers.Rescaling(2.0) for _ in range(9)]), with_shape([151_000])), "numbers that are not in the file")


def test_many_layers_load_in_a_moment(tmp_path):
    """Initializers do not run, and the network is built once, not after each layer."""
    path = saved(tmp_path / "m.keras", *[layers.Dense(4, kernel_initializer="orthogonal") for _ in range(900)])
    assert keras.models.load_model(path).count_params() == 900 * 20
