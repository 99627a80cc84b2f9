"""Small networks that tests of normexp.keras share, and rows to train them on."""

import numpy as np

from normexp import keras
from normexp.keras import layers


def rows(n=60, n_inputs=5, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, n_inputs)).astype(np.float32)
    return x, (x[:, :n_classes] + 0.3 * rng.standard_normal((n, n_classes))).argmax(axis=1)


def compiled(*hidden, n_inputs=5, n_classes=3, optimizer="adam", metrics=("accuracy",)):
    model = keras.Sequential([keras.Input((n_inputs,)), *hidden, layers.Dense(n_classes, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=list(metrics))
    return model


def network(units=3, activation="softmax", loss="sparse_categorical_crossentropy", metrics=("accuracy",)):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation=activation)])
    model.compile("adam", loss, metrics=list(metrics))
    return model


def nested():
    inner = keras.Sequential([layers.Dense(6, activation="tanh", kernel_regularizer="l2"), layers.BatchNormalization(), layers.Dropout(0.1)], name="inner")
    second = keras.Sequential([keras.Input((6,)), layers.Dense(4, kernel_constraint="max_norm")])
    model = keras.Sequential([keras.Input((4,)), inner, second, layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
