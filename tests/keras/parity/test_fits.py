"""Fits with weights, validation and odd batches; predict, evaluate and single batches, as in Keras."""

import numpy as np
import pytest

from keras_parity import assert_trains_alike, cases, sgd, tanh_network, trained, with_optimizer
from reference import keras_oracle as oracle

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


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
