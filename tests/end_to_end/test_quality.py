"""train --quality and --members; predict and evaluate --coverage."""

import csv
import io
import json
import signal
import subprocess
from functools import partial

import numpy as np
import pytest
from tests.end_to_end.commands import NORMEXP, assert_refused, run, table

ROWS = [[round(float(x), 4), "pqr"[i % 3], "ab"[int(x + 0.6 * noise > 0)]] for i, (x, noise) in enumerate(np.random.default_rng(0).standard_normal((300, 2)))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quality")
    table(folder / "t.csv", "x,c,y", ROWS)
    for name, *options in (("good",), ("fast", "--quality", "fast"), ("linear", "--members", "linear")):
        ended = run("train", "t.csv", "--target", "y", "-o", f"{name}.safetensors", *options, "--save-test", f"{name}.csv", cwd=folder)
        assert ended.returncode == 0, ended.stderr
    return folder


def test_info_tells_kinds_and_weights(folder):
    good = run("info", "good.safetensors", cwd=folder).stdout
    assert "of 6 kinds, fitted on 8 folds" in good
    assert all(f"{kind} " in good for kind in ("held", "free", "plain", "linear", "ridge"))
    assert "(out of fold)" in good
    fast = run("info", "fast.safetensors", cwd=folder).stdout
    assert "64 relu - 32 relu - 2 linear - softmax; temperature" in fast
    told = json.loads(run("info", "linear.safetensors", "--json", cwd=folder).stdout)
    assert [len(member["layers"]) for member in told["members"]] == [1]
    assert told["out_of_fold"]["names"] == ["linear", "ridge"]


def test_a_time_limit_says_what_is_left_out(folder):
    ended = run("train", "t.csv", "--target", "y", "-o", "short.safetensors", "--time-limit", 0.5, "--epochs", 500_000, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert "left out, not finished (time limit): trees, free, plain, linear, ridge; the model is made of the other kinds of members" in ended.stderr
    assert "left out: trees, free, plain, linear, ridge" in run("info", "short.safetensors", cwd=folder).stdout


def test_one_network_of_many_members(folder):
    ended = run("train", "t.csv", "--target", "y", "-o", "small.safetensors", "--compact", "--json", cwd=folder)
    assert "members answer" in ended.stderr
    small, good = (json.loads(run("evaluate", f"{name}.safetensors", "good.csv", "--json", cwd=folder).stdout)["scores"]["log_loss"] for name in ("small", "good"))
    assert small == pytest.approx(good, abs=0.05)
    assert json.loads(ended.stdout)["scores"]["log_loss"] == pytest.approx(small, rel=1e-5)
    assert len(json.loads(run("info", "small.safetensors", "--json", cwd=folder).stdout)["members"]) == 1
    said = run("train", "t.csv", "--target", "y", "-o", "line.safetensors", "--compact", "--members", "linear", cwd=folder).stderr
    assert "the model is one network already: --compact changes nothing" in said


def test_members_stay_where_their_teaching_is_interrupted(tmp_path):
    x = np.random.default_rng(0).standard_normal((6_000, 12)).round(3)
    table(tmp_path / "t.csv", ",".join([*(f"c{i}" for i in range(12)), "y"]), [[*row, "abc"[row.index(max(row[:3]))]] for row in x.tolist()])
    command = [NORMEXP, "train", "t.csv", "--target", "y", "--compact", "--epochs", "1"]
    listen = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen)
    for line in process.stderr:
        if "members answer" in line:
            process.send_signal(signal.SIGINT)
            break
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "interrupted: the members stay as they are" in rest
    assert len(json.loads(run("info", "t.safetensors", "--json", cwd=tmp_path).stdout)["members"]) > 1


@pytest.mark.parametrize("name", ["good", "fast", "linear"])
def test_sets_hold_the_truth(folder, name):
    ended = run("predict", f"{name}.safetensors", f"{name}.csv", "--coverage", 0.8, "--keep", "y", cwd=folder)
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert all(row["prediction"] in row["set"].split("|") for row in rows)
    covered = np.mean([row["y"] in row["set"].split("|") for row in rows])
    told = json.loads(run("evaluate", f"{name}.safetensors", f"{name}.csv", "--coverage", 0.8, "--json", cwd=folder).stdout)["sets"]
    assert told["coverage"] == pytest.approx(covered)
    assert told["coverage"] > 0.68
    assert told["size"] == pytest.approx(np.mean([len(row["set"].split("|")) for row in rows]))
    assert f"prediction sets: 0.8 asked for; the truth is in {covered:.1%} of them" in run("evaluate", f"{name}.safetensors", f"{name}.csv", "--coverage", 0.8, cwd=folder).stdout


def test_sets_go_to_parquet_too(folder):
    run("predict", "good.safetensors", "good.csv", "--coverage", 0.95, "--by-class", "-o", "p.parquet", cwd=folder)
    again = run("predict", "good.safetensors", "good.csv", "--coverage", 0.95, "--by-class", cwd=folder).stdout
    import duckdb

    with duckdb.connect() as connection:
        sets = [row[0] for row in connection.execute(f"select set from '{folder / 'p.parquet'}'").fetchall()]
    assert sets == [row["set"] for row in csv.DictReader(io.StringIO(again))]


@pytest.mark.parametrize(("command", "message"), [
    (("predict", "good.safetensors", "good.csv", "--coverage", 1), "is not in the range 0<x<1"),
    (("predict", "good.safetensors", "good.csv", "--by-class"), "expected --by-class with --coverage"),
    (("train", "t.csv", "--target", "y", "--quality", "fast", "--compact"), "expected --quality good or best with --compact, got fast, which is one network already"),
    (("train", "t.csv", "--target", "y", "--quality", "fast", "--members", "linear"), "expected --quality good or best with --members, got fast"),
    (("evaluate", "good.safetensors", "fast.safetensors", "good.csv", "--coverage", 0.9), "expected one model and the target column with --coverage"),
])  # fmt: skip
def test_what_cannot_be_is_refused(folder, command, message):
    assert_refused(run(*command, cwd=folder), 2, message)


def test_older_models_have_no_sets(folder):
    from pathlib import Path

    golden = Path(__file__).parent.parent / "golden"
    ended = run("predict", golden / "penguins.safetensors", golden / "penguins.csv", "--coverage", 0.9, cwd=folder)
    assert_refused(ended, 3, "expected a model that knows what held-out rows were given, got one without; train it again")
