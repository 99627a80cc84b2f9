"""A study's file: gone on with, shared, refused where it is of something else, and never believed."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import searching
from normexp.errors import DataError
from normexp.evaluation import costs_of
from normexp.experiments import show


def changed(path, column, value, table="normexp_trials"):
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
    connection.close()


def test_what_was_told_is_there_again(tmp_path):
    path = tmp_path / "s.study"
    first = searching.session(tmp_path, study=path)
    assert first.run(n_trials=9) == "trials"
    about, trials = show(path)
    assert about == first.study.about
    assert [replace(trial, value=0, low=0, high=0) for trial in trials] == [replace(trial, value=0, low=0, high=0) for trial in first.study.trials()]
    np.testing.assert_array_equal([trial.value for trial in trials], [trial.value for trial in first.study.trials()])


def test_a_later_session_goes_on(tmp_path):
    path = tmp_path / "s.study"
    first = searching.session(tmp_path, study=path)
    first.run(n_trials=11)
    second = searching.session(tmp_path, study=path)
    assert searching.facts(second) == searching.facts(first)
    second.run(n_trials=3)
    assert searching.facts(second)[:11] == searching.facts(first)
    assert [trial.number for trial in second.study.trials()[11:]] == [100_000, 100_001, 100_002]
    named = {trial.how.name for trial in second.study.trials()[11:]}
    assert named == {"trial 100000", "trial 100001", "trial 100002"}  # the portfolio is not tried again


def test_members_of_an_earlier_session_take_part(tmp_path):
    path = tmp_path / "s.study"
    first = searching.session(tmp_path, study=path)
    first.run(n_trials=12)
    second = searching.session(tmp_path, study=path)
    second.run(n_trials=1)
    known = {one.trial.number: one.logits for one in first.search.kept}
    again = [one for one in second.search.kept if one.trial.number in known]
    assert len(again) >= 6
    for one in again:
        np.testing.assert_array_equal(one.logits, known[one.trial.number])


def test_two_processes_share_a_study(tmp_path):
    path = tmp_path / "s.study"
    one, two = searching.session(tmp_path, study=path), searching.session(tmp_path, study=path)
    one.run(n_trials=7)
    two.study.looked = -1e9  # a second has passed
    two.run(n_trials=2)
    numbers = [trial.number for trial in show(path)[1]]
    assert len(numbers) == len(set(numbers)) == 9
    assert {trial.number for trial in two.study.trials()} == set(numbers)


@pytest.mark.parametrize(("options", "words"), [
    ({"seed": 6}, "the same seed as this search, got others; search as it was begun"),
    ({"metric": "brier"}, "the same metric as this search, got others: log_loss there, brier here"),
    ({"n_folds": 4}, "as many folds"),
    ({"members": "network"}, "expected families that may take part"),
    ({"space": "small"}, "the same space"),
    ({"of": searching.problem(91)}, "as many rows as this search, got others: 90 there, 91 here"),
    ({"of": searching.problem(seed=3)}, "the same rows, labels, folds, groups, costs and members as this search, got others;"),
    ({"of": replace(searching.problem(), weights=np.arange(1, 91.0))}, "the same rows"),
    ({"of": replace(searching.problem(), class_weight="balanced")}, "the same space"),
    ({"of": replace(searching.problem(), groups=np.arange(90) // 2)}, "the same rows"),
    ({"of": replace(searching.problem(), columns=tuple(replace(c, kind="boolean") if i else c for i, c in enumerate(searching.problem().columns)))}, "the same rows"),
    ({"of": replace(searching.problem(), classes=np.array(["a", "b", "c"]))}, "the same classes as this search, got others: '0', '1', '2' there, 'a', 'b', 'c' here"),
    ({"of": replace(searching.problem(), columns=tuple(replace(c, name=f"y{i}") for i, c in enumerate(searching.problem().columns)))}, "the same columns"),
])  # fmt: skip
def test_a_study_of_other_data_is_refused(tmp_path, options, words):
    path = tmp_path / "s.study"
    searching.session(tmp_path, study=path).run(n_trials=1)
    with pytest.raises(DataError) as error:
        searching.session(tmp_path, study=path, **options)
    assert words in str(error.value)
    assert len(show(path)[1]) == 1


def test_other_files_are_refused(tmp_path):
    text = tmp_path / "t.study"
    text.write_text("no database, but a text of some length, longer than a header" * 10)
    with pytest.raises(DataError, match="which is a SQLite database"):
        searching.session(tmp_path, study=text)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE people (name)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(DataError, match="a database with other tables, 'people'"):
        searching.session(tmp_path, study=other)
    with pytest.raises(DataError, match="a database with other tables, 'people'"):
        show(other)
    assert before == other.read_bytes()
    assert not (tmp_path / "other.db-wal").exists()
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(DataError, match="a database without one"):
        show(empty)
    with pytest.raises(FileNotFoundError):
        show(tmp_path / "none.study")
    assert not (tmp_path / "none.study").exists()
    with pytest.raises(OSError, match="can be read and written"):
        searching.session(tmp_path, study=tmp_path / "no folder" / "s.study")


def forged(path, change):
    """The first trial with something changed."""
    with sqlite3.connect(path) as connection:
        (text,) = connection.execute("SELECT trial FROM normexp_trials").fetchone()
    connection.close()
    found = json.loads(text)
    change(found)
    changed(path, "trial", json.dumps(found))


@pytest.mark.parametrize("change", [
    lambda t: t.pop("how"),
    lambda t: t.update(more=1),
    lambda t: t.update(value="0.1"),
    lambda t: t.update(value=None),
    lambda t: t.update(state="running"),
    lambda t: t.update(seconds=-1),
    lambda t: t.update(settings=[]),
    lambda t: t.update(settings={"units": [1]}),
    lambda t: t.update(settings={"family": "network", "units": 10**9}),
    lambda t: t.update(settings={"family": "network", "unitz": 8}),
    lambda t: t.update(settings={"units": 8}),
    lambda t: t["how"].update(epochs=2.0),
    lambda t: t.update(losses=["a"]),
    lambda t: t["how"].pop("family"),
    lambda t: t["how"].update(family="forest"),
    lambda t: t["how"].update(hidden=[10**9]),
    lambda t: t["how"].update(hidden=[True]),
    lambda t: t["how"].update(epochs=10**9),
    lambda t: t["how"].update(batch_size=0),
    lambda t: t["how"].update(learning_rate=float("inf")),
    lambda t: t["how"].update(activation="__import__"),
    lambda t: t["how"].update(columns=[4]),
    lambda t: t["how"].update(columns=[1, 0]),
    lambda t: t["how"].update(n_seeds=10**6),
    lambda t: t["how"].update(further=1),
])  # fmt: skip
def test_a_forged_trial_is_refused(tmp_path, change):
    path = tmp_path / "s.study"
    searching.session(tmp_path, study=path).run(n_trials=1)
    forged(path, change)
    with pytest.raises(DataError, match=r"s\.study"):
        show(path)


@pytest.mark.parametrize(("about", "words"), [
    ("{", "without a description"), ("[]", "without a description"), ('{"format": 1, "version": "0"}', "expected a description"),
    ('{"format": 99, "version": "7.1"}', "got format 99 of normexp 7.1; install that version or a later one"),
])  # fmt: skip
def test_a_forged_or_newer_description_is_refused(tmp_path, about, words):
    path = tmp_path / "s.study"
    searching.session(tmp_path, study=path).run(n_trials=1)
    changed(path, "about", about, "normexp_study")
    for look in (lambda: show(path), lambda: searching.session(tmp_path, study=path)):
        with pytest.raises(DataError, match=words):
            look()


KILLED = """
import os, pathlib, sys, threading, time
sys.path.insert(0, sys.argv[1])
import searching
found = searching.session(pathlib.Path(sys.argv[2]), study=pathlib.Path(sys.argv[2]) / "s.study", jobs=2)
print("ready", flush=True)
threading.Timer(float(sys.argv[3]), os.kill, (os.getpid(), 9)).start()
told = found.study.tell
def tell(*given):
    told(*given)
    print("told", flush=True)
found.study.tell = tell
found.run(n_trials=100_000)
"""


def test_what_was_told_outlives_a_kill(tmp_path):
    n_before = 0
    for k in range(int(os.environ.get("NORMEXP_SIGNALS", "3"))):
        command = [sys.executable, "-c", KILLED, os.path.dirname(searching.__file__), str(tmp_path), str(0.05 + 0.13 * (k % 7))]  # noqa: PTH120
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert ended.returncode == -9, ended.stderr
        n = len(show(tmp_path / "s.study")[1])
        assert n >= n_before + ended.stdout.count("told")
        n_before = n
    last = searching.session(tmp_path, study=tmp_path / "s.study")
    last.run(n_trials=1)
    assert last.ending() is not None
    assert len(last.study.trials()) == n_before + 1


def test_costs_are_part_of_a_study(tmp_path):
    path = tmp_path / "s.study"
    one, other = (costs_of(matrix, np.arange(3)) for matrix in ([[0, 1, 1], [1, 0, 1], [1, 1, 0]], [[0, 1, 9], [1, 0, 1], [1, 1, 0]]))
    searching.session(tmp_path, of=replace(searching.problem(), costs=one), metric="cost", study=path).run(n_trials=1)
    with pytest.raises(DataError, match="costs and members as this search"):
        searching.session(tmp_path, of=replace(searching.problem(), costs=other), metric="cost", study=path)


def test_the_portfolio_of_several_processes_is_there_once(tmp_path):
    path = tmp_path / "s.study"
    both = [searching.session(tmp_path, study=path) for _ in range(2)]
    for one in both:  # began together: neither knows what the other has fitted
        one.run(n_trials=12)
    last = searching.session(tmp_path, study=path)
    last.run(n_trials=1)
    names = [one.trial.how.name for one in last.search.kept if one.of_portfolio]
    assert sorted(names) == sorted(set(names))
    best = min((trial for trial in last.study.trials() if trial.state == "complete"), key=lambda trial: trial.value)
    assert last.ending(single=True).chosen[0].value == best.value


def test_sessions_are_numbered_beyond_what_is_there(tmp_path):
    path = tmp_path / "s.study"
    searching.session(tmp_path, study=path).run(n_trials=2)
    for value in ("abc", -5, 0):
        changed(path, "sessions", value, "normexp_study")
        later = searching.session(tmp_path, study=path)
        later.run(n_trials=1)
        assert len({trial.number for trial in show(path)[1]}) == len(show(path)[1])


def test_a_line_that_somebody_has_spoilt_ends_a_search_with_what_is_there(tmp_path):
    path = tmp_path / "s.study"
    found = searching.session(tmp_path, study=path)
    found.run(n_trials=6)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO normexp_trials (number, trial) VALUES (77777, '{')")
    connection.close()
    found.study.looked = -1e9
    assert found.run(n_trials=3) == "storage"
    assert "expected trials as normexp writes them" in str(found.search.failure)
    assert found.ending() is not None
