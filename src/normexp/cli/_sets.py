"""Prediction sets on the command line: the options, and what they give."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from normexp.evaluation import Evaluation
    from normexp.model import Model

__all__ = ["coverage_as_data", "coverage_options", "print_coverage", "set_thresholds_of", "set_words"]

COVERAGE = "Also the classes that a row may well be: of rows like those of the training about this share have their true class among them, such as 0.9."


def coverage_options(command: Callable[..., Any]) -> Callable[..., Any]:
    by_class = click.option("--by-class", is_flag=True, help="With --coverage: the same promise for the rows of every class with rows enough.")
    coverage = click.option("--coverage", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="SHARE", help=COVERAGE)
    decorated: Callable[..., Any] = coverage(by_class(command))
    return decorated


def set_thresholds_of(model: "Model", coverage: float | None, by_class: bool) -> "NDArray[np.float64] | None":
    """The probability from which on each class is in a set; None where no coverage was asked for."""
    if coverage is None:
        if by_class:
            raise click.UsageError("expected --by-class with --coverage, got it alone; say --coverage 0.9")
        return None
    from normexp.errors import DataError
    from normexp.model import set_thresholds

    try:
        return set_thresholds(model.held_out, coverage, by_class=by_class)
    except ValueError as error:
        raise DataError(str(error)) from error


def set_words(model: "Model", probabilities: "NDArray[Any]", thresholds: "NDArray[np.float64]") -> "NDArray[Any]":
    """The labels of each row's set with | between them."""
    import numpy as np

    from normexp.model import prediction_sets

    labels, found = np.array([str(label) for label in model.classes.tolist()], object), np.empty(len(probabilities), object)
    for i, row in enumerate(prediction_sets(probabilities, thresholds)):
        found[i] = "|".join(labels[row])
    return found


def print_coverage(model: "Model", evaluation: "Evaluation", coverage: float, thresholds: "NDArray[np.float64]") -> None:
    """What was asked for and what came, over all rows and in the class that comes off worst."""
    from normexp.cli._console import echo

    found = coverage_as_data(model, evaluation, coverage, thresholds)
    least = min(((share, label) for label, share in found["by_class"].items() if share is not None), default=None)
    echo(f"prediction sets: {coverage:.4g} asked for; the truth is in {found['coverage']:.1%} of them ({found['coverage_low']:.1%} to {found['coverage_high']:.1%}); "
         f"{found['size']:.3g} classes each ({found['size_low']:.3g} to {found['size_high']:.3g})"
         + (f"; least for class '{least[1]}', {least[0]:.1%}" if least is not None and len(found["by_class"]) > 1 else ""))  # fmt: skip


def coverage_as_data(model: "Model", evaluation: "Evaluation", coverage: float, thresholds: "NDArray[np.float64]") -> dict[str, Any]:
    import math

    from normexp.evaluation import set_scores
    from normexp.model import prediction_sets

    found = set_scores(evaluation, prediction_sets(evaluation.probabilities, thresholds))
    by_class = {str(label): None if math.isnan(share) else float(share) for label, share in zip(model.classes.tolist(), found.by_class, strict=True)}
    return {
        "asked": coverage, "coverage": found.coverage.estimate, "coverage_low": found.coverage.low, "coverage_high": found.coverage.high,
        "size": found.size.estimate, "size_low": found.size.low, "size_high": found.size.high, "by_class": by_class,
    }  # fmt: skip
