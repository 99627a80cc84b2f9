"""Prediction of rows with mixed columns (adult's): a dict, a one-row frame, 1,000,000 rows, and `normexp predict` of 20 rows as a whole process.

Peers in the same run: a scikit-learn pipeline (ordinal encoder + HistGradientBoosting) and LightGBM on pandas categories, where it is installed.
Each answer is checked against the whole frame's.

usage: rows.py [ROWS]       medians, in turn; about two minutes
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from normexp import SoftmaxClassifier, save

DATA = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parents[2] / "shared/data"))
NORMEXP = Path(sys.executable).parent / "normexp"


def milliseconds(call, repeats):
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def pipeline(frame, labels):
    text = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    model = make_pipeline(make_column_transformer((encoder, text), remainder="passthrough"), HistGradientBoostingClassifier(random_state=0))
    return model.fit(frame, labels).predict_proba


def lightgbm(frame, labels):
    try:
        from lightgbm import LGBMClassifier
    except ImportError:
        return None
    kinds = {name: pd.CategoricalDtype(sorted(frame[name].dropna().unique())) for name in frame if not pd.api.types.is_numeric_dtype(frame[name])}
    model = LGBMClassifier(random_state=0, verbose=-1).fit(frame.astype(kinds), labels)
    return lambda rows: model.predict_proba(rows.astype(kinds))


def main(n_rows):
    if not (DATA / "adult.csv.gz").exists():
        sys.exit(f"expected adult.csv.gz in {DATA}, got no such file; set NORMEXP_DATA")
    frame = pd.read_csv(DATA / "adult.csv.gz")
    labels = frame.pop("income")
    model = SoftmaxClassifier(random_state=0).fit(frame, labels)
    row = frame.iloc[[7]]
    record = {name: None if value != value else value for name, value in frame.iloc[7].items()}
    many = pd.concat([frame] * (n_rows // len(frame) + 1), ignore_index=True).iloc[:n_rows]
    whole = model.predict_proba(frame)
    np.testing.assert_array_equal(model.predict_proba(record), whole[[7]])
    np.testing.assert_array_equal(model.predict_proba(row), whole[[7]])
    np.testing.assert_array_equal(model.predict_proba(many)[-1], whole[(n_rows - 1) % len(frame)])
    print(f"a dict: {milliseconds(lambda: model.predict_proba(record), 200):.2f} ms (bar: 1)")
    peers = {"normexp": model.predict_proba, "scikit-learn": pipeline(frame, labels), "LightGBM": lightgbm(frame, labels)}
    for title, rows, repeats in (("a one-row frame", row, 100), (f"{n_rows} rows", many, 3)):
        times = {name: milliseconds(lambda call=call, rows=rows: call(rows), repeats) for name, call in peers.items() if call}
        print(f"{title}: " + ", ".join(f"{name} {taken:.2f} ms" for name, taken in times.items()) + " (bars: 3 ms; 3000 ms and below scikit-learn)")
    with tempfile.TemporaryDirectory() as folder:
        save(model, f"{folder}/m.safetensors")
        frame.head(20).to_csv(f"{folder}/new.csv", index=False)
        command = [NORMEXP, "predict", f"{folder}/m.safetensors", f"{folder}/new.csv"]
        assert len(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()) == 21
        taken = milliseconds(lambda: subprocess.run(command, capture_output=True, check=True), 7)
        print(f"normexp predict of 20 rows, whole process: {taken / 1000:.2f} s (bar: 0.8)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
