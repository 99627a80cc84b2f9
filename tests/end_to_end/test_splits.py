"""Rows that belong together, and rows in time: what is tested on is what the model will meet."""

import json

import pytest
from commands import assert_refused, run

from tabling import CASES

COINS, DRIFT = CASES / "groups-coin-flip.csv", CASES / "drifting-in-time.csv"


def trained(*arguments, cwd):
    ended = run("train", *arguments, "-o", "m.safetensors", "--json", cwd=cwd)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_near_copies_of_a_customer_flatter_and_groups_do_not(tmp_path):
    """200 customers with five rows each, which differ in the third digit; the labels are thrown coins."""
    alone = trained(COINS, "--target", "y", cwd=tmp_path)
    assert alone["split"] == {}
    assert alone["scores"]["accuracy"] > 0.95
    apart = trained(COINS, "--target", "y", "--group", "customer", "--report", "r.html", cwd=tmp_path)
    assert apart["split"] == {"group": "customer", "n_training_groups": 150, "n_test_groups": 50}
    assert 0.3 < apart["scores"]["accuracy"] < 0.7
    page = (tmp_path / "r.html").read_text()
    assert "rows of groups that it had not seen (customer), but no better than always answering the class shares: do not rely on it" in page
    described = json.loads(run("info", "m.safetensors", "--json", cwd=tmp_path).stdout)
    assert "customer" not in [column["name"] for column in described["schema"]["columns"]]


def test_what_holds_today_is_tested_on_what_comes_later(tmp_path):
    """The sign of x changes its meaning half-way through."""
    mixed, later = (trained(DRIFT, "--target", "y", *options, "--report", "r.html", "--force", cwd=tmp_path) for options in (["--ignore", "when"], ["--time", "when"]))
    assert later["split"] == {"time": "when"}
    assert later["n_training_rows"] == 450
    assert later["scores"]["log_loss"] > mixed["scores"]["log_loss"] or later["scores"]["accuracy"] < 0.6
    assert "150 rows later than those that it has learnt from (when)" in (tmp_path / "r.html").read_text()


def test_the_same_seed_gives_the_same_model_and_words_say_how_rows_were_parted(tmp_path):
    models = []
    for threads in (1, 2):
        ended = run("train", COINS, "--target", "y", "--group", "customer", "-o", "m", "--threads", threads, "--epochs", 3, cwd=tmp_path)
        assert ended.stdout.startswith("750 rows of 150 groups (customer) to learn from, 250 of 50 others to test; 2 classes")
        models.append((tmp_path / "m").read_bytes())
    assert models[0] == models[1]
    assert run("train", DRIFT, "--target", "y", "--time", "when", "-o", "t", cwd=tmp_path).stdout.startswith("450 rows to learn from, 150 to test, the last by when;")


@pytest.mark.parametrize(("options", "code", "words"), [
    (["--group", "customer", "--time", "f0"], 2, ["expected --group or --time, got both"]),
    (["--group", "costumer"], 3, ["expected a column named 'costumer' as group", "did you mean 'customer'"]),
    (["--time", "y"], 3, ["expected dates or numbers in column 'y' to order the rows by, got words"]),
    (["--group", "y"], 3, ["expected rows of several groups to hold some out, got one group"]),
])  # fmt: skip
def test_refusals(options, code, words, tmp_path):
    if options == ["--group", "y"]:
        (tmp_path / "one.csv").write_text("a,g,y\n" + "".join(f"{i % 9},same,{'pq'[i % 2]}\n" for i in range(40)))
        assert_refused(run("train", "one.csv", "--target", "y", "--group", "g", "-o", "m", cwd=tmp_path), code, *words)
    else:
        assert_refused(run("train", COINS, "--target", "y", *options, "-o", "m", cwd=tmp_path), code, *words)
    assert not (tmp_path / "m").exists()


def test_every_row_is_tested_once_by_folds(tmp_path):
    ended = run("train", COINS, "--target", "y", "--group", "customer", "--folds", 4, "--epochs", 5, "-o", "m", "--report", "r.html", "--json", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["n_training_rows"], found["scores"]["n_rows"], found["split"]) == (1000, 1000, {"folds": 4, "group": "customer"})
    assert 0.4 < found["scores"]["accuracy"] < 0.6
    page = (tmp_path / "r.html").read_text()
    assert "1,000 rows each tested by a model that had not seen it nor its group" in page
    assert "The model that is saved has learnt from all of these rows." in page
    iris = json.loads(run("train", "example:iris", "--folds", 3, "-o", "i", "--json", cwd=tmp_path).stdout)
    assert (iris["scores"]["n_rows"], iris["scores"]["accuracy"] > 0.9) == (150, True)
    for other in (["--time", "x"], ["--test", "t.csv"], ["--save-test", "t.csv"]):
        assert_refused(run("train", "example:iris", "--folds", 3, *other, "-o", "i", cwd=tmp_path), 2, f"expected --folds, which tests every row, or {other[0]}, got both")


def test_split_makes_the_parts_that_train_makes(tmp_path):
    table = CASES / "customers-german.csv"
    ended = run("split", table, "--target", "churn", "--test-fraction", 0.3, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert run("train", table, "--target", "churn", "--test-fraction", 0.3, "--epochs", 2, "-o", "m", "--save-test", "same.csv", cwd=tmp_path).returncode == 0
    assert (tmp_path / "test.csv").read_text() == (tmp_path / "same.csv").read_text()
    parts = [(tmp_path / name).read_text().splitlines() for name in ("train.csv", "test.csv")]
    assert parts[0][0] == parts[1][0] == "tenure,contract,monthly,total,since,churn"
    n = len(table.read_text().splitlines()) - 1
    assert len(parts[0]) - 1 + len(parts[1]) - 1 == n
    assert len(parts[1]) - 1 == pytest.approx(0.3 * n, abs=1)
    assert_refused(run("split", table, "--target", "churn", cwd=tmp_path), 1, "expected a new file, got 'train.csv', which exists; replace it with --force")
    assert_refused(run("split", table, "--train", "x.csv", "--test", "x.csv", cwd=tmp_path), 2, "expected two files to write to, got 'x.csv' twice")
    assert_refused(run("split", "-", cwd=tmp_path), 2, "expected a file to split, got - (standard input)")
    assert_refused(run("split", table, "--train", "x.txt", cwd=tmp_path), 2, "expected a file of rows that ends in .csv or .parquet")
    assert_refused(run("train", table, "--target", "churn", "-o", "m", "--test-fraction", 0, "--save-test", "x.csv", cwd=tmp_path), 2, "expected rows to test on with --save-test")
