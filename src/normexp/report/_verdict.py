"""The numbers in words: can the model be trusted, what is odd about the data, what to do next."""

from dataclasses import dataclass

import numpy as np

from normexp import evaluation as ev
from normexp.evaluation import Difference
from normexp.report._facts import ColumnFacts, Data, Subject, confused_pairs

__all__ = ["Verdict", "next_steps", "verdict", "warnings_of"]

GIVES_AWAY = 0.99
FEW_ROWS = 30
TRUE = "its probabilities can be taken at their word"
MISCALIBRATED = 0.02  # calibration error that its whole interval must exceed


@dataclass(frozen=True)
class Verdict:
    """One sentence, a grade (good, fair or poor) and what stands behind it."""

    sentence: str
    grade: str
    against_shares: Difference
    against_regression: Difference | None
    calibration: str


def verdict(subject: Subject, data: Data) -> Verdict:
    """Better than the class shares? Than a logistic regression? Are the probabilities true?"""
    shares = ev.compare(data.shares, subject.evaluation, ["log_loss"])["log_loss"]
    regression = None if data.regression is None else ev.compare(data.regression, subject.evaluation, ["log_loss"])["log_loss"]
    error, scores = subject.intervals["calibration_error"], subject.scores
    temperature = scores.best_temperature
    calibrated = not error.low > MISCALIBRATED
    calibration = (
        TRUE if calibrated
        else f"its probabilities are too {'bold' if temperature > 1 else 'timid'}" if abs(np.log(temperature)) > 0.05 else "its probabilities are off in places"
    )  # fmt: skip
    seen = "that it had not seen" if data.held_out else f"of {data.name}"
    start = f"The model is right on {scores.accuracy:.1%} of {scores.n_rows:,} rows {seen}"
    if shares.better != "second":
        return Verdict(f"{start}, but no better than always answering the class shares: do not rely on it.", "poor", shares, regression, calibration)
    words = {"second": "better than", "neither": "about as good as", "first": "worse than"}
    against = "" if regression is None else f", {words[regression.better]} a logistic regression"
    grade = "good" if calibrated and (regression is None or regression.better != "first") else "fair"
    return Verdict(f"{start}{against}, {'and' if calibrated else 'but'} {calibration}.", grade, shares, regression, calibration)


def warnings_of(subject: Subject, data: Data, columns: list[ColumnFacts]) -> list[str]:
    """What a user should look at before believing the numbers."""
    evaluation, found = subject.evaluation, list(data.tested.notes)
    counts = np.bincount(evaluation.targets[evaluation.known], minlength=evaluation.n_classes)
    largest = counts.max() / max(counts.sum(), 1)
    for column in columns:
        if column.alone >= GIVES_AWAY and column.alone - largest > 0.02:
            found.append(f"column '{column.name}' alone gives the right answer in {column.alone:.1%} of rows: does it hold the answer, or something known only afterwards?")
        if column.missing > 0.5:
            found.append(f"column '{column.name}' is missing in {column.missing:.0%} of the rows")
    if len(evaluation) < 100:
        found.append(f"only {len(evaluation)} rows to judge by: the intervals are wide, and small differences mean nothing")
    rare = [str(label) for label, n in zip(evaluation.classes.tolist(), counts, strict=True) if 0 < n < FEW_ROWS]
    if rare and len(evaluation) >= 100:
        found.append(f"{_some(rare)}: fewer than {FEW_ROWS} rows each, so what is said of {'it' if len(rare) == 1 else 'them'} is uncertain")
    absent = [str(label) for label, n in zip(evaluation.classes.tolist(), counts, strict=True) if n == 0]
    if absent:
        found.append(f"{_some(absent)}: no rows, so nothing can be said of {'it' if len(absent) == 1 else 'them'}")
    if largest > 0.9 and evaluation.n_classes > 1:
        found.append(f"{largest:.1%} of the rows are of one class: look at log loss and at precision and recall of the others, not at accuracy")
    if subject.scores.n_unknown:
        known = f"{subject.scores.log_loss_known:.4f}"
        found.append(f"{subject.scores.n_unknown} rows have a class that the model does not know: counted as wrong; without them the log loss is {known}")
    if not data.held_out:
        found.append(f"the rows are those of {data.name}: if the model has learnt from them, the scores flatter it")
    return found


def next_steps(subject: Subject, judged: Verdict, columns: list[ColumnFacts]) -> list[str]:
    """What to try, the most promising first."""
    evaluation, found = subject.evaluation, []
    names = [str(label) for label in evaluation.classes.tolist()]
    if any(column.alone >= GIVES_AWAY for column in columns) and subject.scores.accuracy > GIVES_AWAY:
        found.append("Make sure that no column holds the answer; leave one out with --ignore COLUMN and train again.")
    if judged.against_shares.better != "second":
        found.append("The columns say little about the target as they are: look for others that do, or for mistakes in how the table was put together.")
    if judged.against_regression is not None and judged.against_regression.better != "second":
        found.append("A logistic regression does as well: prefer it, it is smaller and easier to explain (normexp train … --hidden none).")
    pairs = confused_pairs(evaluation, 1)
    if pairs and pairs[0][3] > 0.1:
        i, j, n, share = pairs[0]
        found.append(f"'{names[i]}' is taken for '{names[j]}' in {share:.0%} of its rows ({n:.0f}): look at some of them, and for a column that tells the two apart.")
    recall = ev.class_scores(evaluation)
    weak = [k for k in np.argsort(recall.recall, kind="stable") if recall.support[k] > 0 and recall.recall[k] < 0.5]
    if weak:
        few = _some([names[k] for k in weak], 3)
        found.append(f"More rows of {few} would help most: the model finds fewer than half of them. --class-weight balanced gives rare classes more say.")
    if judged.grade != "poor" and judged.calibration != TRUE:
        by = f"{subject.scores.best_temperature:.2f}"
        found.append(f"Dividing the logits by {by} would mend the probabilities on these rows; training on more rows lets the model find that out by itself.")
    found.append("Look at single predictions: normexp explain MODEL TABLE --row N says why, and what would change the answer.")
    found.append("Judge the model again when the world may have moved: normexp report MODEL NEWER_TABLE -o newer.html.")
    return found


def _some(names: list[str], most: int = 5) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return ("classes " if len(names) > 1 else "class ") + shown + (f" and {len(names) - most} more" if len(names) > most else "")
