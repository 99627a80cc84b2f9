"""Rows that a model has learnt from are told, and no models are compared on them; what has changed since training is said."""

import json

import pytest
from commands import assert_refused, run, said

from tabling import CASES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("newness")
    lines = (CASES / "rare-class.csv").read_text().splitlines(keepends=True)
    for name, rows in (("old.csv", lines[1:3001]), ("new.csv", lines[3001:])):
        (folder / name).write_text("".join([lines[0], *rows]))
    for name, further in (("a", ["--save-test", "unseen.csv"]), ("b", ["--hidden", "none"]), ("c", ["--no-fingerprint"])):
        assert run("train", "old.csv", "--target", "event", "-o", name, "--epochs", 10, *further, cwd=folder).returncode == 0
    return folder


def test_training_rows_are_told_and_not_compared_on(folder):
    (note,) = said(run("evaluate", "a", "old.csv", cwd=folder))
    assert note.startswith("75% of the rows of old.csv are rows that a has learnt from: the scores flatter it; evaluate it on others")
    assert json.loads(run("evaluate", "a", "old.csv", "--json", cwd=folder).stdout)["known_share"] == pytest.approx(0.75, abs=0.01)
    for command in (("evaluate", "a", "b", "old.csv"), ("report", "a", "b", "old.csv")):
        ended = run(*command, cwd=folder)
        assert_refused(ended, 3, "expected rows that no model has learnt from to compare models on, got old.csv, of which 75% are rows that a has learnt from")
        assert "better by" not in ended.stdout
    assert not (folder / "report.html").exists()


def test_unseen_rows_are_compared_on(folder):
    for name in ("new.csv", "unseen.csv"):
        ended = run("evaluate", "a", "b", name, cwd=folder)
        assert said(ended) == []
        assert "log loss: " in ended.stdout
    assert json.loads(run("evaluate", "a", "unseen.csv", "--json", cwd=folder).stdout)["known_share"] == 0


def test_without_a_fingerprint_nothing_is_told(folder):
    assert said(run("evaluate", "c", "old.csv", cwd=folder)) == []
    assert json.loads(run("evaluate", "c", "old.csv", "--json", cwd=folder).stdout)["known_share"] is None


def test_a_report_of_training_rows_is_not_green(folder):
    assert run("report", "a", "old.csv", "-o", "seen.html", cwd=folder).returncode == 0
    page = (folder / "seen.html").read_text()
    assert '<header class="good">' not in page
    assert "But 75% of these rows are rows that it has learnt from: the numbers flatter it." in page


def test_what_has_changed_is_said_without_labels(folder):
    lines = (folder / "new.csv").read_text().splitlines()
    (folder / "same.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines) + "\n")
    moved = [lines[0].rpartition(",")[0]] + [f"{float(line.split(',')[0]) + 1:.2f},{line.split(',', 1)[1].rpartition(',')[0]}" for line in lines[1:]]
    (folder / "moved.csv").write_text("\n".join(moved) + "\n")
    ended = run("evaluate", "a", "same.csv", cwd=folder)
    assert "against training, 0 of 6 columns have surely changed" in ended.stdout
    found = json.loads(run("evaluate", "a", "moved.csv", "--json", cwd=folder).stdout)["drift"]
    assert [column["name"] for column in found["columns"] if column["has_changed"]] == ["a"]
    assert sum(found["answers_now"]) == pytest.approx(1, abs=1e-6)
    shown = run("evaluate", "a", "moved.csv", cwd=folder).stdout
    assert "against training, 1 of 6 columns have surely changed; by the size of the change:" in shown


def test_where_the_loss_comes_from(folder):
    shown = run("evaluate", "a", "new.csv", cwd=folder).stdout
    assert "where the loss comes from:" in shown
    lines = [line.split() for line in shown.splitlines() if line.strip().startswith(("0 ", "1 "))]
    assert sum(float(line[2].rstrip("%")) for line in lines) == pytest.approx(100, abs=0.2)
