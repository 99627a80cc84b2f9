"""Default models on the tables of NORMEXP_DATA, and peers where installed, in turn on the same rows: log loss, accuracy, calibration error, prediction sets, seconds.

usage: tables.py [--seeds 3] [--models fast,good,best,lightgbm,catboost] [--max-rows 15000] [NAME ...]
A line a table and model: medians over seeds, on 25 % held-out rows. Then of each model, over all: the geometric mean of log loss + 0.01 over the first one's, mean calibration
error, how many rows had their class in a set of coverage 0.9 and how many classes such a set had, seconds in all.
LightGBM and CatBoost stop early on a fifth of their rows; their categories are those of the table.
"""

import argparse
import csv
import os
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np

from normexp.classifier import SoftmaxClassifier
from normexp.evaluation import Evaluation, score, set_scores
from normexp.model import prediction_sets, set_thresholds
from normexp.tables import Table, held_out_rows, read

DATA = Path(os.environ.get("NORMEXP_DATA", Path(__file__).parent.parent.parent / "shared/data"))
QUALITIES = ("fast", "good", "best")
COVERAGE = 0.9
FLOOR = 1e-7  # under probabilities


def parts_of(table, rows):
    """Of the rows to learn from, those that choose when to stop."""
    learnt, held = held_out_rows(table.targets, 0.2, 0, rows)
    if len(np.unique(table.targets[learnt])) < len(table.classes):
        return rows, held
    return learnt, held


def lightgbm_fit(table, rows, seed):
    import lightgbm

    learnt, held = parts_of(table, rows)
    categories = [i for i, column in enumerate(table.schema.matrix_columns()) if column.kind == "category"]
    model = lightgbm.LGBMClassifier(n_estimators=1_000, learning_rate=0.05, random_state=seed, n_jobs=2, verbose=-1)
    model.fit(
        table.matrix[learnt], table.targets[learnt], eval_set=[(table.matrix[held], table.targets[held])], categorical_feature=categories,
        callbacks=[lightgbm.early_stopping(50, verbose=False)],
    )  # fmt: skip
    return lambda asked: model.predict_proba(table.matrix[asked])


def catboost_fit(table, rows, seed):
    import catboost
    import pandas as pd

    learnt, held = parts_of(table, rows)
    names = [column.name for column in table.schema.matrix_columns()]
    frame, categories = pd.DataFrame(table.matrix, columns=names), [column.name for column in table.schema.matrix_columns() if column.kind == "category"]
    frame[categories] = frame[categories].fillna(-1).astype(int)
    model = catboost.CatBoostClassifier(thread_count=2, verbose=0, cat_features=categories, random_seed=seed, early_stopping_rounds=50)
    model.fit(frame.iloc[learnt], table.targets[learnt], eval_set=(frame.iloc[held], table.targets[held]))
    return lambda asked: model.predict_proba(frame.iloc[asked])


PEERS = {"lightgbm": lightgbm_fit, "catboost": catboost_fit}


def measure(name, table, rows, held, seed):
    """Log loss, accuracy, calibration error, seconds, rows covered, sizes of sets."""
    started, covered, size = time.perf_counter(), np.nan, np.nan
    if name in QUALITIES:
        model = SoftmaxClassifier(quality=name, random_state=seed).fit_table(table, rows)
        seconds = time.perf_counter() - started
        probabilities = model.predict_proba(Table(table.schema, table.matrix[held]))
        of_sets = set_scores(Evaluation(model.classes_, table.targets[held], probabilities), prediction_sets(probabilities, set_thresholds(model.model_.held_out, COVERAGE)))
        covered, size = of_sets.coverage.estimate, of_sets.size.estimate
    else:
        answer = PEERS[name](table, rows, seed)
        seconds = time.perf_counter() - started
        probabilities = answer(held)
    scores = score(Evaluation(table.classes, table.targets[held], np.maximum(probabilities, FLOOR)))
    assert scores.accuracy > np.bincount(table.targets[held]).max() / len(held) - 0.05, f"{name}: no better than the largest class"
    return scores.log_loss, scores.accuracy, scores.calibration_error, seconds, covered, size, len(held)


def installed(names):
    for name in names:
        if name in PEERS:
            try:
                __import__(name)
            except ImportError:
                print(f"{name} is left out: not installed", flush=True)
                continue
        elif name not in QUALITIES:
            sys.exit(f"expected models out of {', '.join((*QUALITIES, *PEERS))}, got {name!r}")
        yield name


def tables_of(names):
    for row in csv.DictReader((DATA / "datasets.csv").open()):
        name = row["file"]
        if not name.endswith("/") and (not names or any(wanted in name for wanted in names)):
            yield name, read(DATA / name, target=row["target_column"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", default="fast,good,lightgbm")
    parser.add_argument("--max-rows", type=int, default=15_000)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    if not (DATA / "datasets.csv").exists():
        sys.exit(f"expected tables in {DATA}, got none; set NORMEXP_DATA")
    models, found = tuple(installed(arguments.models.split(","))), defaultdict(list)
    print("table, model: log loss, accuracy, calibration error, seconds", flush=True)
    for name, table in tables_of(arguments.names):
        common = np.flatnonzero(np.bincount(table.targets, minlength=len(table.classes))[table.targets] >= 10)
        for model in models:
            of_seeds = []
            for seed in range(arguments.seeds):
                some = np.random.default_rng(seed).permutation(common)[: arguments.max_rows]
                of_seeds.append(measure(model, table, *held_out_rows(table.targets, 0.25, seed, np.sort(some)), seed))
            found[model].append(np.array(of_seeds))
            medians = np.median(of_seeds, axis=0)
            print(f"{name}, {model}: {medians[0]:.4f}, {medians[1]:.4f}, {medians[2]:.4f}, {medians[3]:.2f}", flush=True)
    print("all, model: log loss over the first, calibration error, covered, classes a set, seconds")
    for model in models:
        rows = np.stack(found[model])  # (tables, seeds, measures)
        ratio = np.exp(np.mean(np.log((rows[..., 0] + 0.01) / (np.stack(found[models[0]])[..., 0] + 0.01))))
        covered, size = (np.average(rows[..., i], weights=rows[..., 6]) for i in (4, 5))
        print(f"all, {model}: {ratio:.3f}, {rows[..., 2].mean():.4f}, {covered:.4f}, {size:.3f}, {rows[..., 3].mean(axis=1).sum():.1f}")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
