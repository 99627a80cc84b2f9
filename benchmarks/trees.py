"""The tree engine alone beside LightGBM, both stopped early on the same held-out fifth: seconds, rounds and log loss on rows that neither has seen.

usage: trees.py [--rows 10000] [--repeats 3]      a line a number of classes: medians; peers in the same run, in turn, where installed
"""

import argparse
import statistics
import time
import warnings

import numpy as np

from normexp import trees
from normexp.functional import cross_entropy, softmax

N_FEATURES = 20


def rows_of(n, n_classes, seed=0):
    """Numbers of which boxes and sums decide."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, N_FEATURES))
    logits = 1.5 * (x[:, :8] > 0.4) @ rng.standard_normal((8, n_classes)) + np.tanh(x[:, 8:14]) @ rng.standard_normal((6, n_classes))
    y = np.array([rng.choice(n_classes, p=p) for p in softmax(2 * logits)], np.int32)
    y[:n_classes] = np.arange(n_classes)  # LightGBM takes no class that is held out alone
    return x, y


def ours(x, y, n_classes, learnt, held, tested):
    found = trees.fit(x, y, n_classes, trees.Boosting(rounds=1_000, seed=0), rows=learnt, held_rows=held)
    return found.forest.logits(x[tested]), len(found.forest)


def lightgbm_fit(x, y, n_classes, learnt, held, tested):
    import lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=1_000, learning_rate=0.05, verbose=-1, n_jobs=2, random_state=0)
    model.fit(x[learnt], y[learnt], eval_set=[(x[held], y[held])], callbacks=[lightgbm.early_stopping(40, verbose=False)])
    return np.log(np.maximum(model.predict_proba(x[tested]), 1e-9)), model.best_iteration_


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    print("classes, model: seconds, rounds, log loss")
    for n_classes in (2, 7, 26, 100):
        x, y = rows_of(arguments.rows, n_classes)
        learnt, held, tested = np.split(np.arange(arguments.rows), [arguments.rows * 6 // 10, arguments.rows * 3 // 4])
        shares = np.bincount(y[learnt], minlength=n_classes) / len(learnt)
        least = -np.log(np.maximum(shares, 1e-9))[y[tested]].mean()
        for name, fit in (("normexp", ours), ("LightGBM", lightgbm_fit)):
            seconds = []
            try:
                for _ in range(arguments.repeats):
                    started = time.perf_counter()
                    logits, rounds = fit(x, y, n_classes, learnt, held, tested)
                    seconds.append(time.perf_counter() - started)
            except ImportError:
                print(f"{n_classes}, {name} is left out: not installed")
                continue
            loss = cross_entropy(np.asarray(logits, np.float64), y[tested], reduction="mean")
            assert loss < least, f"{name}: no better than the class shares"
            print(f"{n_classes}, {name}: {statistics.median(seconds):.2f}, {rounds}, {loss:.4f}", flush=True)


if __name__ == "__main__":
    main()
