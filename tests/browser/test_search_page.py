"""The page of a search in a real browser: fits a phone, readable in the dark, accessible; names are text."""

import sys
from pathlib import Path

import numpy as np
import pytest

import searching
from normexp.experiments import board_of
from normexp.report import write_search

sys.path.insert(0, str(Path(__file__).parent))

from accessibility import assert_accessible, assert_fits


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A search of 80 trials with its model, and one that has only begun."""
    folder = tmp_path_factory.mktemp("search")
    found = searching.session(folder, jobs=2, n_threads=2)
    found.run(n_trials=80)
    ending = found.ending()
    members = [(name, weight) for name, weight, _ in ending.model.out_of_fold.kinds()]
    write_search(folder / "search.html", board_of(found.study.about, found.study.trials()), members, "the best together 0.6 (0.5 to 0.7)", "it flattered itself", "<i>t</i>.csv")
    write_search(folder / "begun.html", board_of(found.study.about, ()))
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 800, 1400])
@pytest.mark.parametrize("name", ["search", "begun"])
def test_pages_fit_and_are_accessible(pages, opened, name, width, scheme):
    shown = opened(pages / f"{name}.html", width, scheme)
    shown.screenshot(f"search-{name}-{width}-{scheme}")
    assert_fits(shown.page)
    assert_accessible(shown.page)


def test_what_the_page_says(pages, opened):
    text = opened(pages / "search.html").page.locator("main").inner_text()
    assert "Search: <i>t</i>.csv" in text
    assert "80 trials; the best alone has a log loss of 0." in text
    for words in ("The course of the search", "The best trials", "Which settings matter", "It flattered itself."):
        assert words in text
    begun = opened(pages / "begun.html").page.locator("main").inner_text()
    assert "0 trials; none has come to its end yet" in begun
    assert np.char.count(begun, "The best trials") == 0
