"""The first screen of a report says what a statistician would."""

import re

import pytest
from commands import run

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
    sentence = re.search(r'<p class="verdict">(.*?)</p>', rare, re.DOTALL)[1].replace("&#39;", "'")
    assert "no more often than always answering '0' would be" in sentence
    assert re.search(r"rank the rows \(ROC AUC 0\.\d\d, 0\.\d\d to 0\.\d\d\)", sentence)
    assert "can be taken at their word. Decide by them, not by its answers." in sentence


def test_what_other_thresholds_would_give_is_there(rare):
    assert "If the likeliest are called <bdi>1</bdi>" in rare
    assert "act from a lower probability on" in rare
    assert "--class-weight balanced" not in re.sub(r"<[^>]+>", "", rare)
