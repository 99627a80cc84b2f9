"""The page of a search: its course, what matters, the best trials."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from normexp import plots
from normexp._version import __version__
from normexp.experiments import Board, Trial, columns_of, settings_in_words
from normexp.report._figures import drawn
from normexp.report._page import template, write_page

__all__ = ["write_search"]

MOST_TRIALS, MOST_SETTINGS = 20, 6
HEIGHT, WIDTH = 2.5, 3.2


def write_search(path: Path, board: Board, members: Sequence[tuple[str, float]] = (), score: str = "", flattery: str = "", source: str = "") -> None:
    """Write one HTML file of a study.

    `members` are the names and weights of the trials that the model is made of, `score` says what it scored out of fold and `flattery` how that differs from the test; they are
    left out for a study that is only looked at.
    """
    columns, metric = columns_of(board.trials), board.metric
    weights = dict(members)
    page = template("search.html").render(
        version=__version__, title=f"Search: {source}" if source else "Search", board=board, metric=metric, score=score, flattery=flattery, counts=board.counts,
        course=drawn(lambda ax: plots.search_course(columns, metric=metric, ax=ax).set_title("", loc="left"), f"Value of each trial and the best so far, {metric}", 3.4, 6.4),
        families=[_family(board, columns, family, metric) for family in board.families], members=members,
        trials=[(place, trial, settings_in_words(trial, board.start_of(trial)), weights.get(trial.how.name)) for place, trial in enumerate(board.best[:MOST_TRIALS], 1)],
        n_hidden=max(len(board.best) - MOST_TRIALS, 0), spent=board.spent(),
    )  # fmt: skip
    write_page(path, page)


def _family(board: Board, columns: Mapping[str, Any], family: str, metric: str) -> dict[str, Any]:
    """The settings of a family, those that matter most first."""
    shares = sorted(board.importances.get(family, {}).items(), key=lambda one: -one[1])
    best: Trial = next(trial for trial in board.best if trial.how.family == family)
    known = dict.fromkeys(name for trial in board.best if trial.how.family == family for name in trial.settings if name != "family")
    names = [name for name, _ in shares] or list(known)

    def figure_of(name: str) -> str:
        return drawn(lambda ax: plots.search_setting(columns, family, name, metric=metric, ax=ax), f"{metric} of {family} by {name}", HEIGHT, WIDTH)

    figures = [figure_of(name) for name in names[:MOST_SETTINGS]]
    return {"name": family, "shares": shares, "figures": figures, "best": best.value, "n": sum(trial.how.family == family for trial in board.best)}
