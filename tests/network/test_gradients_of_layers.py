"""Every layer and loss: the float64 reference against differences, and one step of ours against the reference."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from normexp import keras
from reference import layers as reference

L = keras.layers
OF_REFERENCE, OF_GRADIENT, OF_LOSS = 1e-6, 2e-5, 1e-5  # relative: norms of differences, and the loss
N_INPUTS, WIDTH, N_OUTPUTS, N_ROWS = 11, 21, 5, 37


def distance(got, expected):
    return np.linalg.norm(np.subtract(got, expected)) / np.linalg.norm(expected)


def differences(function, at, step=1e-6):
    """The gradient of a number, by central differences of each entry."""
    gradient = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        moved = [at.copy(), at.copy()]
        for array, sign in zip(moved, (1, -1), strict=True):
            array[place] += sign * step
        gradient[place] = (function(moved[0]) - function(moved[1])) / (2 * step)
    return gradient


# ---- the reference


def variables(rng, *shapes):
    return [rng.uniform(0.2, 1.2, shape) for shape in shapes]


MAX, SLOPE, THRESHOLD = 1.1, 0.15, 0.3
RECTIFIERS = {
    "bounded": {"max_value": MAX}, "leaky": {"negative_slope": SLOPE}, "shifted": {"threshold": THRESHOLD},
    "general": {"max_value": MAX, "negative_slope": SLOPE, "threshold": THRESHOLD},
}  # fmt: skip
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


def probabilities(rng, rows, width):
    p = rng.uniform(0.1, 1, (rows, width))
    return p / p.sum(axis=1, keepdims=True)


def targets_of(kind, rng, rows, width):
    if kind == "classes":
        return rng.integers(0, width, rows)
    if kind == "one_hot":
        return np.eye(width)[rng.integers(0, width, rows)]
    if kind == "many":
        return rng.integers(0, 2, (rows, width)).astype(float)
    soft = probabilities(rng, rows, width)
    return soft * (soft > 0.05) if kind == "some_zero" else soft


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


# ---- ours


@dataclass(frozen=True)
class Piece:
    """A layer of ours, and its reference as a function of inputs and `n_weights` arrays of weights."""

    layer: L.Layer
    function: Callable
    n_weights: int = 0


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


def dense(units, bias=True, **options):
    return Piece(L.Dense(units, use_bias=bias, **options), reference.dense, 1 + bias)


def activation(name):
    return Piece(L.Activation(name), reference.soft_maximum if name == "softmax" else partial(reference.activate, function=name))


def fused(units, name):
    """A dense layer with its activation in it."""
    after = reference.soft_maximum if name == "softmax" else partial(reference.activate, function=name)
    return Piece(L.Dense(units, activation=name), lambda x, w, b: reference.chain(x, [lambda z: reference.dense(z, w, b), after]), 2)


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


def some_weights(model, rng):
    """Matrices of 1 / sqrt(inputs), vectors of distinct numbers above 0, as variances are; float32."""
    return [np.float32(rng.standard_normal(w.shape) / np.sqrt(len(w)) if w.ndim > 1 else rng.uniform(0.2, 1.2, w.shape)) for w in model.get_weights()]


def expected_step(pieces, weights, x, loss):
    """Loss, and what a step at rate 1 takes off each variable."""
    rest = [w.astype(np.float64) for w in weights]
    layers = [partial(_with_weights, piece.function, [rest.pop(0) for _ in range(piece.n_weights)]) for piece in pieces]
    outputs, back = reference.chain(x.astype(np.float64), layers)
    value, slopes = loss(outputs)
    return value, back(slopes)[1]


def _with_weights(function, weights, x):
    return function(x, *weights)


def check_step(pieces, ours_loss, loss, targets, n_rows=N_ROWS, n_inputs=N_INPUTS, row_weights=None, of_model=None, spread=1.5):
    """One step of SGD(1) on one batch; `of_model`: how many of the pieces are layers of our model, the others are in its loss; `spread`: of the inputs."""
    rng = np.random.default_rng(5)
    x = np.float32(spread * rng.standard_normal((n_rows, n_inputs)))
    model = keras.Sequential([L.Input((n_inputs,)), *(piece.layer for piece in pieces[:of_model])])
    weights = some_weights(model, rng)
    model.set_weights(weights)
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=1.0), loss=ours_loss)
    history = model.fit(x, targets, batch_size=n_rows, epochs=1, verbose=0, shuffle=False, sample_weight=row_weights).history
    value, steps = expected_step(pieces, weights, x, lambda outputs: loss(outputs, targets, row_weights))
    assert history["loss"] == [pytest.approx(value, rel=OF_LOSS)]
    got = [before.astype(np.float64) - after for before, after in zip(weights, model.get_weights(), strict=True)]
    errors = {i: distance(own, step) if step.any() else np.abs(own).max() for i, (own, step) in enumerate(zip(got, steps, strict=True))}
    assert {i: error for i, error in errors.items() if not error <= OF_GRADIENT} == {}


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
