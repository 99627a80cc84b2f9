"""The first screen of a report says what a statistician would."""

import csv
import json
import re

import numpy as np
import pytest
from commands import run, said

from tabling import CASES


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    """6 % of the rows are of class 1: a model that is right on 93 % has said nothing of them."""
    folder = tmp_path_factory.mktemp("rare")
    ended = run("train", CASES / "rare-class.csv", "--target", "event", "-o", "m", "--report", "r.html", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return (folder / "r.html").read_text()


def test_answers_that_are_no_better_than_one_answer_are_no_good(rare):
    assert '<header class="fair">' in rare
    sentence = re.search(r'<p class="verdict[^"]*">(.*?)</p>', rare, re.DOTALL)[1].replace("&#39;", "'")
    assert "no more often than always answering '0' would be" in sentence
    assert re.search(r"rank the rows \(ROC AUC 0\.\d\d, 0\.\d\d to 0\.\d\d\)", sentence)
    assert "can be taken at their word. Decide by them, not by its answers." in sentence


def test_what_other_thresholds_would_give_is_there(rare):
    assert "If the likeliest are called <bdi>1</bdi>" in rare
    assert "act from a lower probability on" in rare
    assert "--class-weight balanced" not in re.sub(r"<[^>]+>", "", rare)


def test_a_column_that_holds_the_answer_is_in_the_headline(tmp_path):
    """closed_on has a date where the customer has left, and none where not."""
    assert run("train", CASES / "answer-column-and-ids.csv", "--target", "churn", "-o", "m", "--report", "r.html", cwd=tmp_path).returncode == 0
    page = (tmp_path / "r.html").read_text()
    assert '<header class="fair">' in page
    assert "Column &#39;closed_on&#39; alone gives the answer: make sure that it is known beforehand. The model is right on 100.0% of 100 rows" in page


def test_rows_that_are_known_already_are_counted_and_named(tmp_path):
    """150 rows with coin-flip labels, each of them four times."""
    train = ("train", CASES / "duplicate-rows.csv", "--target", "y", "-o", "m", "--report", "r.html")
    ended = run(*train, "--json", cwd=tmp_path)
    assert said(ended) == ["150 of 150 rows to test on (100%) equal a row to learn from: the scores flatter the model; --drop-duplicates takes each row once, "
                           "--group COLUMN keeps rows of one thing together"]  # fmt: skip
    assert json.loads(ended.stdout)["n_equal_rows"] == 150
    page = (tmp_path / "r.html").read_text()
    assert '<header class="fair">' in page
    assert "But 100% of these rows equal rows that it has learnt from: the numbers flatter it." in page
    ended = run(*train, "--drop-duplicates", "--json", cwd=tmp_path)
    assert said(ended) == ["450 rows that equal an earlier one dropped"]
    once = json.loads(ended.stdout)
    assert (once["n_training_rows"] + once["scores"]["n_rows"], once["n_equal_rows"]) == (150, 0)
    assert 0.25 < once["scores"]["accuracy"] < 0.75
    assert '<header class="poor">' in (tmp_path / "r.html").read_text()


def test_a_test_table_of_training_rows_is_told_from_one(tmp_path):
    lines = (CASES / "rare-class.csv").read_text().splitlines(keepends=True)
    for name, rows in (("learn.csv", lines[1:3001]), ("known.csv", lines[2001:3001]), ("new.csv", lines[3001:4001])):
        (tmp_path / name).write_text("".join([lines[0], *rows]))
    notes = {name: said(run("train", "learn.csv", "--target", "event", "--epochs", 1, "-o", "m", "--test", name, cwd=tmp_path)) for name in ("known.csv", "new.csv")}
    assert notes == {"known.csv": ["1000 of 1000 rows to test on (100%) equal a row to learn from: the scores flatter the model; leave them out of known.csv"], "new.csv": []}


def test_equal_rows_of_few_categories_are_chance(tmp_path):
    cells = [(a, b, c) for a in "pq" for b in "uvw" for c in "xy"]
    (tmp_path / "t.csv").write_text("a,b,c,y\n" + "".join(f"{','.join(cells[i * 7 % 12])},{'no' if i % 3 else 'yes'}\n" for i in range(400)))
    assert said(run("train", "t.csv", "--target", "y", "-o", "m", "--epochs", 2, cwd=tmp_path)) == []


def headline(page):
    return re.search(r'<p class="verdict[^"]*">(.*?)</p>', page, re.DOTALL)[1].replace("&#39;", "'")


def test_near_copies_are_named_and_so_is_the_column_that_groups_them(tmp_path):
    train = ("train", CASES / "groups-coin-flip.csv", "--target", "y", "-o", "m", "--report", "r.html", "--json")
    ended = run(*train, cwd=tmp_path)
    (note,) = said(ended)
    assert note == ("100% of the rows to test on look like copies of rows to learn from: the scores flatter the model; "
                    "rows of one 'customer' look alike: keep them together with --group")  # fmt: skip
    page = (tmp_path / "r.html").read_text()
    assert '<header class="good">' not in page
    assert "But 100% of these rows look like copies of rows that it has learnt from: the numbers flatter it; rows of one 'customer' look alike" in headline(page)
    assert "--group</span> customer" in page
    grouped = run(*train, "--group", "customer", cwd=tmp_path)
    assert said(grouped) == []
    assert 0.35 < json.loads(grouped.stdout)["scores"]["accuracy"] < 0.65
    assert '<header class="good">' not in (tmp_path / "r.html").read_text()


def test_class_weights_move_answers_and_nothing_else(tmp_path):
    train = ("train", CASES / "rare-class.csv", "--target", "event", "-o", "m", "--report", "r.html", "--save-test", "new.csv", "--json")
    plain = json.loads(run(*train, cwd=tmp_path).stdout)["scores"]
    weighted = json.loads(run(*train, "--class-weight", "balanced", cwd=tmp_path).stdout)["scores"]
    assert weighted["roc_auc_macro"] == pytest.approx(plain["roc_auc_macro"], abs=0.02)
    assert weighted["log_loss"] == pytest.approx(plain["log_loss"], abs=0.01)
    assert weighted["balanced_accuracy"] > plain["balanced_accuracy"] + 0.15
    assert '<header class="poor">' not in (tmp_path / "r.html").read_text()
    ended = run("predict", "m", "new.csv", cwd=tmp_path)
    rows = list(csv.DictReader(ended.stdout.splitlines()))
    p = [float(row["probability_1"]) for row in rows]
    assert sum(p) / len(p) == pytest.approx(0.064, abs=0.015)
    assert sum(row["prediction"] == "1" for row in rows) > 3 * sum(value > 0.5 for value in p)


def test_what_has_changed_in_time_is_shown(tmp_path):
    ended = run("train", CASES / "drifting-in-time.csv", "--target", "y", "--time", "when", "-o", "m", "--report", "r.html", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "r.html").read_text()
    assert "What has changed since the rows that it learnt from" in page
    assert "1 of 1 column has surely changed:" in page
    assert "later than those that it has learnt from (when)" in headline(page)
    assert '<header class="good">' not in page


def test_rows_of_classes_that_are_not_known_keep_a_page_from_green(tmp_path):
    assert run("train", "example:blobs", "-o", "m", "--epochs", 30, "--save-test", "new.csv", cwd=tmp_path).returncode == 0
    lines = (tmp_path / "new.csv").read_text().splitlines()
    strange = [line.rpartition(",")[0] + ",another" for line in lines[1:51]]
    (tmp_path / "strange.csv").write_text("\n".join([*lines, *strange]) + "\n")
    for name, grade in (("new.csv", "good"), ("strange.csv", "fair")):
        assert run("report", "m", name, "-o", "r.html", cwd=tmp_path).returncode == 0
        page = (tmp_path / "r.html").read_text()
        assert f'<header class="{grade}">' in page
    assert "But 17% of these rows are of classes that it does not know, of which its probabilities say nothing." in headline(page)


def test_a_model_without_a_fingerprint_gets_no_green_page_on_rows_that_may_be_its_own(tmp_path):
    assert run("train", "example:blobs", "-o", "m", "--epochs", 30, "--no-fingerprint", cwd=tmp_path).returncode == 0
    assert run("report", "m", "example:blobs", "-o", "r.html", cwd=tmp_path).returncode == 0
    page = (tmp_path / "r.html").read_text()
    assert '<header class="fair">' in page
    assert "But the model has no fingerprint to tell by: make sure that it has not learnt from these rows." in headline(page)


def test_empty_columns_and_weights_of_noise(tmp_path):
    """A column without a cell stops no page; noise is not better than the class shares where these are weighted as the rows are."""
    rng = np.random.default_rng(0)
    rows = [f"{rng.normal():.3f},,{'yes' if rng.random() < 0.5 else 'no'}" for _ in range(400)]
    weighted = [f"{row},{8 if row.endswith('yes') else 1}" for row in rows]
    (tmp_path / "t.csv").write_text("x,empty,y,w\n" + "\n".join(weighted) + "\n")
    ended = run("train", "t.csv", "--target", "y", "--weight", "w", "-o", "m", "--report", "r.html", "--save-test", "new.csv", "--json", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert re.search('<header class="(poor|none)">', (tmp_path / "r.html").read_text())
    found = json.loads(ended.stdout)
    assert found["class_share_scores"]["log_loss"] < found["scores"]["log_loss"] + 0.01
    again = json.loads(run("evaluate", "m", "new.csv", "--weight", "w", "--json", cwd=tmp_path).stdout)
    assert again["scores"]["log_loss"] == pytest.approx(found["scores"]["log_loss"], rel=1e-6)


def test_baselines_of_whole_groups_have_not_seen_them_either(tmp_path):
    ended = run("train", CASES / "groups-coin-flip.csv", "--target", "y", "--group", "customer", "--folds", 5, "--epochs", 3, "-o", "m", "--report", "r.html", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    (accuracy, *_), (other, *_) = (re.findall(rf"<dt>{name}</dt><dd>([0-9.]+)%", (tmp_path / "r.html").read_text()) for name in ("boosted trees", "logistic regression"))
    assert 35 < float(accuracy) < 65
    assert 35 < float(other) < 65
