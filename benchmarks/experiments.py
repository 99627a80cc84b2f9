"""A search of so many seconds a table beside what `train` fits by itself, and beside Optuna driving LightGBM for the same time, where that is installed.

usage: experiments.py [OUT.jsonl] [--seconds 60] [--seeds 0,1,2] [--models good,tune,lightgbm] [--only NAME,NAME] [--max-rows 15000]
       experiments.py --summary OUT.jsonl

Without --seconds each search has five, for a quick look. The tables are those of NORMEXP_DATA; a quarter of the rows, drawn class by class, is the test.
Appends a line of JSON a table, model and seed, and leaves out what is there.
The summary compares log loss + 0.01 by geometric means, over the medians of the seeds.
"""

import argparse
import csv
import json
import os
import statistics
import time
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np

LEAST_ROWS_OF_A_CLASS = 10


def split_of(folder, row, seed, most):
    """Rows to learn from and to test, as data frames, and integers of the classes."""
    import pandas as pd
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import LabelEncoder

    frame = pd.read_csv(folder / row["file"], keep_default_na=True, na_values=[""], low_memory=False)
    frame = frame[frame[row["target_column"]].notna()]
    y = LabelEncoder().fit_transform(frame[row["target_column"]].astype(str))
    x = frame.drop(columns=row["target_column"])
    many = np.isin(y, np.flatnonzero(np.bincount(y) >= LEAST_ROWS_OF_A_CLASS))
    x, y = x[many].reset_index(drop=True), LabelEncoder().fit_transform(y[many])
    if len(y) > most:
        some, _ = train_test_split(np.arange(len(y)), train_size=most, stratify=y, random_state=seed)
        x, y = x.iloc[some].reset_index(drop=True), y[some]
    for name in x:
        if not pd.api.types.is_numeric_dtype(x[name]):
            x[name] = x[name].astype(object).where(x[name].notna(), None)
    return train_test_split(x, y, test_size=0.25, stratify=y, random_state=seed)


def good(x, y, test, seconds, seed):
    from normexp import SoftmaxClassifier

    return SoftmaxClassifier(random_state=seed).fit(x, y).predict_proba(test), {}


def tune(x, y, test, seconds, seed):
    from normexp import Experiments

    search = Experiments(time=seconds, random_state=seed).fit(x, y)
    return search.predict_proba(test), {"trials": len(search.trials_["value"]), "out_of_fold": search.best_score_}


def lightgbm(x, y, test, seconds, seed):
    """A fifth of the rows stops each trial early and judges it; the best is fitted again, on all rows."""
    import lightgbm
    import optuna
    import pandas as pd
    from sklearn.model_selection import train_test_split

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name in x:
        if not pd.api.types.is_numeric_dtype(x[name]):
            kind = pd.CategoricalDtype(pd.unique(x[name].dropna().astype(str)))
            x, test = (part.assign(**{name: part[name].map(lambda cell: None if cell is None else str(cell)).astype(kind)}) for part in (x, test))
    n_classes, ends = int(y.max()) + 1, time.monotonic() + seconds
    learnt, held = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed)
    fixed = {"objective": "multiclass", "num_class": n_classes, "verbosity": -1, "num_threads": 2, "seed": seed, "bagging_freq": 1}
    data = {"free_raw_data": False}

    def objective(trial):
        how = fixed | {
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.3, log=True), "num_leaves": trial.suggest_int("num_leaves", 4, 256, log=True),
            "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 1, 100, log=True), "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1.0),
            "bagging_fraction": trial.suggest_float("bagging_fraction", 0.4, 1.0), "lambda_l2": trial.suggest_float("lambda_l2", 1e-3, 30, log=True),
            "lambda_l1": trial.suggest_float("lambda_l1", 1e-6, 10, log=True),
        }  # fmt: skip
        first = lightgbm.Dataset(x.iloc[learnt], y[learnt], params=how, **data)
        second = lightgbm.Dataset(x.iloc[held], y[held], reference=first, **data)

        def in_time(_):
            if time.monotonic() > ends:
                raise optuna.TrialPruned

        model = lightgbm.train(how, first, 2_000, valid_sets=[second], callbacks=[lightgbm.early_stopping(50, verbose=False), in_time])
        trial.set_user_attr("rounds", model.best_iteration)
        return model.best_score["valid_0"]["multi_logloss"]

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, timeout=max(ends - time.monotonic(), 0.1))
    model = lightgbm.train(fixed | study.best_params, lightgbm.Dataset(x, y), study.best_trial.user_attrs["rounds"])
    return model.predict(test), {"trials": len(study.trials)}


def log_loss(probabilities, y):
    p = np.clip(np.asarray(probabilities, np.float64), 1e-7, 1)
    p /= p.sum(axis=1, keepdims=True)
    return float(-np.log(p[np.arange(len(y)), y]).mean())


def summary(path):
    losses = defaultdict(lambda: defaultdict(list))
    for line in path.read_text().splitlines():
        one = json.loads(line)
        losses[one["model"]][one["table"]].append((one["log_loss"] + 0.01, one["rows"]))
    medians = {model: {table: statistics.median(loss for loss, _ in found) for table, found in tables.items()} for model, tables in losses.items()}
    for model, tables in medians.items():
        for other, theirs in medians.items():
            both = sorted(set(tables) & set(theirs))
            if model == other or not both:
                continue
            ratios = {table: tables[table] / theirs[table] for table in both}
            few = [ratios[table] for table in both if losses[model][table][0][1] < 1_000]
            worst = max(ratios, key=ratios.get)
            print(f"{model} / {other}: {np.exp(np.mean(np.log(list(ratios.values())))):.4f} on {len(both)} tables", end="")
            print(f", {np.exp(np.mean(np.log(few))):.4f} on {len(few)} of fewer than 1,000 rows" if few else "", end="")
            print(f"; most {ratios[worst]:.3f} ({worst})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, nargs="?", default=Path("build/experiments.jsonl"))
    parser.add_argument("--summary", action="store_true")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--models", default="good,tune,lightgbm")
    parser.add_argument("--only")
    parser.add_argument("--max-rows", type=int, default=15_000)
    arguments = parser.parse_args()
    if arguments.summary:
        summary(arguments.out)
        return
    arguments.out.parent.mkdir(exist_ok=True)
    warnings.filterwarnings("ignore")
    folder = Path(os.environ.get("NORMEXP_DATA", "../shared/data"))
    before = [json.loads(line) for line in arguments.out.read_text().splitlines()] if arguments.out.exists() else []
    known = {(one["table"], one["model"], one["seed"]) for one in before}
    with (folder / "datasets.csv").open(newline="") as file:
        tables = [row for row in csv.DictReader(file) if row["file"].endswith((".csv", ".csv.gz"))]
    for seed in map(int, arguments.seeds.split(",")):
        for row in tables:
            if arguments.only and not any(name in row["file"] for name in arguments.only.split(",")):
                continue
            for name in arguments.models.split(","):
                if (row["file"], name, seed) in known:
                    continue
                x, test, y, truth = split_of(folder, row, seed, arguments.max_rows)
                started = time.perf_counter()
                probabilities, told = {"good": good, "tune": tune, "lightgbm": lightgbm}[name](x, y, test, arguments.seconds, seed)
                seconds, loss = time.perf_counter() - started, log_loss(probabilities, truth)
                shares = np.bincount(y) / len(y)
                assert loss < log_loss(np.tile(shares, (len(truth), 1)), truth), f"{name} on {row['file']}: no better than the class shares"
                found = {"table": row["file"], "model": name, "seed": seed, "rows": len(y) + len(truth), "log_loss": loss, "seconds": round(seconds, 2), **told}
                print(json.dumps(found), flush=True)
                with arguments.out.open("a") as file:
                    file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
