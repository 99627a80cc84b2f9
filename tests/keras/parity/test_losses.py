"""Every loss of normexp.keras is that of Keras, also where probabilities are clipped."""

import numpy as np
import pytest
from scipy.special import log_softmax

from keras_parity import assert_trains_alike, cases, tanh_network, theirs
from normexp import keras as ours
from reference import keras_oracle as oracle

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]
LOSSES = {  # targets, units and activation of the last layer, loss
    "categorical": ("one_hot", 4, "softmax", lambda _: "categorical_crossentropy"),
    "categorical_soft_targets": ("soft", 4, "softmax", lambda k: k.losses.CategoricalCrossentropy()),
    "categorical_logits": ("one_hot", 4, None, lambda k: k.losses.CategoricalCrossentropy(from_logits=True)),
    "categorical_smoothed": ("one_hot", 4, "softmax", lambda k: k.losses.CategoricalCrossentropy(label_smoothing=0.1)),
    "categorical_smoothed_logits": ("one_hot", 4, None, lambda k: k.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)),
    "categorical_of_sigmoids": ("one_hot", 4, "sigmoid", lambda _: "categorical_crossentropy"),
    "categorical_of_softplus": ("soft", 4, "softplus", lambda k: k.losses.CategoricalCrossentropy(label_smoothing=0.1)),
    "sparse": ("integers", 4, "softmax", lambda _: "sparse_categorical_crossentropy"),
    "sparse_column": ("integer_column", 4, "softmax", lambda k: k.losses.SparseCategoricalCrossentropy()),
    "sparse_logits": ("integers", 4, None, lambda k: k.losses.SparseCategoricalCrossentropy(from_logits=True)),
    "sparse_of_sigmoids": ("integers", 4, "sigmoid", lambda _: "sparse_categorical_crossentropy"),
    "binary": ("binary_column", 1, "sigmoid", lambda _: "binary_crossentropy"),
    "binary_flat_targets": ("binary", 1, "sigmoid", lambda _: "binary_crossentropy"),
    "binary_logits": ("binary_column", 1, None, lambda k: k.losses.BinaryCrossentropy(from_logits=True)),
    "binary_smoothed": ("binary_column", 1, "sigmoid", lambda k: k.losses.BinaryCrossentropy(label_smoothing=0.2)),
    "binary_smoothed_logits": ("binary", 1, None, lambda k: k.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2)),
    "binary_multi_label": ("multi_label", 4, "sigmoid", lambda _: "binary_crossentropy"),
    "binary_multi_label_logits": ("multi_label", 4, None, lambda k: k.losses.BinaryCrossentropy(from_logits=True)),
    "binary_of_softmax": ("one_hot", 4, "softmax", lambda _: "binary_crossentropy"),
    "focal": ("one_hot", 4, "softmax", lambda k: k.losses.CategoricalFocalCrossentropy(alpha=1.0)),
    "focal_logits": ("one_hot", 4, None, lambda k: k.losses.CategoricalFocalCrossentropy(alpha=0.8, gamma=1.5, from_logits=True)),
    "focal_smoothed": ("one_hot", 4, "softmax", lambda k: k.losses.CategoricalFocalCrossentropy(label_smoothing=0.1)),
    "kl_divergence": ("soft", 4, "softmax", lambda k: k.losses.KLDivergence()),
    "kl_divergence_one_hot": ("one_hot", 4, "softmax", lambda _: "kl_divergence"),
    "kl_divergence_of_sigmoids": ("soft", 4, "sigmoid", lambda k: k.losses.KLDivergence()),
    "squared": ("soft", 4, None, lambda _: "mse"),
    "squared_of_one": ("binary", 1, "tanh", lambda k: k.losses.MeanSquaredError()),
    "absolute": ("soft", 4, None, lambda _: "mean_absolute_error"),
}


@cases(LOSSES)
def test_losses(case):
    target, units, head, loss = case
    assert_trains_alike(lambda k: tanh_network(k, units, head), lambda k: {"optimizer": k.optimizers.SGD(0.05, momentum=0.9), "loss": loss(k)}, target)


CLIPPED = ("categorical_crossentropy", "binary_crossentropy", "kl_divergence", "categorical_focal_crossentropy")


@pytest.mark.parametrize("loss", CLIPPED)
def test_losses_where_the_probabilities_are_clipped(loss):
    """Logits in the hundreds: probabilities of zero and one, which Keras clips at 1e-7. In binary32 1 - 1e-7 is off by a sixth of the 1e-7: hence 1e-2."""

    def build(k):
        return k.Sequential([k.layers.Input((7,)), k.layers.Rescaling(100.0), k.layers.Dense(4, activation="softmax")])

    pair = oracle.twins(theirs, ours, build, lambda k: {"optimizer": k.optimizers.SGD(1e-4), "loss": loss})
    expected, got = (model.evaluate(oracle.inputs(), oracle.targets("one_hot"), verbose=0) for model in pair)
    if loss == "categorical_crossentropy":  # of logits and exact here, as in Keras on TensorFlow: docs/decisions/0006
        weights, bias = (w.astype(np.float64) for w in pair[1].get_weights())
        assert got > 2 * expected
        expected = -np.mean(log_softmax(100 * oracle.inputs() @ weights + bias, axis=1)[oracle.targets("one_hot") == 1])
    assert got == pytest.approx(expected, rel=1e-2)
