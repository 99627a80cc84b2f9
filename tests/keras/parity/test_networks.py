"""Whole networks of several kinds of layers train as in Keras."""

import pytest

from keras_parity import KINKED, SMOOTH, adapted, assert_trains_alike, cases, with_optimizer

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


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
