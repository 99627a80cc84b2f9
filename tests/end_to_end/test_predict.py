"""Predictions and evaluations of saved models through the command line."""

import csv
import io
import json
import shutil
import subprocess

import pandas as pd
import pytest
from commands import NORMEXP, run, table


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_predictions_to_stdout_csv_and_parquet(trained):
    out = rows_of(run("predict", "colours.safetensors", "colours.csv", cwd=trained).stdout)
    assert len(out) == 120
    assert sum(row["prediction"] == "abc"[i % 3] for i, row in enumerate(out)) > 115
    assert all(abs(sum(float(row[f"probability_{c}"]) for c in "abc") - 1) < 1e-6 for row in out)
    for name, options, columns in (("p.csv", ["--keep", "label"], ["label"]), ("p.parquet", ["--keep", "all"], ["size", "colour", "label"])):
        assert run("predict", "colours.safetensors", "colours.csv", "-o", name, *options, cwd=trained).returncode == 0
        frame = pd.read_csv(trained / name) if name.endswith("csv") else pd.read_parquet(trained / name)
        assert list(frame.columns) == [*columns, "prediction", "probability_a", "probability_b", "probability_c"]
        assert frame["prediction"].tolist() == [row["prediction"] for row in out]
        assert frame["label"].tolist() == ["abc"[i % 3] for i in range(120)]


def test_columns_may_be_reordered_and_further_and_categories_unseen(trained, tmp_path):
    table(tmp_path / "new.csv", "more,colour,size", [["x", "red", 5], ["y", "violet", 205], ["z", "", ""]])
    ended = run("predict", trained / "colours.safetensors", "-", cwd=tmp_path, stdin=(tmp_path / "new.csv").read_text())
    assert ended.returncode == 0
    assert len(rows_of(ended.stdout)) == 3
    assert "column 'colour': 1 row with a category not seen in training" in ended.stderr
    assert "column 'more' of - not used by the model" in ended.stderr


def test_two_models_are_compared_on_the_same_rows(trained):
    assert run("train", "colours.csv", "--target", "label", "--ignore", "colour", "--epochs", 2, "--hidden", "none", "-o", "poor.safetensors", cwd=trained).returncode == 0
    text = run("evaluate", "poor.safetensors", "colours.safetensors", "new.csv", cwd=trained)
    assert "log loss: colours is better by " in text.stdout, text.stderr
    found = json.loads(run("evaluate", "colours.safetensors", "poor.safetensors", "new.csv", "--json", cwd=trained).stdout)
    difference = found["comparisons"][0]["log_loss"]
    assert (difference["better"], found["comparisons"][0]["second"]) == ("first", "poor.safetensors")
    losses = [model["scores"]["log_loss"] for model in found["models"]]
    assert difference["estimate"] == pytest.approx(losses[1] - losses[0])
    assert found["models"][0]["intervals"]["accuracy"] == [pytest.approx(0.969, abs=0.001), 1]
    same = run("evaluate", "colours.safetensors", "colours.safetensors", "new.csv", cwd=trained).stdout
    assert "accuracy: no sure difference" in same


def test_evaluation_without_targets_and_with_an_unknown_class(trained, tmp_path):
    model = trained / "colours.safetensors"
    unlabelled = run("evaluate", model, table(tmp_path / "u.csv", "size,colour", [[1, "red"], [110, "green"]]), cwd=tmp_path)
    assert "predictions only" in unlabelled.stderr
    assert "mean confidence" in unlabelled.stdout
    found = json.loads(run("evaluate", model, "u.csv", "--json", cwd=tmp_path).stdout)
    assert (found["n_rows"], [row["n_predicted"] for row in found["predictions"]]) == (2, [1, 1, 0])
    strange = table(tmp_path / "s.csv", "size,colour,label", [[1, "red", "a"], [110, "green", "zebra"]])
    ended = run("evaluate", model, strange, "--json", cwd=tmp_path)
    assert "1 row with a class that the model does not know: counted as wrong" in ended.stderr
    scores = json.loads(ended.stdout)["scores"]
    assert (scores["n_rows"], scores["n_unknown"], scores["accuracy"]) == (2, 1, 0.5)
    assert scores["log_loss_known"] < 1 < scores["log_loss"]
    assert "log loss known" in run("evaluate", model, strange, cwd=tmp_path).stdout


def test_evaluate_and_info(trained):
    report = json.loads(run("evaluate", "colours.safetensors", "colours.csv", "--json", cwd=trained).stdout)
    assert report["scores"]["accuracy"] > 0.95
    assert report["class_share_scores"]["accuracy"] == pytest.approx(1 / 3)
    assert set(report["intervals"]) == {"accuracy", "log_loss", "brier", "roc_auc_macro"}
    assert report["intervals"]["log_loss"][0] < report["scores"]["log_loss"] < report["intervals"]["log_loss"][1]
    assert report["against_class_shares"]["log_loss"]["better"] == "second"
    assert "log loss: the model is better by 1." in run("evaluate", "colours.safetensors", "colours.csv", cwd=trained).stdout
    text = run("info", "colours.safetensors", cwd=trained).stdout
    for word in ("target:  label", "3 classes: a, b, c", "written by normexp 0.1.0", "blue, green, red"):
        assert word in text


def test_a_closed_pipe_ends_quietly(trained, tmp_path):
    frame = pd.concat([pd.read_csv(trained / "colours.csv")] * 500)
    frame.to_csv(tmp_path / "long.csv", index=False)
    shutil.copy(trained / "colours.safetensors", tmp_path)
    script = f"'{NORMEXP}' predict colours.safetensors long.csv | head -1; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines() == ["prediction,probability_a,probability_b,probability_c", "0"]
    assert "rror" not in ended.stderr
    assert "Traceback" not in ended.stderr
