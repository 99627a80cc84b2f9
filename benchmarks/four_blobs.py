"""The tutorial's four blobs over 20 seeds of data and weights: test loss and accuracy of normexp.keras, Keras on JAX and SoftmaxClassifier with its defaults.

usage: four_blobs.py [SEEDS]      a line a model: median, best and worst loss, median accuracy, how many got stuck (accuracy below 90 %)
"""

import os
import statistics
import sys
import warnings

import numpy as np
from sklearn.datasets import make_blobs

from normexp import SoftmaxClassifier
from normexp import keras as ours
from normexp.evaluation import evaluate, score

os.environ["KERAS_BACKEND"] = "jax"
try:
    import jax  # noqa: F401

    import keras as theirs
except ImportError:
    theirs = None


def blobs(seed):
    x, y = make_blobs(1000, centers=[(15, 0), (15, 15), (0, 15), (30, 15)], cluster_std=1.5, random_state=seed)
    return x[250:], y[250:], x[:250], y[:250]


def network(keras, seed):
    x, y, x_test, y_test = blobs(seed)
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(12, activation="relu"), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(4, activation="softmax")]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, keras.utils.to_categorical(y), epochs=30, batch_size=5, validation_split=0.2, verbose=0)
    return [float(value) for value in model.evaluate(x_test, keras.utils.to_categorical(y_test), verbose=0)]


def classifier(seed):
    x, y, x_test, y_test = blobs(seed)
    scores = score(evaluate(SoftmaxClassifier(random_state=seed).fit(x, y), x_test, y_test))
    return [scores.log_loss, scores.accuracy]


def main():
    warnings.simplefilter("ignore")
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    models = {"normexp.keras": lambda seed: network(ours, seed), "SoftmaxClassifier": classifier}
    if theirs is not None:
        models["Keras on JAX"] = lambda seed: network(theirs, seed)
    for name, run in models.items():
        losses, accuracies = np.array([run(seed) for seed in seeds]).T
        assert np.isfinite(losses).all()
        stuck = int((accuracies < 0.9).sum())
        print(f"{name:18} median loss {statistics.median(losses):.5f}, {losses.min():.5f} to {losses.max():.5f}; median accuracy {statistics.median(accuracies):.2%}; "
              f"below 100 %: {int((accuracies < 1).sum())}; stuck: {stuck} of {len(losses)}", flush=True)


if __name__ == "__main__":
    main()
