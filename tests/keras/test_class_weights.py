"""Weights of classes are weights of their rows; others are refused."""

import numpy as np
import pytest

from keras_networks import network

RNG = np.random.default_rng(5)
X = RNG.standard_normal((20, 4)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)
BAD_WEIGHTS = [
    ({3: 1.0}, ValueError, "expected classes from 0 to 2 as keys of class_weight, got 3"),
    ({-1: 1.0}, ValueError, "got -1"),
    ({0.5: 1.0}, ValueError, "got 0.5"),
    ({np.nan: 1.0}, ValueError, "got nan"),
    ({"0": 1.0}, ValueError, "got '0'; use the class indices of the targets"),
    ({True: 1.0}, ValueError, "got True"),
    ({0: -1.0}, ValueError, "expected finite weights of at least 0 in class_weight, got -1.0 for class 0"),
    ({0: np.nan}, ValueError, "got nan for class 0"),
    ({0: np.inf}, ValueError, "got inf for class 0"),
    ({0: "1"}, ValueError, "got '1' for class 0"),
    ("balanced", TypeError, "expected class_weight as a dict from class index to weight, such as .*, got str"),
    ([1, 1, 1], TypeError, "got list"),
]  # fmt: skip


@pytest.mark.parametrize(("weights", "error", "message"), BAD_WEIGHTS, ids=[repr(row[0]) for row in BAD_WEIGHTS])
def test_class_weights_that_are_refused(weights, error, message):
    with pytest.raises(error, match=message):
        network().fit(X, Y, verbose=0, class_weight=weights)
    with pytest.raises(error, match=message):
        network().train_on_batch(X, Y, class_weight=weights)


def test_class_weights_are_weights_of_rows():
    table = {0: 2, 2.0: 0.25, np.int64(1): np.float32(0)}
    for loss, y, units in (("sparse_categorical_crossentropy", Y, 3), ("categorical_crossentropy", np.eye(3)[Y], 3), ("binary_crossentropy", np.minimum(Y, 1), 1)):
        pair = [network(units, "sigmoid", loss) for _ in range(2)]
        pair[1].set_weights(pair[0].get_weights())
        given = {k: v for k, v in table.items() if k < max(units, 2)}
        pair[0].fit(X, y, verbose=0, shuffle=False, class_weight=given)
        classes = y.argmax(axis=1) if np.ndim(y) == 2 else y
        pair[1].fit(X, y, verbose=0, shuffle=False, sample_weight=[given.get(int(c), 1.0) for c in classes])
        for a, b in zip(pair[0].get_weights(), pair[1].get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
