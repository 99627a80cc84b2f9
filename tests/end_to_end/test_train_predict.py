"""What works, through the command line."""

import csv
import io
import json
import shutil
import signal
import subprocess
import time

import pandas as pd
import pytest
from commands import NORMEXP, run, table

SCORES = {"accuracy", "log_loss", "brier", "calibration_error", "n_rows"}


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_training_reports_scores_and_the_next_command(trained):
    ended = run("train", "colours.csv", "--target", "label", "--epochs", 30, "--force", cwd=trained)
    assert ended.returncode == 0
    for word in ("accuracy", "log loss", "brier", "calibration error", "class shares", "model: colours.safetensors", "next:  normexp predict colours.safetensors colours.csv"):
        assert word in ended.stdout


def test_an_existing_default_output_needs_force(trained):
    before = (trained / "colours.safetensors").read_bytes()
    ended = run("train", "colours.csv", "--target", "label", "--epochs", 2, cwd=trained)
    assert ended.returncode == 1
    assert "replace it with --force or choose another with -o FILE" in ended.stderr
    assert (trained / "colours.safetensors").read_bytes() == before


def test_options_are_obeyed_and_equal_seeds_give_equal_files(tmp_path):
    test = tmp_path / "test.csv"
    options = ["--target", "label", "--ignore", "colour", "--hidden", "8,4", "--epochs", 3, "--class-weight", "balanced", "--test", test.name, "--weight", "size", "--json"]
    reports = []
    for name, threads in (("one", 1), ("two", 2)):
        table(tmp_path / "t.csv", "x,size,colour,label", [[i % 3, 1 + i % 2, "rgb"[i % 3], "abc"[i % 3]] for i in range(90)])
        table(test, "x,size,colour,label", [[i % 3, 1, "rgb"[i % 3], "abc"[i % 3]] for i in range(33)])
        ended = run("train", "t.csv", *options, "-o", name, "--threads", threads, cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        reports.append(json.loads(ended.stdout))
    assert set(reports[0]["scores"]) >= SCORES
    assert (reports[0]["scores"]["n_rows"], reports[0]["n_training_rows"], reports[0]["epochs"]) == (33, 90, 3)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    info = json.loads(run("info", "one", "--json", cwd=tmp_path).stdout)
    assert [layer["units"] for layer in info["layers"]] == [8, 4, 3]
    assert [column["name"] for column in info["schema"]["columns"]] == ["x"]
    assert info["params"]["class_weight"] == "balanced"


def test_logistic_regression_on_an_example_within_a_time_limit(tmp_path):
    report = json.loads(run("train", "example:digits", "--hidden", "none", "--time-limit", 20, "--json", cwd=tmp_path).stdout)
    assert report["scores"]["accuracy"] > 0.9
    assert len(json.loads(run("info", "digits.safetensors", "--json", cwd=tmp_path).stdout)["layers"]) == 1


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
    text = run("evaluate", "poor.safetensors", "colours.safetensors", "colours.csv", cwd=trained)
    assert "log loss: colours is better by " in text.stdout, text.stderr
    found = json.loads(run("evaluate", "colours.safetensors", "poor.safetensors", "colours.csv", "--json", cwd=trained).stdout)
    difference = found["comparisons"][0]["log_loss"]
    assert (difference["better"], found["comparisons"][0]["second"]) == ("first", "poor.safetensors")
    losses = [model["scores"]["log_loss"] for model in found["models"]]
    assert difference["estimate"] == pytest.approx(losses[1] - losses[0])
    assert found["models"][0]["intervals"]["accuracy"] == [pytest.approx(0.969, abs=0.001), 1]
    same = run("evaluate", "colours.safetensors", "colours.safetensors", "colours.csv", cwd=trained).stdout
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
    assert set(report["intervals"]) == {"accuracy", "log_loss", "brier", "calibration_error", "roc_auc_macro", "average_precision_macro"}
    assert report["intervals"]["log_loss"][0] < report["scores"]["log_loss"] < report["intervals"]["log_loss"][1]
    assert report["against_class_shares"]["log_loss"]["better"] == "second"
    assert "log loss: the model is better by 1." in run("evaluate", "colours.safetensors", "colours.csv", cwd=trained).stdout
    text = run("info", "colours.safetensors", cwd=trained).stdout
    for word in ("target:  label", "3 classes: a, b, c", "written by normexp 0.1.0", "blue, green, red"):
        assert word in text


def test_accepted_and_said(tmp_path):
    rows = [[i, "", "same", f"w{i % 300}", "pq"[i % 2] if i % 10 else ""] for i in range(600)] + [[601, "", "same", "w1", "rare"]]
    ended = run("train", table(tmp_path / "t.csv", "n,empty,constant,many,y", rows), "--target", "y", "--epochs", 2, cwd=tmp_path)
    assert ended.returncode == 0
    for note in ("60 rows without a target dropped", "column 'empty' is empty", "the 255 most frequent are kept", "class 'rare' with one row"):
        assert note in ended.stderr
    assert (tmp_path / "t.safetensors").exists()


def test_explain_takes_all_numbers(tmp_path):
    text = run("explain", "-3.44", "1.16", "-0.81", "3.91", "--labels", "dog,cat,boat,airplane", "--target", "airplane", cwd=tmp_path).stdout
    for word in ("airplane (target)", "93.15%", "0.0709", "53.5658"):
        assert word in text
    ended = run("explain", "-inf", "nan", "1e5", "--json", cwd=tmp_path)
    assert [row["probability"] for row in json.loads(ended.stdout)["rows"]] == [None] * 3
    assert run("explain", "1e5", "-inf", "--json", cwd=tmp_path).stdout.count('"probability": 1.0') == 1


def test_the_demo_is_the_tutorials_program(tmp_path):
    ended = run("demo", cwd=tmp_path)
    assert ended.returncode == 0
    assert ended.stdout.startswith("Feature shape: (2,)\nResults - Loss: ")
    result = ended.stdout.splitlines()[1].split()
    assert float(result[3]) < 0.05
    assert float(result[6].rstrip("%")) >= 99.6
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {"data.png", "loss.png", "regions.png"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in (tmp_path / "demo").iterdir())


def test_an_interrupt_saves_the_best_model_so_far(tmp_path):
    table(tmp_path / "t.csv", "a,b,y", [[i % 97, i % 89, (i % 97 * 3 + i % 89) // 40 % 4] for i in range(40_000)])
    command = [NORMEXP, "train", "t.csv", "--target", "y", "--hidden", "512,512,512"]
    listen = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731  (a background job may have it ignored)
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen)
    time.sleep(8)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: the best model so far" in errors
    assert run("predict", "t.safetensors", "t.csv", "-o", "p.csv", cwd=tmp_path).returncode == 0


def test_a_closed_pipe_ends_quietly(trained, tmp_path):
    frame = pd.concat([pd.read_csv(trained / "colours.csv")] * 500)
    frame.to_csv(tmp_path / "long.csv", index=False)
    shutil.copy(trained / "colours.safetensors", tmp_path)
    script = f"'{NORMEXP}' predict colours.safetensors long.csv | head -1; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines() == ["prediction,probability_a,probability_b,probability_c", "0"]
    assert "rror" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_version_and_help(tmp_path):
    assert run("--version", cwd=tmp_path).stdout == "normexp, version 0.1.0\n"
    assert "A first round:" in run("--help", cwd=tmp_path).stdout
    assert "--target COLUMN" in run("train", "--help", cwd=tmp_path).stdout
