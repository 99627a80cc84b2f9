"""MNIST through normexp.keras: 784-512-256-10 with dropout; test accuracy and seconds of each seed.

usage: mnist.py [SEEDS]      the files are looked for in mnist/ of the folder that NORMEXP_DATA names (default ../shared/data)
"""

import gzip
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from normexp import keras

FOLDER = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parents[2] / "shared/data")) / "mnist"


def images(name):
    return np.frombuffer(gzip.decompress((FOLDER / f"{name}-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28)


def labels(name):
    return np.frombuffer(gzip.decompress((FOLDER / f"{name}-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)


def run(seed):
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((28, 28)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dropout(0.3),
        layers.Dense(256, activation="relu"), layers.Dropout(0.3), layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=12 * 469)
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", metrics=["accuracy"])
    started = time.perf_counter()
    model.fit(images("train"), labels("train"), batch_size=128, epochs=12, verbose=0)
    return time.perf_counter() - started, model.evaluate(images("t10k"), labels("t10k"), verbose=0)[1]


def main():
    if not FOLDER.exists():
        raise SystemExit(f"expected the MNIST files in {FOLDER}, got no such folder; set NORMEXP_DATA")
    found = [run(seed) for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5)]
    seconds, accuracies = zip(*found, strict=True)
    assert min(accuracies) > 0.9
    print(f"test accuracy {', '.join(f'{a:.2%}' for a in accuracies)}, median {statistics.median(accuracies):.2%}")
    print(f"seconds {', '.join(f'{s:.1f}' for s in seconds)}, median {statistics.median(seconds):.1f}")


if __name__ == "__main__":
    main()
