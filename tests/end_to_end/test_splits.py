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
