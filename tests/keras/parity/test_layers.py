"""Every layer and activation of normexp.keras trains as that of Keras does."""

import numpy as np
import pytest

from keras_parity import KINKED, SMOOTH, adapted, assert_trains_alike, cases, sgd, with_optimizer
from reference import keras_oracle as oracle

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


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
