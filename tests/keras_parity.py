"""What tests against Keras 3 on JAX share: the same network from the same weights, trained on the same rows in the same order."""

import os
import warnings

import pytest

from normexp import keras as ours
from reference import keras_oracle as oracle

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # compiling takes most of the time
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("jax", reason="jax is in the extra parity")
    theirs = pytest.importorskip("keras", minversion="3", reason="keras is in the extra parity")

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


def trained(build, options, target="one_hot"):
    """Both models after five steps, whose predictions agree to rounding, and 45 rows."""
    pair = oracle.twins(theirs, ours, build, options)
    x, y = oracle.inputs(n=45), oracle.targets(target, 45)
    for model in pair:
        oracle.fit(model, x[:40], y[:40])
    return pair, x, y
