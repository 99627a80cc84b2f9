"""Networks of dense layers through normexp.keras, against PyTorch, scikit-learn and Keras: the tutorial's fit, and an epoch of four others.

usage: networks.py [--keras-python PYTHON]      medians in ms, and how many times faster normexp is

Every library runs in a process of its own, in turn, three times over, on two threads; the medians of the repeats are compared. Keras runs on JAX, and on
TensorFlow if an interpreter that has it is named. Peers that are not installed are left out. Each process checks that it has learnt something.
"""

import argparse
import importlib.util
import itertools
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

TUTORIAL = "2-12-8-4, batch 5, 30 epochs"
SHAPES = {  # widths, batch, rows
    "16-26, batch 64": ((16, 26), 64, 50_000),
    "16-64-26, batch 32": ((16, 64, 26), 32, 50_000),
    "54-256-256-256-7, batch 256": ((54, 256, 256, 256, 7), 256, 50_000),
    "784-256-128-10, batch 128": ((784, 256, 128, 10), 128, 60_000),
}
PEERS = ("normexp", "Keras on JAX", "Keras on TensorFlow", "PyTorch", "scikit-learn")


def data(widths, rows):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, widths[0]), dtype=np.float32)
    return x, (x @ rng.standard_normal((widths[0], widths[-1]), dtype=np.float32)).argmax(axis=1)


def blobs():
    from sklearn.datasets import make_blobs

    x, y = make_blobs(1000, centers=[(15, 0), (15, 15), (0, 15), (30, 15)], cluster_std=1.5, random_state=0)
    return x.astype(np.float32), y


def repeat(step, times):
    """Median seconds after a first call that is not counted; what the last call returned."""
    seen = []
    result = step()
    for _ in range(times):
        started = time.perf_counter()
        result = step()
        seen.append(time.perf_counter() - started)
    return statistics.median(seen), result


def keras_like(keras):
    def network(widths):
        layers = [keras.layers.Dense(units, activation="relu") for units in widths[1:-1]]
        model = keras.Sequential([keras.Input((widths[0],)), *layers, keras.layers.Dense(widths[-1], activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def tutorial(x, y):
        model = network((2, 12, 8, 4))
        history = model.fit(x[250:], y[250:], epochs=30, batch_size=5, validation_split=0.2, verbose=0).history
        return history["accuracy"][-1]

    def epochs(widths, batch, x, y):
        model = network(widths)
        return lambda: model.fit(x, y, batch_size=batch, verbose=0).history["accuracy"][-1]

    return tutorial, epochs


def of_torch():
    import torch

    torch.set_num_threads(2)

    def network(widths):
        layers = []
        for inputs, outputs in itertools.pairwise(widths):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        net = torch.nn.Sequential(*layers[:-1])
        return net, torch.optim.Adam(net.parameters(), fused=True)

    def epoch(net, optimizer, batch, x, y):
        features, targets, loss, correct = torch.from_numpy(x), torch.from_numpy(y), torch.nn.CrossEntropyLoss(), 0
        order = torch.randperm(len(features))
        for first in range(0, len(features), batch):
            rows = order[first : first + batch]
            optimizer.zero_grad(set_to_none=True)
            logits = net(features[rows])
            loss(logits, targets[rows]).backward()
            optimizer.step()
            correct += int((logits.argmax(1) == targets[rows]).sum())
        return correct / len(features)

    def tutorial(x, y):
        net, optimizer = network((2, 12, 8, 4))
        held = torch.from_numpy(x[850:])
        for _ in range(30):
            accuracy = epoch(net, optimizer, 5, x[250:850], y[250:850])
            with torch.no_grad():
                net(held)
        return accuracy

    def epochs(widths, batch, x, y):
        net, optimizer = network(widths)
        return lambda: epoch(net, optimizer, batch, x, y)

    return tutorial, epochs


def of_sklearn():
    from sklearn.neural_network import MLPClassifier

    def tutorial(x, y):
        return MLPClassifier((12, 8), batch_size=5, max_iter=30, n_iter_no_change=99).fit(x[250:850], y[250:850]).score(x[250:850], y[250:850])

    def epochs(widths, batch, x, y):
        model = MLPClassifier(widths[1:-1], batch_size=batch, max_iter=1, warm_start=True)
        return lambda: model.fit(x, y) and 1.0 - model.loss_ / 100

    return tutorial, epochs


def measure(peer):
    """Seconds of each subject in this process."""
    import warnings

    warnings.simplefilter("ignore")
    if peer == "normexp":
        from normexp import keras

        tutorial, epochs = keras_like(keras)
    elif peer.startswith("Keras"):
        import keras

        tutorial, epochs = keras_like(keras)
    else:
        tutorial, epochs = of_torch() if peer == "PyTorch" else of_sklearn()
    x, y = blobs()
    quick = peer == "normexp"
    seconds, accuracy = repeat(lambda: tutorial(x, y), 9 if quick else 1)
    assert accuracy > 0.5, f"{peer} did not learn: accuracy {accuracy}"
    found = {TUTORIAL: seconds}
    for name, (widths, batch, rows) in SHAPES.items():
        if peer == "scikit-learn" and len(widths) == 2:
            continue
        seconds, accuracy = repeat(epochs(widths, batch, *data(widths, rows)), 5 if quick else 2)
        assert accuracy > 2 / widths[-1] or widths[-1] == 7, f"{peer} did not learn {name}: accuracy {accuracy}"
        found[name] = seconds
    return found


def interpreters(keras_python):
    """Of each peer that is there: the interpreter and its environment."""
    found = {"normexp": (sys.executable, {})}
    if importlib.util.find_spec("keras") and importlib.util.find_spec("jax"):
        found["Keras on JAX"] = (sys.executable, {"KERAS_BACKEND": "jax"})
    if keras_python:
        found["Keras on TensorFlow"] = (keras_python, {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"})
    for name, module in (("PyTorch", "torch"), ("scikit-learn", "sklearn")):
        if importlib.util.find_spec(module):
            found[name] = (sys.executable, {})
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keras-python", metavar="PYTHON", help="an interpreter with Keras and TensorFlow")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        print(json.dumps(measure(options.peer)))
        return
    peers, seen = interpreters(options.keras_python), {}
    for _ in range(options.repeats):
        for peer, (python, environment) in peers.items():
            ended = subprocess.run([python, __file__, "--peer", peer], env={**os.environ, "OMP_NUM_THREADS": "2", **environment}, stdout=subprocess.PIPE, check=True, text=True)
            for name, seconds in json.loads(ended.stdout.splitlines()[-1]).items():
                seen.setdefault(name, {}).setdefault(peer, []).append(seconds)
    for name, by_peer in seen.items():
        found = {peer: 1000 * statistics.median(values) for peer, values in by_peer.items()}
        ours = found.pop("normexp")
        print(f"{name:30} normexp {ours:9.2f}   " + "   ".join(f"{peer} {value:.0f} ({value / ours:.1f})" for peer, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
