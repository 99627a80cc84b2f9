"""One step of every layer of ours against the reference, between others and at every width."""

from functools import partial

import numpy as np
import pytest

from layer_steps import N_OUTPUTS, N_ROWS, RECTIFIERS, WIDTH, L, Piece, activation, check_step, dense, fused
from reference import layers as reference


def nothing_learnt(function):
    """As a layer whose variables stay."""

    def layer(x, *weights):
        outputs, back = function(x, *weights)
        return outputs, lambda g: (back(g)[0], [np.zeros_like(w) for w in weights])

    return layer


def batch_normalization(x, *weights, momentum=0.99, **options):
    """What a step takes off: gradients, and of the moving moments how far they move."""
    *trained, mean, variance = weights
    outputs, back = reference.batch_normalization(x, *trained, **options)
    moved = reference.moved_moments(x, mean, variance, momentum)

    def step(g):
        below, own = back(g)
        return below, [*own, mean - moved[0], variance - moved[1]]

    return outputs, step


def rectifier(layer, **options):
    return Piece(layer, partial(reference.activate, function=partial(reference.rectifier, **options)))


def prelu():
    return Piece(L.PReLU(), reference.parametric_relu, 1)


def _of_reference(options):
    names = {"center": "with_shift", "scale": "with_scale"}
    return {names.get(key, key): value for key, value in options.items()}


def batch_norm(n_trained=2, **options):
    return Piece(L.BatchNormalization(**options), partial(batch_normalization, **_of_reference(options)), n_trained + 2)


def layer_norm(n_trained=2, **options):
    return Piece(L.LayerNormalization(**options), partial(reference.layer_normalization, **_of_reference(options)), n_trained)


def given_moments(invert):
    mean, variance = np.linspace(-1, 2, WIDTH), np.linspace(0.25, 4, WIDTH)
    mean, root = np.float32(mean).astype(float), np.sqrt(np.float32(variance).astype(float))
    factors = (root, mean) if invert else (1 / root, -mean / root)
    return Piece(L.Normalization(mean=mean, variance=variance, invert=invert), partial(reference.scale, factors=factors[0], shifts=factors[1]))


def between(*pieces, bias=True, n_outputs=N_OUTPUTS):
    """In the middle of a network, so that a wrong gradient of the inputs is seen in the layer below."""
    return [dense(WIDTH, bias), *pieces, dense(n_outputs), activation("softmax")]


NETWORKS = {
    "dense": lambda: between(),
    "dense_without_bias": lambda: between(dense(WIDTH, bias=False)),
    "dense_of_one_unit": lambda: between(dense(1), dense(7)),
    "dense_frozen": lambda: between(Piece(L.Dense(9, trainable=False), nothing_learnt(reference.dense), 2), dense(7)),
    **{f"activation_{name}": lambda name=name: between(activation(name)) for name in (*reference.ACTIVATIONS, "softmax")},
    **{f"fused_{name}": lambda name=name: between(fused(9, name)) for name in (*reference.ACTIVATIONS, "softmax")},
    **{f"relu_{name}": lambda options=options: between(rectifier(L.ReLU(**options), **options)) for name, options in RECTIFIERS.items()},
    "relu": lambda: between(rectifier(L.ReLU())),
    "leaky_relu": lambda: between(rectifier(L.LeakyReLU(0.2), negative_slope=0.2)),
    "elu": lambda: between(Piece(L.ELU(0.7), partial(reference.activate, function=partial(reference.elu, alpha=0.7)))),
    "softmax": lambda: between(Piece(L.Softmax(), reference.soft_maximum)),
    "prelu": lambda: between(prelu()),
    "batch_norm": lambda: between(batch_norm(), bias=False),  # a bias below has gradient 0
    "batch_norm_epsilon_and_momentum": lambda: between(batch_norm(epsilon=0.5, momentum=0.8), bias=False),
    "batch_norm_gamma": lambda: between(batch_norm(1, center=False), bias=False),
    "batch_norm_beta": lambda: between(batch_norm(1, scale=False), bias=False),
    "batch_norm_bare": lambda: between(batch_norm(0, center=False, scale=False), bias=False),
    "batch_norm_first": lambda: [batch_norm(), *between()],
    "batch_norm_after_relu": lambda: between(activation("relu"), batch_norm()),
    "batch_norm_frozen": lambda: between(Piece(L.BatchNormalization(trainable=False), nothing_learnt(reference.fixed_normalization), 4)),
    "layer_norm": lambda: between(layer_norm()),
    "layer_norm_epsilon": lambda: between(layer_norm(epsilon=0.5)),
    "layer_norm_gamma": lambda: between(layer_norm(1, center=False)),
    "layer_norm_beta": lambda: between(layer_norm(1, scale=False)),
    "layer_norm_bare": lambda: between(layer_norm(0, center=False, scale=False)),
    "normalization": lambda: between(given_moments(False)),
    "normalization_inverted": lambda: between(given_moments(True)),
    "rescaling": lambda: between(Piece(L.Rescaling(0.5, 0.75), partial(reference.scale, factors=0.5, shifts=0.75))),
    "nothing_dropped": lambda: between(Piece(L.Dropout(0.0), partial(reference.activate, function="linear"))),
    "no_noise": lambda: between(Piece(L.GaussianNoise(0.0), partial(reference.activate, function="linear"))),
    "relu_into_relu": lambda: between(fused(WIDTH, "relu"), fused(13, "relu"), layer_norm(), fused(9, "relu"), activation("tanh")),
    "many": lambda: between(batch_norm(), fused(13, "gelu"), layer_norm(), prelu(), fused(9, "selu"), bias=False),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_of_ours(name):
    targets = np.random.default_rng(3).integers(0, N_OUTPUTS, N_ROWS)
    spread = 0.4 if name.endswith("exponential") else 1.5  # without probabilities that would be clipped
    check_step(NETWORKS[name](), "sparse_categorical_crossentropy", reference.sparse_cross_entropy, targets, spread=spread)


@pytest.mark.parametrize(("n_rows", "n_inputs", "width", "n_outputs"), [(1, 3, 4, 2), (16, 8, 16, 8), (5, 1, 1, 3), (131, 70, 129, 17), (300, 33, 64, 3)])
@pytest.mark.parametrize("kind", ["relu", "gelu", "layer_norm", "prelu"])
def test_shapes_of_ours(kind, n_rows, n_inputs, width, n_outputs):
    """Around the widths of vectors and tiles."""
    middle = {"layer_norm": layer_norm, "prelu": prelu}.get(kind, lambda: activation(kind))
    pieces = [dense(width), activation("tanh"), fused(width, "relu"), dense(width + 3), middle(), dense(n_outputs), activation("softmax")]
    targets = np.random.default_rng(3).integers(0, n_outputs, n_rows)
    check_step(pieces, "sparse_categorical_crossentropy", reference.sparse_cross_entropy, targets, n_rows, n_inputs)
