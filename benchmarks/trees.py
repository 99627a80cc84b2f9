"""The tree engine alone beside LightGBM, in turn, where that is installed.

usage: trees.py [--rows 10000] [--repeats 3]      both stopped early on the same held-out part: seconds, rounds and log loss on rows that neither has seen, for 2 to 100 classes
       trees.py --large [--rows 1000000]          of 50 numbers: seconds to bin and for a round at equal depth and bins, and the memory that takes; predictions by 300 rounds
"""

import argparse
import statistics
import time
import warnings
from pathlib import Path

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


def large(n_rows, n_rounds=10, n_threads=2):
    """Of 50 numbers: a fit of two classes, and predictions of ten."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n_rows, 50)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] * x[:, 2] + rng.logistic(size=n_rows) > 0).astype(np.int32)
    rows = np.arange(n_rows)
    started = time.perf_counter()
    bins = trees.Bins.fit(x, rows, 255)
    binned = bins.apply(x, rows, n_threads)
    print(f"normexp: bins {time.perf_counter() - started:.2f} s")
    before, started = memory("VmRSS"), time.perf_counter()
    boosting = trees.Boosting(rounds=n_rounds, patience=0, depth=6, learning_rate=0.08, row_share=1.0, column_share=1.0, n_threads=n_threads)
    forget_peak()
    found = trees.fit_binned(binned, bins, y, 2, boosting, rows, rows[:0])
    seconds, used = time.perf_counter() - started, (memory("VmHWM") - before) / n_rows
    print(f"normexp: {1e3 * seconds / n_rounds:.0f} ms a round, log loss {found.losses[-1]:.4f}, {used:.1f} bytes a row beside the bins")
    ten = np.clip(np.floor(x[:, 0] * 2 + x[:, 1] + 5), 0, 9).astype(np.int32)
    some = rows[: n_rows // 20]
    forest = trees.fit(x[some], ten[some], 10, trees.Boosting(rounds=300, patience=0, n_threads=n_threads)).forest
    ours = median_of(lambda: forest.logits(x, n_threads))
    print(f"normexp: predictions of ten classes by {len(forest)} trees, {n_rows / ours:,.0f} rows/s")
    try:
        import lightgbm
    except ImportError:
        print("LightGBM is left out: not installed")
        return
    settings = {"num_leaves": 64, "max_depth": 6, "max_bin": 255, "num_threads": n_threads, "verbose": -1, "seed": 0}
    started = time.perf_counter()
    data = lightgbm.Dataset(x, y, params=settings).construct()
    print(f"LightGBM: bins {time.perf_counter() - started:.2f} s")
    started = time.perf_counter()
    model = lightgbm.train({**settings, "objective": "binary", "learning_rate": 0.08}, data, n_rounds)
    seconds = time.perf_counter() - started
    loss = cross_entropy(np.column_stack([np.zeros(n_rows), model.predict(x, raw_score=True)]), y)
    print(f"LightGBM: {1e3 * seconds / n_rounds:.0f} ms a round, log loss {loss:.4f}")
    many = {**settings, "num_leaves": 31, "objective": "multiclass", "num_class": 10}
    model = lightgbm.train(many, lightgbm.Dataset(x[some], ten[some]), 300)
    theirs = median_of(lambda: model.predict(x, num_threads=n_threads), 1)
    print(f"LightGBM: predictions of ten classes by 300 rounds, {n_rows / theirs:,.0f} rows/s; normexp {theirs / ours:.1f} times as fast")


def memory(name):
    """Of this process, in bytes: VmRSS is what it has, VmHWM the peak. 0 where there is no /proc."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def forget_peak():
    """So that VmHWM begins anew."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def median_of(work, repeats=3):
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    arguments.rows = arguments.rows or (1_000_000 if arguments.large else 10_000)
    if arguments.large:
        large(arguments.rows)
        return
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
