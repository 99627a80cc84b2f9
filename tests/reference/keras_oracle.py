"""One network in two libraries that share Keras 3's names: the same first weights, the same rows, and how far apart they end."""

import numpy as np

ROWS, BATCH, CLASSES = 40, 8, 4  # an epoch is five steps
EPOCHS = 20


def inputs(shape=(7,), n=ROWS):
    return np.random.default_rng(11).normal(size=(n, *shape)).astype(np.float32)


def targets(kind, n=ROWS):
    """Noisy labels of the rows that inputs gives, in the shape that a loss wants."""
    rng = np.random.default_rng(12)
    flat = inputs(n=n)
    scores = flat[:, :CLASSES] + 0.5 * flat[:, 3:] + rng.normal(size=(n, CLASSES))
    labels = scores.argmax(axis=1)
    soft = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    shapes = {
        "one_hot": np.eye(CLASSES, dtype=np.float32)[labels],
        "integers": labels,
        "integer_column": labels[:, None],
        "soft": soft.astype(np.float32),
        "binary": (labels > 1).astype(np.float32),
        "binary_column": (labels > 1).astype(np.float32)[:, None],
        "multi_label": (scores > 0).astype(np.float32),
    }
    return shapes[kind]


def row_weights(n=ROWS):
    return np.random.default_rng(13).uniform(0, 2, n).astype(np.float32)


def twins(theirs, ours, build, options):
    """The network of build(k) in both libraries, compiled by options(k), from one set of weights in which no trainable one is a constant."""
    theirs.utils.set_random_seed(10)
    pair = build(theirs), build(ours)
    rng = np.random.default_rng(14)
    for variable in pair[0].trainable_variables:
        variable.assign(np.asarray(variable) + 0.1 * rng.normal(size=variable.shape))
    weights = pair[0].get_weights()
    assert [w.shape for w in pair[1].get_weights()] == [w.shape for w in weights]
    pair[1].set_weights(weights)
    for k, model in zip((theirs, ours), pair, strict=True):
        model.compile(**options(k))
    return pair


def flat(model):
    return np.concatenate([np.ravel(np.asarray(w, np.float64)) for w in model.get_weights()])


def distance(expected, got):
    """Norm of the difference of two vectors over the norm of the first."""
    return np.linalg.norm(expected - got) / np.linalg.norm(expected)


def fit(model, x, y, epochs=1, **arguments):
    """What History recorded, one array a name, with an epoch a row."""
    history = model.fit(x, y, **{"batch_size": BATCH, "epochs": epochs, "shuffle": False, "verbose": 0} | arguments)
    return {name: np.asarray(values, np.float64) for name, values in history.history.items()}


def assert_same_values(expected, got, tolerance=1e-3, relative=()):
    """The same names in the same order, and values within the tolerance: of the value for the names in relative, else absolute."""
    assert list(got) == list(expected)
    for name, values in expected.items():
        scale = np.abs(values) if name in relative else 1.0
        assert np.all(np.abs(got[name] - values) <= tolerance * scale), (name, values, got[name])


def assert_same_training(pair, x, y, smooth=True, **arguments):
    """Five steps to 1e-5 of the weights' norm, and on a smooth network 20 epochs to 1e-3 of each loss and of the weights' norm."""
    theirs, ours = pair
    start = flat(theirs)
    expected, got = (fit(model, x, y, **arguments) for model in pair)
    assert distance(start, flat(theirs)) > 1e-3  # the steps are large enough to tell one rule from another
    assert distance(flat(theirs), flat(ours)) <= 1e-5
    losses = [name for name in expected if name.endswith("loss")]
    assert_same_values(expected, got, relative=losses)
    if smooth:
        for model in pair:  # Keras 3.15 on JAX cannot fit again after use_ema, where variable and average share memory, until new values are set
            model.set_weights([w.copy() for w in model.get_weights()])
        expected, got = (fit(model, x, y, EPOCHS - 1, **arguments) for model in pair)
        assert_same_values(expected, got, relative=losses)
        assert distance(flat(theirs), flat(ours)) <= 1e-3
