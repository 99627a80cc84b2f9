"""From probabilities to decisions on the command line: costs, thresholds, the likeliest rows."""

import json

import numpy as np
import pytest
from commands import answers, assert_refused, run, said, table

from tabling import CASES

COSTS = "class,call,wait,ask a person\n1,1,20,4\n0,3,0,4\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deciding")
    (folder / "costs.csv").write_text(COSTS)
    ended = run("train", CASES / "rare-class.csv", "--target", "event", "-o", "m", "--epochs", 20, "--save-test", "new.csv", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert "normexp: positive class: '1', by its name (--positive chooses)" in ended.stderr
    return folder


def test_decisions_are_those_of_the_least_expected_cost(folder):
    rows = answers(run("predict", "m", "new.csv", "--costs", "costs.csv", cwd=folder))
    p = np.array([[float(row["probability_0"]), float(row["probability_1"])] for row in rows])
    expected = p @ np.array([[3, 0, 4], [1, 20, 4]])
    assert [row["decision"] for row in rows] == [("call", "wait", "ask a person")[k] for k in expected.argmin(axis=1)]
    np.testing.assert_allclose([float(row["expected_cost"]) for row in rows], expected.min(axis=1), rtol=1e-6)
    assert len({row["decision"] for row in rows}) == 2


def test_what_decisions_cost_is_judged_on_labelled_rows(folder):
    ended = run("evaluate", "m", "new.csv", "--costs", "costs.csv", "--json", cwd=folder)
    costs = json.loads(ended.stdout)["costs"]
    assert costs["decided"]["estimate"] < costs["always"]["estimate"]
    assert costs["less_than_always"]["low"] > 0
    assert sum(costs["counts"].values()) == 1500
    assert costs["most_probable"] is None  # the decisions are not the classes
    (folder / "named.csv").write_text("true;0;1\n0;0;3\n1;20;1\n")
    named = json.loads(run("evaluate", "m", "new.csv", "--costs", "named.csv", "--json", cwd=folder).stdout)["costs"]
    assert named["less_than_most_probable"]["low"] > 0
    shown = run("evaluate", "m", "new.csv", "--costs", "named.csv", cwd=folder).stdout
    assert f"that is '1' from a probability of {3 / 22:.6g} on" in shown


def test_the_likeliest_rows_are_flagged(folder):
    for top, n in (("10%", 150), ("7", 7), ("1=5%", 75), ("5000", 1500)):
        rows = answers(run("predict", "m", "new.csv", "--top", top, cwd=folder))
        flagged = np.array([row["flagged"] == "true" for row in rows])
        p = np.array([float(row["probability_1"]) for row in rows])
        assert flagged.sum() == n
        assert n == 1500 or p[flagged].min() >= p[~flagged].max()


def test_a_threshold_moves_the_prediction(folder):
    plain, lower = (answers(run("predict", "m", "new.csv", *given, cwd=folder)) for given in ((), ("--threshold", "1=0.1")))
    assert [row["prediction"] for row in lower] == ["1" if float(row["probability_1"]) >= 0.1 else "0" for row in lower]
    assert sum(row["prediction"] == "1" for row in lower) > sum(row["prediction"] == "1" for row in plain)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("class,call\n1,1\n", ["expected one row of costs for each class, got 0 for '0'"]),
        ("class,call\n1,1\n0,x\n", ["expected a finite number as the cost of 'call', got 'x' (costs.csv, row 3)"]),
        ("class,call\n1,1\n0,nan\n", ["expected a finite number as the cost of 'call', got 'nan'"]),
        ("class,call\n1,1\n2,1\n0,1\n", ["expected costs of the classes 0, 1, got some of '2'"]),
        ("class,call,call\n1,1,1\n0,1,1\n", ["expected different names of decisions"]),
        ("class,call\n1,1\n1,2\n0,1\n", ["expected each class once, got '1' again in row 3"]),
        ("class,call\n1,1,2\n0,1\n", ["expected 2 cells in row 2"]),
        ("class\n", ["expected a header with the decisions and a row of costs for each class"]),
        ("", ["expected a header with the decisions"]),
    ],
)  # fmt: skip
def test_bad_costs_are_refused(folder, tmp_path, content, words):
    (tmp_path / "costs.csv").write_text(content)
    assert_refused(run("predict", folder / "m", folder / "new.csv", "--costs", "costs.csv", cwd=tmp_path), 3, *words)


def test_contradicting_options_are_refused(folder):
    predict = ("predict", "m", "new.csv")
    assert_refused(run(*predict, "--costs", "none.csv", cwd=folder), 3, "expected a file of costs, got 'none.csv', which does not exist")
    assert_refused(run(*predict, "--costs", "m", cwd=folder), 3, "expected costs as UTF-8 text, got other bytes")
    assert_refused(run(*predict, "--costs", "costs.csv", "--top", "5%", cwd=folder), 2, "expected one way to decide, got --costs and --top; choose one")
    assert_refused(run(*predict, "--top", "0%", cwd=folder), 2, "expected a share such as 10%")
    assert_refused(run(*predict, "--top", "x=5%", cwd=folder), 2, "expected a class out of '0', '1', got 'x'")
    assert_refused(run(*predict, "--threshold", "1=2", cwd=folder), 2, "expected a class and a probability from 0 to 1")
    assert_refused(run("train", CASES / "rare-class.csv", "--target", "event", "--costs", "costs.csv", cwd=folder), 2, "expected --costs with --report")


def test_the_report_shows_what_decisions_cost(folder):
    assert run("report", "m", "new.csv", "--costs", "costs.csv", "-o", "r.html", cwd=folder).returncode == 0
    page = (folder / "r.html").read_text()
    assert "What decisions cost" in page
    assert "<bdi>ask a person</bdi>" in page
    assert "Flagging the likeliest 10% of the rows finds" in page
    assert "Decision curve" in page


def test_the_positive_class_is_said_or_found(tmp_path):
    rows = [[i % 50, "loyal" if (i * 7) % 10 < 7 else "gone"] for i in range(200)]
    table(tmp_path / "t.csv", "x,y", rows)
    train = ("train", "t.csv", "--target", "y", "-o", "m", "--epochs", 2, "--json")
    assert json.loads(run(*train, cwd=tmp_path).stdout)["positive"] == "gone"  # the rarer one
    assert json.loads(run(*train, "--positive", "loyal", cwd=tmp_path).stdout)["positive"] == "loyal"
    assert_refused(run(*train, "--positive", "loyall", cwd=tmp_path), 2, "expected a class out of 'gone', 'loyal', got 'loyall'; did you mean 'loyal'?")
    assert_refused(run("train", "example:iris", "--positive", "setosa", "-o", "n", cwd=tmp_path), 2, "expected --positive with two classes, got it with 3")
    assert said(run("train", "t.csv", "--target", "y", "-o", "m", "--epochs", 2, cwd=tmp_path)) == []


def test_where_no_threshold_is_reached_the_most_probable_class_is_answered(folder):
    rows = answers(run("predict", "m", "new.csv", "--threshold", "0=1", "--threshold", "1=1", cwd=folder))
    assert [row["prediction"] for row in rows] == ["1" if float(row["probability_1"]) > 0.5 else "0" for row in rows]


def test_classes_are_named_as_tables_write_them(tmp_path):
    table(tmp_path / "t.csv", "x,y", [[i % 50, "true" if i % 50 > 25 else "false"] for i in range(200)])
    assert run("train", "t.csv", "--target", "y", "-o", "m", "--epochs", 2, "--positive", "false", cwd=tmp_path).returncode == 0
    (tmp_path / "c.csv").write_text("y,true,false\ntrue,0,5\nfalse,1,0\n")
    for given in (("--costs", "c.csv"), ("--threshold", "true=0.3"), ("--top", "true=10%")):
        assert run("predict", "m", "t.csv", *given, cwd=tmp_path).returncode == 0


def test_costs_without_labels_are_refused(folder):
    lines = (folder / "new.csv").read_text().splitlines()
    (folder / "unlabelled.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines) + "\n")
    for command in ("evaluate", "report"):
        ended = run(command, "m", "unlabelled.csv", "--costs", "costs.csv", cwd=folder)
        assert_refused(ended, 2, "expected the target column with --costs, got a table without (unlabelled.csv); predict --costs decides for such rows")
