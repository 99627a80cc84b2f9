"""A Sequential model: seeds, predictions by NumPy, the bar and the summary."""

import re

import numpy as np

from keras_networks import compiled, rows
from normexp import keras, softmax
from normexp.keras import layers


def test_one_seed_gives_the_same_bits_and_another_not():
    x, y = rows()
    seen = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        model = compiled(layers.Dense(8, activation="gelu"), layers.Dropout(0.2), layers.GaussianNoise(0.1), layers.BatchNormalization())
        model.fit(x, y, epochs=3, batch_size=7, verbose=0)
        seen.append(b"".join(w.tobytes() for w in model.get_weights()))
    assert seen[0] == seen[1] != seen[2]


def test_predictions_are_those_of_numpy():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Dense(8, activation="tanh", input_shape=(5,)), layers.Dense(3)])
    x, _ = rows()
    first, bias, second, last = (w.astype(np.float64) for w in model.get_weights())
    np.testing.assert_allclose(model.predict(x, verbose=0), np.tanh(x @ first + bias) @ second + last, rtol=1e-5, atol=1e-6)
    model.add(layers.Softmax())
    np.testing.assert_allclose(model(x), softmax(np.tanh(x @ first + bias) @ second + last), rtol=1e-5, atol=1e-6)
    assert model.count_params() == 5 * 8 + 8 + 8 * 3 + 3


def test_the_bar_and_the_summary(capsys):
    x, y = rows()
    model = compiled(layers.Dense(4, activation="relu"))
    model.fit(x, y, epochs=2, batch_size=10, validation_split=0.5)
    printed = capsys.readouterr().out
    assert re.search(r"Epoch 2/2\n3/3 ━{20} 0s \d+\w+/step - accuracy: \d\.\d+ - loss: \d\.\d+ - val_accuracy: \d\.\d+ - val_loss: \d\.\d+\n", printed)
    model.fit(x, y, epochs=1, verbose=2)
    assert re.search(r"^Epoch 1/1\n2/2 - 0s - \d+\w+/step - accuracy", capsys.readouterr().out)
    model.summary()
    printed = capsys.readouterr().out
    assert "(None, 4)" in printed
    assert "Total params: 39 (156.00 B)" in printed
