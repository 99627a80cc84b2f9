"""Default models on the tables of NORMEXP_DATA: medians over seeds of accuracy, log loss, calibration error and fit time on 25 % held-out rows.

usage: tables.py [--seeds 5] [NAME ...]
"""

import argparse
import csv
import os
import sys
import time
from pathlib import Path

import numpy as np

from normexp.classifier import SoftmaxClassifier
from normexp.evaluation import Evaluation, score
from normexp.tables import Table, held_out_rows, read

DATA = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parent.parent.parent / "shared/data"))


def measure(path, target, seed, table):
    rows, held = held_out_rows(table.targets, 0.25, seed)
    started = time.perf_counter()
    model = SoftmaxClassifier(random_state=seed).fit_table(table, rows)
    seconds = time.perf_counter() - started
    scores = score(Evaluation(model.classes_, table.targets[held], model.predict_proba(Table(table.schema, table.matrix[held]))))
    share = np.bincount(table.targets[held]).max() / len(held)
    assert scores.accuracy > share - 0.05, f"{path}: no better than the largest class"
    return scores.accuracy, scores.log_loss, scores.calibration_error, seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    if not (DATA / "datasets.csv").exists():
        sys.exit(f"expected tables in {DATA}, got none; set NORMEXP_DATA")
    print("table: accuracy, log loss, calibration error, seconds")
    for row in csv.DictReader((DATA / "datasets.csv").open()):
        name = row["file"]
        if name.endswith("/") or (arguments.names and not any(wanted in name for wanted in arguments.names)):
            continue
        table = read(DATA / name, target=row["target_column"])
        medians = np.median([measure(name, row["target_column"], seed, table) for seed in range(arguments.seeds)], axis=0)
        print(f"{name}: {medians[0]:.4f}, {medians[1]:.4f}, {medians[2]:.4f}, {medians[3]:.2f}", flush=True)


if __name__ == "__main__":
    main()
