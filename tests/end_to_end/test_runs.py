"""A record of runs: appended, listed, compared; nothing else is taken for one."""

import csv
import json
import subprocess

import pytest
from commands import NORMEXP, assert_refused, colours, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """runs.csv of three runs."""
    found = tmp_path_factory.mktemp("runs")
    colours(found / "t.csv")
    several = (("--quality", "fast", "--hidden", "8,4", "--epochs", 3), ("--members", "linear", "--members", "trees"), ("--seed", 4, "--quality", "fast", "--test-fraction", 0.5))
    for options in several:
        ended = run("train", "t.csv", "--target", "label", "--log", "runs.csv", *options, cwd=found)
        assert ended.returncode == 0, ended.stderr
    return found


def test_a_line_a_run(folder):
    with (folder / "runs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["settings"] for row in rows] == ["--quality fast --hidden 8,4 --epochs 3", "--members linear --members trees", "--quality fast --test-fraction 0.5"]
    assert [row["seed"] for row in rows] == ["0", "0", "4"]
    assert {row["table"] for row in rows} == {"t.csv"}
    assert [int(row["rows"]) + int(row["test_rows"]) for row in rows] == [120] * 3
    for row in rows:
        assert float(row["log_loss_low"]) <= float(row["log_loss"]) <= float(row["log_loss_high"])
    scores = json.loads(run("train", "t.csv", "--target", "label", "--log", "one.csv", "--members", "linear", "--json", cwd=folder).stdout)["scores"]
    with (folder / "one.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["log_loss"]) == pytest.approx(scores["log_loss"], rel=1e-5)


def test_runs_are_listed_sorted_and_compared(folder):
    listed = run("runs", "runs.csv", cwd=folder).stdout
    assert "3 runs; of several tables, targets or seeds" in listed
    found = json.loads(run("runs", "runs.csv", "--sort", "log_loss", "--json", cwd=folder).stdout)["runs"]
    assert [one["log_loss"] for one in found] == sorted(one["log_loss"] for one in found)
    found = json.loads(run("runs", "runs.csv", "--sort", "accuracy", "--last", 2, "--json", cwd=folder).stdout)["runs"]
    assert len(found) == 2
    assert found[0]["accuracy"] >= found[1]["accuracy"]
    assert "no runs on other.csv" in run("runs", "runs.csv", "--table", "other.csv", cwd=folder).stdout
    compared = run("runs", "runs.csv", "--compare", "1,2", cwd=folder).stdout
    assert "--members linear" in compared
    assert "the same: version, table, target, rows, test_rows, seed" in compared


def test_runs_side_by_side_do_not_mix_their_lines(folder):
    command = [NORMEXP, "train", "t.csv", "--target", "label", "--log", "many.csv", "--quality", "fast", "--epochs", "1"]
    running = [subprocess.Popen([*command, "-o", f"m{i}.safetensors"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for i in range(4)]
    for one in running:
        assert one.wait(timeout=120) == 0, one.stderr.read()
        one.stderr.close()
    lines = (folder / "many.csv").read_text().splitlines()
    assert len([line for line in lines if line.startswith("time,version")]) == 1
    assert len(json.loads(run("runs", "many.csv", "--json", cwd=folder).stdout)["runs"]) == 4


@pytest.mark.parametrize(("command", "code", "words"), [
    (("train", "t.csv", "--target", "label", "--log", "other.csv"), 3, "expected a record of runs to append to, got a file with other columns (other.csv)"),
    (("train", "t.csv", "--target", "label", "--log", "t.csv"), 1, "expected another file to write the record to than 't.csv'"),
    (("train", "t.csv", "--target", "label", "--log", "none/r.csv"), 1, "'none', which does not exist"),
    (("runs", "t.csv"), 3, "expected a record that train --log has written"),
    (("runs", "none.csv"), 2, "does not exist"),
    (("runs", "runs.csv", "--compare", "1"), 2, "expected the numbers of two runs, such as 3,7, got '1'"),
    (("runs", "runs.csv", "--compare", "1,9"), 2, "expected numbers of runs from 1 to 3"),
    (("runs", "torn.csv"), 3, "in line 3 of torn.csv"),
])  # fmt: skip
def test_other_files_are_refused(folder, command, code, words):
    (folder / "other.csv").write_text("a,b\n1,2\n")
    lines = (folder / "runs.csv").read_text().splitlines()
    (folder / "torn.csv").write_text("\n".join([*lines[:2], lines[2][:30]]) + "\n")
    assert_refused(run(*command, cwd=folder), code, words)
    assert (folder / "other.csv").read_text() == "a,b\n1,2\n"
