"""People share machines: how much longer a fit takes beside four busy processes than on a quiet machine. On two processors a fair share is three times.

usage: load.py [--repeats 5] [--busy 4]      a line a model: median seconds quiet and busy, and their ratio; peers in the same run, in turn, where installed
"""

import argparse
import statistics
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager

import numpy as np

from normexp import SoftmaxClassifier


def rows(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((6_000, 12)).astype(np.float32)
    return x, (x @ rng.standard_normal((12, 5)) + np.sin(3 * x[:, :5])).argmax(axis=1)


def ours(x, y):
    return SoftmaxClassifier(random_state=0).fit(x, y)


def one_network(x, y):
    return SoftmaxClassifier(quality="fast", random_state=0).fit(x, y)


def sklearn_fit(x, y):
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(random_state=0, early_stopping=True).fit(x, y)


def lightgbm_fit(x, y):
    import lightgbm

    return lightgbm.LGBMClassifier(verbose=-1, random_state=0).fit(x, y)


MODELS = {"normexp": ours, "normexp, one network": one_network, "scikit-learn MLP": sklearn_fit, "LightGBM": lightgbm_fit}


@contextmanager
def busy(n):
    """Processes that do nothing but count."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        time.sleep(0.5)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def seconds(fit, x, y, repeats):
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        model = fit(x, y)
        found.append(time.perf_counter() - started)
    assert model.score(x, y) > 0.8, "a model that has not learnt"
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--busy", type=int, default=4)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    x, y = rows()
    print("model: quiet s, busy s, ratio")
    for name, fit in MODELS.items():
        try:
            fit(x[:200], y[:200])
        except ImportError:
            print(f"{name} is left out: not installed")
            continue
        quiet = statistics.median(seconds(fit, x, y, arguments.repeats))
        with busy(arguments.busy):
            loaded = statistics.median(seconds(fit, x, y, arguments.repeats))
        print(f"{name}: {quiet:.2f}, {loaded:.2f}, {loaded / quiet:.2f}", flush=True)


if __name__ == "__main__":
    main()
