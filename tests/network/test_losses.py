"""One step of every loss of ours against the reference, also of large logits."""

from functools import partial

import numpy as np
import pytest

from layer_steps import N_ROWS, WIDTH, activation, check_step, dense, fused, targets_of
from normexp import keras
from reference import layers as reference

K = keras.losses
LOSSES = {  # of ours, of the reference, targets, outputs, last activation, is that in the loss?
    "categorical": ("categorical_crossentropy", reference.categorical_cross_entropy, "one_hot", 5, "softmax", False),
    "categorical_soft": (K.CategoricalCrossentropy(), reference.categorical_cross_entropy, "soft", 5, "softmax", False),
    "categorical_logits": (K.CategoricalCrossentropy(from_logits=True), reference.categorical_cross_entropy, "one_hot", 5, "softmax", True),
    "categorical_smoothed": (K.CategoricalCrossentropy(label_smoothing=0.1), partial(reference.categorical_cross_entropy, smoothing=0.1), "one_hot", 5, "softmax", False),
    "categorical_of_sigmoids": (K.CategoricalCrossentropy(), reference.categorical_cross_entropy, "soft", 5, "sigmoid", False),
    "categorical_of_softplus": (K.CategoricalCrossentropy(label_smoothing=0.2), partial(reference.categorical_cross_entropy, smoothing=0.2), "one_hot", 5, "softplus", False),
    "categorical_of_relu": ("categorical_crossentropy", reference.categorical_cross_entropy, "soft", 5, "relu", False),  # some are clipped
    "sparse": ("sparse_categorical_crossentropy", reference.sparse_cross_entropy, "classes", 5, "softmax", False),
    "sparse_logits": (K.SparseCategoricalCrossentropy(from_logits=True), reference.sparse_cross_entropy, "classes", 5, "softmax", True),
    "sparse_of_exponentials": ("sparse_categorical_crossentropy", reference.sparse_cross_entropy, "classes", 5, "exponential", False),
    "sparse_of_sigmoids": ("sparse_categorical_crossentropy", reference.sparse_cross_entropy, "classes", 5, "sigmoid", False),
    "binary": ("binary_crossentropy", reference.binary_cross_entropy, "many", 1, "sigmoid", False),
    "binary_logits": (K.BinaryCrossentropy(from_logits=True), reference.binary_cross_entropy, "many", 1, "sigmoid", True),
    "binary_smoothed": (K.BinaryCrossentropy(label_smoothing=0.2), partial(reference.binary_cross_entropy, smoothing=0.2), "many", 1, "sigmoid", False),
    "binary_of_many": ("binary_crossentropy", reference.binary_cross_entropy, "many", 5, "sigmoid", False),
    "binary_of_soft": (K.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), partial(reference.binary_cross_entropy, smoothing=0.1), "soft", 5, "sigmoid", True),
    "binary_of_softmax": ("binary_crossentropy", reference.binary_cross_entropy, "one_hot", 5, "softmax", False),
    "binary_of_hard_sigmoids": ("binary_crossentropy", reference.binary_cross_entropy, "many", 5, "hard_sigmoid", False),
    "binary_of_linear": ("binary_crossentropy", reference.binary_cross_entropy, "many", 5, "linear", False),  # some are clipped
    "focal": (K.CategoricalFocalCrossentropy(), reference.focal_cross_entropy, "one_hot", 5, "softmax", False),
    "focal_logits": (K.CategoricalFocalCrossentropy(0.8, 1.5, from_logits=True), partial(reference.focal_cross_entropy, alpha=0.8, gamma=1.5), "soft", 5, "softmax", True),
    "focal_smoothed": (K.CategoricalFocalCrossentropy(label_smoothing=0.1), partial(reference.focal_cross_entropy, smoothing=0.1), "one_hot", 5, "softmax", False),
    "focal_of_sigmoids": (K.CategoricalFocalCrossentropy(1.0, 3.0), partial(reference.focal_cross_entropy, alpha=1.0, gamma=3.0), "one_hot", 5, "sigmoid", False),
    "divergence": ("kl_divergence", reference.divergence, "soft", 5, "softmax", False),
    "divergence_some_zero": (K.KLDivergence(), reference.divergence, "some_zero", 5, "softmax", False),
    "divergence_of_sigmoids": (K.KLDivergence(), reference.divergence, "soft", 5, "sigmoid", False),
    "squared": ("mse", reference.squared_error, "soft", 5, "linear", False),
    "squared_of_one": (K.MeanSquaredError(), reference.squared_error, "many", 1, "tanh", False),
    "absolute": (K.MeanAbsoluteError(), reference.absolute_error, "soft", 5, "linear", False),
    "absolute_of_one": ("mae", reference.absolute_error, "many", 1, "softplus", False),
    "divergence_of_softplus": (K.KLDivergence(), reference.divergence, "soft", 5, "softplus", False),  # some are clipped
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:expected probabilities from the last layer")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "in_dense"), [(name, in_dense) for name in LOSSES for in_dense in (False, True) if not (in_dense and LOSSES[name][-1])])
def test_losses_of_ours(name, in_dense, weighted):
    """The last activation a layer by itself or in the dense layer; with logits it is in the loss."""
    ours_loss, loss, kind, n_outputs, last, in_loss = LOSSES[name]
    rng = np.random.default_rng(4)
    targets = targets_of(kind, rng, N_ROWS, n_outputs).astype(np.int64 if kind == "classes" else np.float32)
    row_weights = np.float32(rng.uniform(0.2, 2, N_ROWS)) if weighted else None
    head = [fused(n_outputs, last)] if in_dense else [dense(n_outputs), activation(last)]
    check_step([dense(WIDTH), activation("tanh"), *head], ours_loss, loss, targets, row_weights=row_weights, of_model=-1 if in_loss else None)


SATURATED = {  # the loss of logits is not clipped, that of probabilities is
    "categorical": (K.CategoricalCrossentropy(from_logits=True), reference.cross_entropy_of_logits, "soft"),
    "categorical_smoothed": (K.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), partial(reference.cross_entropy_of_logits, smoothing=0.1), "one_hot"),
    "binary": (K.BinaryCrossentropy(from_logits=True), reference.binary_cross_entropy_of_logits, "many"),
    "binary_smoothed": (K.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), partial(reference.binary_cross_entropy_of_logits, smoothing=0.1), "many"),
    "focal": (K.CategoricalFocalCrossentropy(from_logits=True), reference.focal_cross_entropy_of_logits, "one_hot"),
}  # fmt: skip


@pytest.mark.parametrize("name", SATURATED)
def test_losses_of_large_logits(name):
    ours_loss, loss, kind = SATURATED[name]
    targets = np.float32(targets_of(kind, np.random.default_rng(6), N_ROWS, 5))
    check_step([dense(WIDTH), activation("relu"), dense(5)], ours_loss, loss, targets, spread=12.0)
