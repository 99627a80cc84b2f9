"""Training through the command line: what it reports, writes and keeps."""

import json
import os
import signal
import subprocess
import time

import numpy as np
from commands import NORMEXP, run, table

SCORES = {"accuracy", "log_loss", "brier", "calibration_error", "n_rows"}


def test_training_reports_scores_and_the_next_command(trained):
    ended = run("train", "colours.csv", "--target", "label", "--epochs", 30, cwd=trained)
    assert ended.returncode == 0
    for word in ("accuracy", "log loss", "brier", "calibration error", "class shares", "model: colours.safetensors", "next:  normexp explain colours.safetensors colours.csv"):
        assert word in ended.stdout


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
    assert [layer["units"] for layer in info["members"][0]["layers"]] == [8, 4, 3]
    assert [column["name"] for column in info["schema"]["columns"]] == ["x"]
    assert info["params"]["class_weight"] == "balanced"


def test_logistic_regression_on_an_example_within_a_time_limit(tmp_path):
    report = json.loads(run("train", "example:digits", "--hidden", "none", "--time-limit", 20, "--json", cwd=tmp_path).stdout)
    assert report["scores"]["accuracy"] > 0.9
    assert len(json.loads(run("info", "digits.safetensors", "--json", cwd=tmp_path).stdout)["members"][0]["layers"]) == 1


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


def test_many_rows_give_the_same_file_on_any_number_of_threads(tmp_path):
    """Dot products of long vectors are shared among threads by BLAS, whose bits then depend on them: none is between a table and a model file."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=60_000).round(3), rng.random(60_000) < 0.3
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{a},{int(b)}\n" for a, b in zip(x, y, strict=True)))
    for threads in ("1", "2"):
        ended = run("train", "t.csv", "--target", "y", "--hidden", "none", "--epochs", 1, "-o", f"m{threads}", cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": threads})
        assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "m1").read_bytes() == (tmp_path / "m2").read_bytes()
