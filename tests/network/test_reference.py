"""The float64 reference of every layer and loss, against differences and numbers by hand."""

from functools import partial

import numpy as np
import pytest

from layer_steps import OF_REFERENCE, RECTIFIERS, distance, targets_of
from reference import layers as reference


def differences(function, at, step=1e-6):
    """The gradient of a number, by central differences of each entry."""
    gradient = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        moved = [at.copy(), at.copy()]
        for array, sign in zip(moved, (1, -1), strict=True):
            array[place] += sign * step
        gradient[place] = (function(moved[0]) - function(moved[1])) / (2 * step)
    return gradient


def variables(rng, *shapes):
    return [rng.uniform(0.2, 1.2, shape) for shape in shapes]


LAYERS = {  # function, shapes of the trained variables
    **{name: (partial(reference.activate, function=name), ()) for name in reference.ACTIVATIONS},
    **{f"rectifier_{name}": (partial(reference.activate, function=partial(reference.rectifier, **options)), ()) for name, options in RECTIFIERS.items()},
    "elu_alpha": (partial(reference.activate, function=partial(reference.elu, alpha=0.7)), ()),
    "softmax": (reference.soft_maximum, ()),
    "dense": (reference.dense, ((4, 3), (3,))),
    "dense_without_bias": (reference.dense, ((4, 3),)),
    "prelu": (reference.parametric_relu, ((4,),)),
    "scale": (partial(reference.scale, factors=np.array([0.5, -1, 2, 3]), shifts=np.arange(4.0)), ()),
    "batch_normalization": (reference.batch_normalization, ((4,), (4,))),
    "batch_normalization_gamma": (partial(reference.batch_normalization, with_shift=False), ((4,),)),
    "batch_normalization_beta": (partial(reference.batch_normalization, with_scale=False), ((4,),)),
    "layer_normalization": (reference.layer_normalization, ((4,), (4,))),
    "layer_normalization_bare": (partial(reference.layer_normalization, with_scale=False, with_shift=False), ()),
    "fixed_normalization": (partial(reference.fixed_normalization, gamma=np.arange(1.0, 5), beta=1.0, mean=0.3, variance=np.arange(1.0, 5)), ()),
    "chain": (lambda x, w, s: reference.chain(x, [lambda z: reference.dense(z, w), lambda z: reference.parametric_relu(z, s)]), ((4, 3), (3,))),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_reference_layers_against_differences(name):
    layer, shapes = LAYERS[name]
    rng = np.random.default_rng(1)
    inputs = [2 * rng.standard_normal((7, 4)), *variables(rng, *shapes)]
    outputs, back = layer(*inputs)
    slopes = rng.standard_normal(outputs.shape)
    below, own = back(slopes)
    assert len(own) == len(shapes)
    for i, gradient in enumerate([below, *own]):
        numeric = differences(lambda moved, i=i: float((layer(*inputs[:i], moved, *inputs[i + 1 :])[0] * slopes).sum()), inputs[i])
        assert gradient.shape == inputs[i].shape
        assert distance(gradient, numeric) <= OF_REFERENCE


REFERENCE_LOSSES = {
    "categorical": (reference.categorical_cross_entropy, "soft"),
    "categorical_smoothed": (partial(reference.categorical_cross_entropy, smoothing=0.2), "one_hot"),
    "sparse": (reference.sparse_cross_entropy, "classes"),
    "focal": (reference.focal_cross_entropy, "one_hot"),
    "focal_other": (partial(reference.focal_cross_entropy, alpha=0.8, gamma=1.5, smoothing=0.1), "soft"),
    "binary": (reference.binary_cross_entropy, "many"),
    "binary_smoothed": (partial(reference.binary_cross_entropy, smoothing=0.2), "many"),
    "divergence": (reference.divergence, "some_zero"),
    "categorical_logits": (reference.cross_entropy_of_logits, "soft"),
    "binary_logits": (partial(reference.binary_cross_entropy_of_logits, smoothing=0.1), "many"),
    "focal_logits": (reference.focal_cross_entropy_of_logits, "one_hot"),
    "squared": (reference.squared_error, "soft"),
    "absolute": (reference.absolute_error, "soft"),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", REFERENCE_LOSSES)
def test_reference_losses_against_differences(name, weighted):
    """Of outputs that do not add up to 1, some of them where Keras clips."""
    loss, kind = REFERENCE_LOSSES[name]
    rng = np.random.default_rng(2)
    outputs, targets = rng.uniform(0.05, 0.95, (6, 4)), targets_of(kind, rng, 6, 4)
    outputs[1, 2] = outputs[4, 0] = -0.1
    weights = rng.uniform(0.2, 2, 6) if weighted else None
    numeric = differences(lambda moved: loss(moved, targets, weights)[0], outputs)
    assert distance(loss(outputs, targets, weights)[1], numeric) <= OF_REFERENCE


def test_reference_losses_of_numbers_by_hand():
    p, t, weights = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]), np.array([[1.0, 0, 0], [0, 1, 0]]), np.array([1.0, 3])
    first, second = np.log(2), np.log(10)
    assert reference.categorical_cross_entropy(2 * p, t, weights)[0] == pytest.approx((first + 3 * second) / 2)
    assert reference.sparse_cross_entropy(p, np.array([0, 1]))[0] == pytest.approx((first + second) / 2)
    assert reference.focal_cross_entropy(p, t)[0] == pytest.approx(0.25 * (0.25 * first + 0.81 * second) / 2)
    assert reference.divergence(p, t)[0] == pytest.approx((first + second) / 2, abs=1e-5)
    of_rows = -np.log(0.5 * 0.75 * 0.75) / 3, -np.log(0.9 * 0.1 * 0.2) / 3
    assert reference.binary_cross_entropy(p, t, weights)[0] == pytest.approx((of_rows[0] + 3 * of_rows[1]) / 2)
