"""normexp.keras against Keras 3 on JAX: the same network from the same weights, trained on the same rows in the same order."""

import os
import warnings

import numpy as np
import pytest
from scipy.special import log_softmax

from normexp import keras as ours
from reference import keras_oracle as oracle

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # compiling takes most of the time
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("jax", reason="jax is in the extra parity")
    theirs = pytest.importorskip("keras", minversion="3", reason="keras is in the extra parity")

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

SMOOTH, KINKED = True, False


def cases(table):
    return pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in table.items()])


def assert_trains_alike(build, options, target="one_hot", smooth=SMOOTH, n=oracle.ROWS, **arguments):
    pair = oracle.twins(theirs, ours, build, options)
    x = oracle.inputs(tuple(pair[0].input_shape[1:]), n)
    oracle.assert_same_training(pair, x, oracle.targets(target, n), smooth, **arguments)


def sgd(k):
    return {"optimizer": k.optimizers.SGD(0.05, momentum=0.9), "loss": "categorical_crossentropy"}


def with_optimizer(optimizer):
    return lambda k: {"optimizer": optimizer(k.optimizers), "loss": "categorical_crossentropy"}


def tanh_network(k, units=oracle.CLASSES, head="softmax"):
    return k.Sequential([k.layers.Input((7,)), k.layers.Dense(12, activation="tanh"), k.layers.Dense(units, activation=head)])


def adapted(k):
    layer = k.layers.Normalization()
    layer.adapt(3 * oracle.inputs() + 1)
    return layer


def normalization(k):
    return k.layers.Normalization(mean=np.linspace(-1, 1, 7), variance=np.linspace(0.5, 2, 7))


HIDDEN = {  # the layers between the inputs and a softmax layer
    "dense": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh")]),
    "dense_linear": (SMOOTH, lambda k: [k.layers.Dense(12)]),
    "dense_without_bias": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh", use_bias=False)]),
    "l1": (KINKED, lambda k: [k.layers.Dense(12, activation="tanh", kernel_regularizer=k.regularizers.L1(0.02))]),
    "l2": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh", kernel_regularizer=k.regularizers.L2(0.02))]),
    "l2_by_name": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh", kernel_regularizer="l2")]),
    "l1l2": (KINKED, lambda k: [k.layers.Dense(12, activation="tanh", kernel_regularizer=k.regularizers.L1L2(l1=0.01, l2=0.02))]),
    "bias_l2": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh", bias_regularizer=k.regularizers.L2(0.1))]),
    "max_norm": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh", kernel_constraint=k.constraints.MaxNorm(0.7))]),
    "max_norm_of_rows": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh", kernel_constraint=k.constraints.MaxNorm(0.7, axis=1))]),
    "frozen": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh", trainable=False)]),
    "frozen_l2": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh", trainable=False, kernel_regularizer=k.regularizers.L2(0.02))]),
    "dropout": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh"), k.layers.Dropout(0.0)]),
    "gaussian_noise": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh"), k.layers.GaussianNoise(0.0)]),
    "batch_normalization": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh"), k.layers.BatchNormalization()]),
    "batch_normalization_alone": (SMOOTH, lambda k: [k.layers.BatchNormalization()]),
    "batch_normalization_not_centred": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh"), k.layers.BatchNormalization(center=False)]),
    "batch_normalization_not_scaled": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh"), k.layers.BatchNormalization(scale=False)]),
    "batch_normalization_faster": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh"), k.layers.BatchNormalization(momentum=0.8, epsilon=0.01)]),
    "batch_normalization_frozen": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh"), k.layers.BatchNormalization(trainable=False)]),
    "layer_normalization": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh"), k.layers.LayerNormalization()]),
    "layer_normalization_plain": (SMOOTH, lambda k: [k.layers.Dense(12, activation="tanh"), k.layers.LayerNormalization(center=False, scale=False)]),
    "normalization_adapted": (SMOOTH, lambda k: [adapted(k), k.layers.Dense(12, activation="tanh")]),
    "normalization_given": (SMOOTH, lambda k: [normalization(k), k.layers.Dense(12, activation="tanh")]),
    "rescaling": (SMOOTH, lambda k: [k.layers.Rescaling(0.5, offset=0.25), k.layers.Dense(12, activation="tanh")]),
    "softmax": (SMOOTH, lambda k: [k.layers.Dense(12), k.layers.Softmax()]),
    "relu": (KINKED, lambda k: [k.layers.Dense(12), k.layers.ReLU()]),
    "relu_max_value": (KINKED, lambda k: [k.layers.Dense(12), k.layers.ReLU(max_value=0.8)]),
    "relu_six": (KINKED, lambda k: [k.layers.Rescaling(5.0), k.layers.Dense(12), k.layers.ReLU(max_value=6)]),
    "relu_negative_slope": (KINKED, lambda k: [k.layers.Dense(12), k.layers.ReLU(negative_slope=0.1)]),
    "relu_threshold": (KINKED, lambda k: [k.layers.Dense(12), k.layers.ReLU(threshold=0.3)]),
    "relu_everything": (KINKED, lambda k: [k.layers.Dense(12), k.layers.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.3)]),
    "leaky_relu": (KINKED, lambda k: [k.layers.Dense(12), k.layers.LeakyReLU()]),
    "leaky_relu_steeper": (KINKED, lambda k: [k.layers.Dense(12), k.layers.LeakyReLU(negative_slope=0.05)]),
    "elu": (SMOOTH, lambda k: [k.layers.Dense(12), k.layers.ELU()]),
    "elu_alpha": (KINKED, lambda k: [k.layers.Dense(12), k.layers.ELU(alpha=0.5)]),
    "prelu": (KINKED, lambda k: [k.layers.Dense(12), k.layers.PReLU()]),
}


@cases(HIDDEN)
def test_layers(case):
    smooth, hidden = case
    head = {"units": oracle.CLASSES, "activation": "softmax"}
    assert_trains_alike(lambda k: k.Sequential([k.layers.Input((7,)), *hidden(k), k.layers.Dense(**head)]), sgd, smooth=smooth)


SMOOTH_ACTIVATIONS = ("elu", "gelu", "silu", "swish", "mish", "tanh", "sigmoid", "softplus", "softsign", "exponential", "linear", "softmax")


@pytest.mark.parametrize("activation", [*SMOOTH_ACTIVATIONS, "relu", "selu", "hard_sigmoid", "leaky_relu"])
def test_activations(activation):
    def build(k):
        layers = [k.layers.Dense(12, activation=activation), k.layers.Dense(8, activation="tanh"), k.layers.Dense(8), k.layers.Activation(activation)]
        return k.Sequential([k.layers.Input((7,)), *layers, k.layers.Dense(oracle.CLASSES, activation="softmax")])

    assert_trains_alike(build, with_optimizer(lambda o: o.SGD(0.02)), smooth=activation in SMOOTH_ACTIVATIONS)


OPTIMIZERS = {
    "sgd": (SMOOTH, lambda o: o.SGD(0.1)),
    "momentum": (SMOOTH, lambda o: o.SGD(0.05, momentum=0.9)),
    "nesterov": (SMOOTH, lambda o: o.SGD(0.05, momentum=0.9, nesterov=True)),
    "adam": (SMOOTH, lambda o: o.Adam(0.01)),
    "adam_defaults": (SMOOTH, lambda o: o.Adam()),
    "adam_by_name": (SMOOTH, lambda _: "adam"),
    "adam_betas": (SMOOTH, lambda o: o.Adam(0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-4)),
    "amsgrad": (SMOOTH, lambda o: o.Adam(0.01, beta_2=0.9, amsgrad=True)),
    "adamw": (SMOOTH, lambda o: o.AdamW(0.01)),
    "adamw_decay": (SMOOTH, lambda o: o.AdamW(0.01, weight_decay=0.5)),
    "rmsprop": (SMOOTH, lambda o: o.RMSprop(0.01)),
    "rmsprop_by_name": (SMOOTH, lambda _: "rmsprop"),
    "rmsprop_momentum": (SMOOTH, lambda o: o.RMSprop(0.002, momentum=0.9)),
    "rmsprop_centered": (SMOOTH, lambda o: o.RMSprop(0.002, centered=True, epsilon=1e-5)),
    "rmsprop_centered_momentum": (SMOOTH, lambda o: o.RMSprop(0.002, rho=0.95, momentum=0.5, centered=True, epsilon=1e-5)),
    "adagrad": (SMOOTH, lambda o: o.Adagrad(0.05)),
    "adagrad_started_lower": (SMOOTH, lambda o: o.Adagrad(0.05, initial_accumulator_value=0.01)),
    "nadam": (SMOOTH, lambda o: o.Nadam(0.01)),
    "lion": (KINKED, lambda o: o.Lion(0.002)),
    "lion_decay": (KINKED, lambda o: o.Lion(0.002, beta_1=0.8, beta_2=0.95, weight_decay=0.1)),
    "clipnorm": (SMOOTH, lambda o: o.SGD(0.2, clipnorm=0.1)),
    "clipvalue": (SMOOTH, lambda o: o.SGD(0.2, momentum=0.5, clipvalue=0.02)),
    "global_clipnorm": (SMOOTH, lambda o: o.SGD(0.2, global_clipnorm=0.1)),
    "adam_clipnorm": (SMOOTH, lambda o: o.Adam(0.01, clipnorm=0.1)),
    "sgd_decay": (SMOOTH, lambda o: o.SGD(0.1, momentum=0.9, weight_decay=0.1)),
    "adam_decay": (SMOOTH, lambda o: o.Adam(0.01, weight_decay=0.5)),
    "nadam_decay_and_global_clipnorm": (SMOOTH, lambda o: o.Nadam(0.01, weight_decay=0.2, global_clipnorm=0.2)),
    "ema": (SMOOTH, lambda o: o.SGD(0.1, use_ema=True, ema_momentum=0.8)),
    "ema_default_momentum": (SMOOTH, lambda o: o.Adam(0.02, use_ema=True)),
    "ema_overwrite": (SMOOTH, lambda o: o.SGD(0.1, momentum=0.9, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3)),
    "adam_ema_overwrite": (SMOOTH, lambda o: o.Adam(0.01, weight_decay=0.1, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3)),
}


@cases(OPTIMIZERS)
def test_optimizers(case):
    smooth, optimizer = case
    assert_trains_alike(tanh_network, with_optimizer(optimizer), smooth=smooth)


SCHEDULES = {  # 20 epochs are 100 steps
    "exponential": lambda s: s.ExponentialDecay(0.2, decay_steps=20, decay_rate=0.5),
    "exponential_staircase": lambda s: s.ExponentialDecay(0.2, decay_steps=3, decay_rate=0.9, staircase=True),
    "cosine": lambda s: s.CosineDecay(0.2, decay_steps=60, alpha=0.1),
    "cosine_warmup": lambda s: s.CosineDecay(0.05, decay_steps=50, alpha=0.1, warmup_target=0.3, warmup_steps=4),
    "cosine_restarts": lambda s: s.CosineDecayRestarts(0.2, first_decay_steps=4, t_mul=1.5, m_mul=0.9, alpha=0.05),
    "cosine_restarts_alike": lambda s: s.CosineDecayRestarts(0.2, first_decay_steps=4, t_mul=1.0),
    "piecewise": lambda s: s.PiecewiseConstantDecay([2, 30], [0.2, 0.1, 0.02]),
    "polynomial": lambda s: s.PolynomialDecay(0.2, decay_steps=40, end_learning_rate=0.01, power=2.0),
    "polynomial_cycle": lambda s: s.PolynomialDecay(0.2, decay_steps=3, end_learning_rate=0.01, cycle=True),
    "inverse_time": lambda s: s.InverseTimeDecay(0.2, decay_steps=10, decay_rate=0.5),
    "inverse_time_staircase": lambda s: s.InverseTimeDecay(0.2, decay_steps=3, decay_rate=0.5, staircase=True),
}


@cases(SCHEDULES)
def test_schedules(case):
    assert_trains_alike(tanh_network, with_optimizer(lambda o: o.SGD(case(o.schedules))))


@cases(SCHEDULES)
def test_schedule_values(case):
    expected, got = ([float(case(k.optimizers.schedules)(step)) for step in (0, 1, 2, 3, 4, 11, 47)] for k in (theirs, ours))
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_adam_and_lion_take_schedules():
    schedule = SCHEDULES["cosine_warmup"]
    assert_trains_alike(tanh_network, with_optimizer(lambda o: o.AdamW(schedule(o.schedules), weight_decay=0.1, epsilon=1e-3)), smooth=KINKED)
    assert_trains_alike(tanh_network, with_optimizer(lambda o: o.Lion(schedule(o.schedules), weight_decay=0.1)), smooth=KINKED)


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


def l2_network(k):
    hidden = [k.layers.Dense(12, activation="tanh", kernel_regularizer=k.regularizers.L2(0.02)), k.layers.BatchNormalization(momentum=0.9)]
    return k.Sequential([k.layers.Input((7,)), *hidden, k.layers.Dense(oracle.CLASSES, activation="softmax")])


VALIDATION = (oracle.inputs(n=61)[40:], oracle.targets("one_hot", 61)[40:])
WEIGHTED_VALIDATION = (*VALIDATION, oracle.row_weights(21))

FITS = {  # rows, arguments of fit
    "sample_weight": (40, {"sample_weight": oracle.row_weights()}),
    "class_weight": (40, {"class_weight": {0: 0.5, 1: 2.0, 3: 1.5}}),
    "class_weight_and_validation": (40, {"class_weight": {0: 0.5, 1: 2.0, 2: 0.1}, "validation_data": VALIDATION}),
    "validation_split": (51, {"validation_split": 0.2}),
    "validation_split_weighted": (50, {"validation_split": 0.2, "sample_weight": oracle.row_weights(50)}),
    "validation_data": (40, {"validation_data": VALIDATION}),
    "validation_data_weighted": (40, {"validation_data": WEIGHTED_VALIDATION, "validation_batch_size": 6}),
    "smaller_last_batch": (37, {}),
    "smaller_last_batch_weighted": (37, {"sample_weight": oracle.row_weights(37)}),
    "one_batch": (40, {"batch_size": 64}),
}


@cases(FITS)
def test_fits(case):
    n, arguments = case
    options = with_optimizer(lambda o: o.SGD(0.05))
    assert_trains_alike(l2_network, lambda k: options(k) | {"metrics": ["accuracy"], "weighted_metrics": ["categorical_accuracy"]}, n=n, **arguments)


def trained(build, options, target="one_hot"):
    """Both models after five steps, whose predictions agree to rounding, and 45 rows."""
    pair = oracle.twins(theirs, ours, build, options)
    x, y = oracle.inputs(n=45), oracle.targets(target, 45)
    for model in pair:
        oracle.fit(model, x[:40], y[:40])
    return pair, x, y


def test_predict_evaluate_and_batches():
    pair, x, y = trained(l2_network, lambda k: sgd(k) | {"metrics": ["accuracy"]})
    expected, got = (model.predict(x, batch_size=15, verbose=0) for model in pair)
    assert got.dtype == expected.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)
    for weights in (None, oracle.row_weights(45)):
        expected, got = (model.evaluate(x, y, batch_size=15, sample_weight=weights, verbose=0) for model in pair)
        assert got == pytest.approx(expected, rel=1e-4)
        expected, got = (model.evaluate(x, y, batch_size=15, sample_weight=weights, return_dict=True, verbose=0) for model in pair)
        assert list(got) == list(expected)
        assert got == pytest.approx(expected, rel=1e-4)
        expected, got = ([model.train_on_batch(x[i::5], y[i::5], sample_weight=None if weights is None else weights[i::5]) for i in range(5)] for model in pair)
        np.testing.assert_allclose(got, expected, rtol=1e-4)
        expected, got = (model.test_on_batch(x, y, sample_weight=weights) for model in pair)
        np.testing.assert_allclose(got, expected, rtol=1e-4)
    expected, got = (oracle.flat(model) for model in pair)
    assert oracle.distance(expected, got) <= 2e-5  # fifteen steps


def test_train_on_batch_without_metrics():
    pair, x, y = trained(tanh_network, sgd)
    expected, got = ([float(model.train_on_batch(x[i : i + 9], y[i : i + 9])) for i in range(5)] for model in pair)
    assert got == pytest.approx(expected, rel=1e-4)


METRICS = {  # targets, units and activation of the last layer, loss, metrics
    "one_hot": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: ["accuracy", "acc", "categorical_accuracy", m.CategoricalAccuracy(name="own")]),
    "integers": ("integers", 4, "softmax", "sparse_categorical_crossentropy", lambda m: ["accuracy", m.SparseCategoricalAccuracy()]),
    "integer_column": ("integer_column", 4, "softmax", "sparse_categorical_crossentropy", lambda _: ["accuracy"]),
    "binary": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: ["accuracy", m.BinaryAccuracy(), m.BinaryAccuracy(name="at", threshold=0.4)]),
    "binary_flat": ("binary", 1, "sigmoid", "binary_crossentropy", lambda _: ["accuracy", "binary_accuracy"]),
    "multi_label": ("multi_label", 4, "sigmoid", "binary_crossentropy", lambda m: ["accuracy", m.BinaryAccuracy()]),
    "top_k": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: [m.TopKCategoricalAccuracy(k=2), "top_k_categorical_accuracy"]),
    "sparse_top_k": ("integers", 4, "softmax", "sparse_categorical_crossentropy", lambda m: [m.SparseTopKCategoricalAccuracy(k=2)]),
    "areas": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: [m.AUC(name="roc"), m.AUC(curve="PR", name="pr"), m.AUC(20, name="coarse")]),
    "area_multi_label": ("multi_label", 4, "sigmoid", "binary_crossentropy", lambda m: [m.AUC(name="flat"), m.AUC(multi_label=True, name="mean")]),
    "area_one_hot": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: [m.AUC(name="auc")]),
    "precision_recall": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: [m.Precision(name="precision"), m.Recall(name="recall")]),
    "precision_at": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: [m.Precision(0.6, name="p"), m.Recall(thresholds=0.4, name="r")]),
    "precision_one_hot": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: [m.Precision(name="p"), m.Recall(class_id=1, name="r"), m.Recall(top_k=2, name="r2")]),
    "f1": ("one_hot", 4, "softmax", "categorical_crossentropy", lambda m: [m.F1Score(), m.F1Score(average="macro", name="f"), m.F1Score(average="weighted", name="w")]),
    "f1_threshold": ("multi_label", 4, "sigmoid", "binary_crossentropy", lambda m: [m.F1Score(threshold=0.5, average="micro")]),
    "crossentropies": ("one_hot", 4, "softmax", "kl_divergence", lambda m: [m.CategoricalCrossentropy(), m.CategoricalCrossentropy(name="s", label_smoothing=0.1)]),
    "sparse_crossentropy": ("integers", 4, "softmax", "sparse_categorical_crossentropy", lambda m: [m.SparseCategoricalCrossentropy()]),
    "binary_crossentropy": ("binary_column", 1, "sigmoid", "binary_crossentropy", lambda m: [m.BinaryCrossentropy()]),
}


@cases(METRICS)
def test_metrics(case):
    """Three epochs of 48 rows in batches of 8, and the 16 others: predictions agree to rounding, and no row is near a threshold."""
    target, units, head, loss, metrics = case
    pair = oracle.twins(
        theirs,
        ours,
        lambda k: tanh_network(k, units, head),
        lambda k: {"optimizer": k.optimizers.SGD(0.05), "loss": loss, "metrics": metrics(k.metrics)},
    )
    x, y = oracle.inputs(n=64), oracle.targets(target, 64)
    expected, got = (oracle.fit(model, x, y, 3, validation_split=0.25) for model in pair)
    assert len(expected) >= 4
    oracle.assert_same_values(expected, got)


def batch_normalized(k):
    layers = [k.layers.Dense(16, use_bias=False), k.layers.BatchNormalization(), k.layers.Activation("silu"), k.layers.Dropout(0.0)]
    layers += [k.layers.Dense(8, use_bias=False), k.layers.BatchNormalization(momentum=0.9), k.layers.PReLU()]
    return k.Sequential([k.layers.Input((7,)), *layers, k.layers.Dense(4, activation="softmax")])


def layer_normalized(k):
    layers = [adapted(k), k.layers.GaussianNoise(0.0), k.layers.Dense(16, activation="gelu", kernel_regularizer="l2"), k.layers.LayerNormalization()]
    layers += [k.layers.Dense(8, activation="softplus", kernel_constraint=k.constraints.MaxNorm(1.0)), k.layers.Dense(4), k.layers.Softmax()]
    return k.Sequential([k.layers.Input((7,)), *layers])


def flattened(k):
    layers = [k.layers.Rescaling(0.5), k.layers.Flatten(), k.layers.Dense(12, activation="mish")]
    return k.Sequential([k.layers.Input((3, 4)), *layers, k.layers.Dense(4, activation="softmax")])


def added(k):
    model = k.Sequential(name="added")
    model.add(k.Input(shape=(7,)))
    for units, activation in ((16, "relu"), (12, "leaky_relu"), (4, "softmax")):
        model.add(k.layers.Dense(units, activation=activation))
    return model


NETWORKS = {
    "batch_normalized_adam": (KINKED, batch_normalized, lambda o: o.Adam(0.01)),
    "batch_normalized_sgd": (KINKED, batch_normalized, lambda o: o.SGD(0.05, nesterov=True, momentum=0.9, weight_decay=0.01)),
    "layer_normalized_adamw": (SMOOTH, layer_normalized, lambda o: o.AdamW(0.01, clipnorm=0.5)),
    "layer_normalized_ema": (SMOOTH, layer_normalized, lambda o: o.RMSprop(0.005, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3)),
    "flattened": (SMOOTH, flattened, lambda o: o.Nadam(0.01)),
    "added": (KINKED, added, lambda o: o.Adam(o.schedules.CosineDecay(0.01, 50), global_clipnorm=0.5)),
}


@cases(NETWORKS)
def test_networks(case):
    smooth, build, optimizer = case
    assert_trains_alike(build, lambda k: with_optimizer(optimizer)(k) | {"metrics": ["accuracy"]}, smooth=smooth, validation_split=0.2, n=50)
