"""Weights and the optimizer's state are finite numbers, variances not negative, steps not endless."""

import numpy as np
import pytest

from keras_archives import assert_refused, rewritten
from normexp import keras
from normexp.keras import layers


def kernel(file, value):
    file["layers/dense/vars/0"][0, 0] = value


BAD_WEIGHTS = {
    "NaN": (lambda f: kernel(f, np.nan), "expected finite numbers in layers/dense/vars/0, got others"),
    "infinity": (lambda f: kernel(f, -np.inf), "expected finite numbers in layers/dense/vars/0"),
    "moving variance": (lambda f: f["layers/batch_normalization/vars/3"].__setitem__(1, -1e-9), r"expected finite numbers in layers/batch_normalization/vars/3 of at least 0"),
    "variance": (lambda f: f["layers/normalization/vars/1"].__setitem__(0, -1), "expected finite numbers in layers/normalization/vars/1 of at least 0"),
    "NaN mean": (lambda f: f["layers/normalization/vars/0"].__setitem__(0, np.nan), "expected finite numbers in layers/normalization/vars/0"),
    "count": (lambda f: f["layers/normalization/vars/2"].__setitem__((), -1), "expected finite numbers in layers/normalization/vars/2 of at least 0"),
    "state": (lambda f: f["optimizer/vars/2"].__setitem__(0, np.nan), "expected finite numbers in optimizer/vars/2"),
    "steps": (lambda f: f["optimizer/vars/0"].__setitem__((), -5), "expected finite numbers in optimizer/vars/0 of at least 0"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_WEIGHTS)
def test_weights_are_finite_and_variances_not_negative(tmp_path, what):
    edit, match = BAD_WEIGHTS[what]
    path = tmp_path / "m.keras"
    model = keras.Sequential([keras.Input((4,)), layers.Normalization(), layers.Dense(3), layers.BatchNormalization(), layers.Softmax()])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.eye(4), np.arange(4) % 3, verbose=0)
    model.save(path)
    assert keras.models.load_model(path).optimizer.iterations == 1
    assert_refused(rewritten(path, weights=edit), match)


def test_steps_of_a_stranger_ask_for_nothing(tmp_path):
    path = tmp_path / "m.keras"
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("nadam", "sparse_categorical_crossentropy")
    model.fit(np.eye(4), np.arange(4) % 3, verbose=0)
    model.save(path)

    def steps(n):
        def edit(file):
            del file["optimizer/vars/0"]
            file["optimizer/vars/0"] = np.uint64(n)

        return edit

    back = keras.models.load_model(rewritten(path, weights=steps(2**40)))
    assert back.optimizer.iterations == 2**40
    assert back.optimizer.variables[-1] == 0  # the product of 2**40 momenta, at once
    assert_refused(rewritten(path, weights=steps(2**63)), "expected an optimizer after at most 1099511627776 steps, got 9223372036854775808")
