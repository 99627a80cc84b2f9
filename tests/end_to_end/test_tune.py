"""normexp tune, by hand: a search, its study, its page, its end by Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import time
from functools import partial

import numpy as np
import pytest
from commands import NORMEXP, assert_refused, run, table

from searching import SMALL


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """t.csv with a category, and space.toml, in which trials are quick."""
    found = tmp_path_factory.mktemp("tune")
    x = np.random.default_rng(0).standard_normal((240, 3)).round(3)
    rows = [[*row, ("red", "green", "blue")[i % 3], "abc"[int(np.argmax(row))]] for i, row in enumerate(x.tolist())]
    table(found / "t.csv", "u,v,w,colour,y", rows)
    (found / "space.toml").write_text(SMALL)
    return found


SEARCH = ("tune", "t.csv", "--target", "y", "--space", "space.toml", "--threads", 2)


def test_a_search_a_model_a_study_and_a_page(folder):
    ended = run(*SEARCH, "--trials", 24, "--study", "s.study", "--report", "s.html", "-o", "m.safetensors", "--json", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert sum(told["trials"].values()) == 24
    assert told["stopped"] == "trials"
    assert told["out_of_fold"]["low"] < told["out_of_fold"]["estimate"] < told["class_share_scores"]["log_loss"] / 2
    assert told["scores"]["n_rows"] == 60
    assert sum(member["weight"] for member in told["members"]) > 0.5
    assert len([line for line in ended.stderr.splitlines() if re.match(r"normexp: \d+/24 ", line)]) == 24
    again = json.loads(run("evaluate", "m.safetensors", "t.csv", "--json", cwd=folder).stdout)
    assert again["scores"]["accuracy"] > 0.8
    page = (folder / "s.html").read_text()
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    for words in ("The course of the search", "Which settings matter", "The best trials", "out of fold, where the search chose"):
        assert words in page
    assert page.count("<svg") >= 3


def test_a_study_is_shown_and_gone_on_with(folder):
    ended = run(*SEARCH, "--trials", 8, "--study", "again.study", "-o", "n.safetensors", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert "out of fold, where the search chose" in ended.stdout
    shown = run("tune", "--show", "again.study", "--report", "shown.html", cwd=folder)
    assert "180 rows of 4 columns, 3 classes, 8 folds" in shown.stdout
    assert re.search(r"1\. 0\.\d{4} \(0\.\d{4} to 0\.\d{4}\)", shown.stdout)
    assert "What distinguishes" in (folder / "shown.html").read_text()
    further = run(*SEARCH, "--trials", 2, "--study", "again.study", "-o", "n.safetensors", cwd=folder)
    assert "going on with 8 trials of again.study" in further.stderr
    told = json.loads(run("tune", "--show", "again.study", "--json", cwd=folder).stdout)
    assert len(told["trials"]) == 10
    assert told["about"]["columns"] == ["u", "v", "w", "colour"]


def test_the_same_seed_the_same_model(folder):
    for name in ("a", "b"):
        ended = run(*SEARCH, "--trials", 9, "--jobs", 1, "--seed", 3, "-o", f"{name}.safetensors", cwd=folder)
        assert ended.returncode == 0, ended.stderr
    assert (folder / "a.safetensors").read_bytes() == (folder / "b.safetensors").read_bytes()


def test_an_interrupt_keeps_the_best_so_far(folder):
    listen = partial(signal.signal, signal.SIGINT, signal.default_int_handler)  # a background job may have it ignored
    for k in range(int(os.environ.get("NORMEXP_SIGNALS", "2"))):
        (folder / "i.safetensors").unlink(missing_ok=True)
        command = [NORMEXP, *map(str, SEARCH), "--time", "5m", "-o", "i.safetensors", "--json"]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen)
        for line in process.stderr:
            if line.startswith(f"normexp: {2 + 3 * k} "):
                process.send_signal(signal.SIGINT)
                break
        printed, rest = process.communicate(timeout=60)
        assert process.returncode == 130, rest
        assert "interrupted: the best so far is combined and saved" in rest
        assert json.loads(printed)["stopped"] == "interrupted"
        assert run("info", "i.safetensors", cwd=folder).returncode == 0


def test_costs_judge(folder):
    table(folder / "costs.csv", "class,a,b,c", [["a", 0, 1, 9], ["b", 1, 0, 1], ["c", 1, 1, 0]])
    ended = run(*SEARCH, "--trials", 7, "--metric", "cost", "--costs", "costs.csv", "-o", "c.safetensors", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert "the search chose by cost" in ended.stdout
    assert "the best, by cost of rows" in ended.stdout


@pytest.mark.parametrize(("command", "words"), [
    (("tune",), "expected a TABLE to search on, or --show FILE"),
    (("tune", "t.csv", "--target", "y"), "expected --time, such as 10m, or --trials, such as 200, or both; got neither"),
    (("tune", "t.csv", "--target", "y", "--time", "soon"), "expected a time such as 90s, 10m or 1h30m, got 'soon'"),
    (("tune", "t.csv", "--target", "y", "--time", "0s"), "expected a time such as 90s"),
    (("tune", "t.csv", "--trials", 3), "expected --target COLUMN"),
    (("tune", "t.csv", "--target", "y", "--trials", 3, "--metric", "cost"), "expected --metric cost and --costs FILE together"),
    (("tune", "t.csv", "--show", "s.study"), "got both; leave one out"),
    (("tune", "--show", "s.study", "--trials", 3), "got trials too; leave it out"),
    (("tune", "t.csv", "--target", "y", "--time", "1h30"), "expected a time such as 90s, 10m or 1h30m, got '1h30'"),
    (("tune", "t.csv", "--target", "y", "--trials", 3, "--group", "u", "--when", "v"), "expected --group or --when"),
])  # fmt: skip
def test_what_cannot_be_is_refused(folder, command, words):
    assert_refused(run(*command, cwd=folder), 2, words)


@pytest.mark.parametrize(("options", "code", "words"), [
    (("--space", "huge"), 1, "expected a space out of small, wide"),
    (("--space", "bad.toml"), 3, "got 'unitz' in bad.toml; did you mean 'units'?"),
    (("--study", "other.study"), 3, "to be of the same seed as this search"),
    (("--study", "notes.txt"), 3, "which is a SQLite database"),
])  # fmt: skip
def test_other_files_are_refused(folder, options, code, words):
    (folder / "notes.txt").write_text("what I have found out so far\n" * 100)
    (folder / "bad.toml").write_text("[network]\nunitz = [3]\n")
    if "other.study" in options:
        run(*SEARCH, "--trials", 1, "--study", "other.study", "--seed", 8, "-o", "o.safetensors", cwd=folder)
    assert_refused(run(*SEARCH, "--trials", 3, "-o", "x.safetensors", *options, cwd=folder), code, words)
    assert not (folder / "x.safetensors").exists()
    assert (folder / "t.csv").read_text().startswith("u,v,w")


@pytest.mark.parametrize("options", [
    ("--study", "same.x", "-o", "same.x"), ("--study", "same.x", "--report", "same.x"), ("--report", "same.x", "-o", "same.x"), ("--report", "space.toml"),
    ("--study", "space.toml"), ("--report", "t.csv"),
])  # fmt: skip
def test_nothing_that_is_read_or_written_is_written_over(folder, options):
    before = {path.name: path.read_bytes() for path in (folder / "t.csv", folder / "space.toml")}
    assert_refused(run(*SEARCH, "--trials", 1, *options, cwd=folder), 1, "expected another file to write the")
    assert before == {name: (folder / name).read_bytes() for name in before}


def test_a_second_interrupt_quits_at_once(folder):
    listen = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    x = np.random.default_rng(1).standard_normal((30_000, 12)).round(3)
    if not (folder / "large.csv").exists():
        table(folder / "large.csv", ",".join([*(f"c{i}" for i in range(12)), "y"]), [[*row, "abc"[int(np.argmax(row[:3]))]] for row in x.tolist()])
    command = [NORMEXP, "tune", "large.csv", "--target", "y", "--time", "5m", "-o", "large.safetensors", "--study", "large.study", "--threads", "2"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen)
    for line in process.stderr:
        if line.startswith("normexp: 1 "):
            process.send_signal(signal.SIGINT)
            time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            break
    started = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - started < 5
    assert run("tune", "--show", "large.study", cwd=folder).returncode == 0
