"""The numbers in words: can the model be trusted, what is odd about the data, what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from normexp import evaluation as ev
from normexp._checks import counted
from normexp.evaluation import Difference, Evaluation
from normexp.report._columns import ColumnFacts
from normexp.report._facts import Data, Subject, confused_pairs

__all__ = ["Verdict", "next_steps", "verdict", "warnings_of"]

GIVES_AWAY = 0.99
FEW_ROWS, TOO_FEW_ROWS = 30, 20
MOST_TO_RANK = 100_000  # rows x classes whose ROC AUC gets an interval: some seconds
WORTH_MENDING = 0.02  # calibration error above what chance alone makes
TRUE = "its probabilities can be taken at their word"


@dataclass(frozen=True)
class Verdict:
    """One sentence or two, a grade (good, fair, poor or none) and what stands behind it."""

    sentence: str
    grade: str
    against_shares: Difference
    against_regression: Difference | None
    calibration: str


def verdict(subject: Subject, data: Data, columns: Sequence[ColumnFacts] = ()) -> Verdict:
    """Better than the class shares? Are its answers better than always the same? Does a column give the answer? Better than a regression? Are the probabilities true?"""
    shares = ev.compare(data.shares, subject.evaluation, ["log_loss"])["log_loss"]
    regression = None if data.regression is None else ev.compare(data.regression, subject.evaluation, ["log_loss"])["log_loss"]
    calibration, scores = calibration_of(subject), subject.scores
    first = _given_away(subject, columns)
    last = f" But {data.n_equal / max(scores.n_rows, 1):.0%} of these rows equal rows that it has learnt from: the numbers flatter it." if data.n_equal else ""
    start = f"The model is right on {scores.accuracy:.1%} of {counted(scores.n_rows, 'row')} {data.seen}"

    def judged(words: str, grade: str) -> Verdict:
        sentence = f"{first}{start}{words}{last}" if grade in ("good", "fair") else start + words
        return Verdict(sentence, grade, shares, regression, calibration)

    if scores.n_rows < TOO_FEW_ROWS:
        return judged(": too few to tell whether it can be trusted.", "none")
    if len(np.unique(subject.evaluation.targets)) == 1:
        return judged(", all of one class: rows of the others are needed to tell whether it can be trusted.", "none")
    if shares.better != "second":
        return judged(", but no better than always answering the class shares: do not rely on it.", "poor")
    words = {"second": "better than", "neither": "about as good as", "first": "worse than"}
    against = "" if regression is None or subject.is_regression else f", {words[regression.better]} a logistic regression"
    if ev.compare(data.largest, subject.evaluation, ["accuracy"])["accuracy"].better != "second":
        return judged(_no_better_than_one_answer(subject, data, against, calibration), "fair")
    good = calibration == TRUE and (regression is None or regression.better != "first" or subject.is_regression) and not (first or last)
    return judged(f"{against}, {'and' if calibration == TRUE else 'but'} {calibration}.", "good" if good else "fair")


def _given_away(subject: Subject, columns: Sequence[ColumnFacts]) -> str:
    """A sentence, if a column alone gives the answer, to come before what the model is said to be worth."""
    telling = [column.name for column in columns if gives_away(column, largest_share(subject))]
    return f"{_columns(telling)} alone give{'s' if len(telling) == 1 else ''} the answer: make sure that it is known beforehand. " if telling else ""


def _no_better_than_one_answer(subject: Subject, data: Data, against: str, calibration: str) -> str:
    """Of a model whose answers are no better than always the same one, though its probabilities are better than the class shares."""
    known, largest = subject.known, int(data.largest.probabilities[0].argmax())
    names = [str(label) for label in known.classes.tolist()]
    never = [names[k] for k in np.unique(known.targets).tolist() if not (known.predicted == k).any()]
    found = f"; it never answers {_some(never)}" if never else ""
    auc = f"rank the rows (ROC AUC {_auc_of(known)})"
    return (f", no more often than always answering '{names[largest]}' would be{found}. Its probabilities say more: they are better than the class shares{against}, "
            f"{auc}, {'and' if calibration == TRUE else 'but'} {calibration.removeprefix('its probabilities ')}. Decide by them, not by its answers.")  # fmt: skip


def _auc_of(known: Evaluation) -> str:
    if len(known) * known.n_classes > MOST_TO_RANK:
        return f"{ev.score(known).roc_auc_macro:.2f}"
    auc = ev.intervals(known, ["roc_auc_macro"])["roc_auc_macro"]
    return f"{auc.estimate:.2f}, {auc.low:.2f} to {auc.high:.2f}"


def calibration_of(subject: Subject) -> str:
    """Off only if the calibration error is above what chance makes in 97.5 % of cases, and by more than 0.02 above its mean: with few rows every error is large."""
    known = subject.known
    error = ev.calibration_error(known)
    if not len(known) or not (error > subject.chance.high and error - subject.chance.mean > WORTH_MENDING):
        return TRUE
    gap = float(np.average(known.confidences - known.correct, weights=known.weights))
    return "its probabilities are off in places" if abs(gap) < error / 2 else f"its probabilities are too {'bold' if gap > 0 else 'timid'}"


def gives_away(column: ColumnFacts, largest: float) -> bool:
    """Does the column alone give the answer, where the largest class has this share?"""
    return column.alone >= GIVES_AWAY and column.alone - largest > 0.02


def largest_share(subject: Subject) -> float:
    counts = np.bincount(subject.known.targets, minlength=subject.known.n_classes)
    return float(counts.max() / max(counts.sum(), 1))


def warnings_of(subject: Subject, data: Data, columns: list[ColumnFacts]) -> list[str]:
    """What a user should look at before believing the numbers."""
    evaluation, found = subject.evaluation, list(data.tested.notes)
    counts, largest = np.bincount(subject.known.targets, minlength=evaluation.n_classes), largest_share(subject)
    for column in columns:
        if gives_away(column, largest):
            found.append(f"column '{column.name}' alone gives the right answer in {column.alone:.1%} of rows: does it hold the answer, or something known only afterwards?")
        if 0.5 < column.missing < 1:
            found.append(f"column '{column.name}' is missing in {column.missing:.0%} of the rows")
    if TOO_FEW_ROWS <= len(evaluation) < 100:
        found.append(f"only {len(evaluation)} rows to judge by: the intervals are wide, and small differences mean nothing")
    rare = [str(label) for label, n in zip(evaluation.classes.tolist(), counts, strict=True) if 0 < n < FEW_ROWS]
    if rare and len(evaluation) >= 100:
        found.append(f"{_some(rare)}: fewer than {FEW_ROWS} rows{' each' if len(rare) > 1 else ''}, so what is said of {'it' if len(rare) == 1 else 'them'} is uncertain")
    absent = [str(label) for label, n in zip(evaluation.classes.tolist(), counts, strict=True) if n == 0]
    if absent:
        found.append(f"{_some(absent)}: no rows, so nothing can be said of {'it' if len(absent) == 1 else 'them'}")
    if 0.9 < largest < 1:
        found.append(f"{largest:.1%} of the rows are of one class: look at log loss and at precision and recall of the others, not at accuracy")
    if subject.scores.n_unknown:
        n, known = counted(subject.scores.n_unknown, "row"), f"{subject.scores.log_loss_known:.4f}"
        found.append(f"{n} of classes that the model does not know: counted as wrong; without them the log loss is {known}")
    return found


def next_steps(subject: Subject, judged: Verdict, columns: list[ColumnFacts]) -> list[str]:
    """What to try, the most promising first."""
    evaluation, found, temperature = subject.evaluation, [], subject.scores.best_temperature
    names = [str(label) for label in evaluation.classes.tolist()]
    if any(gives_away(column, largest_share(subject)) for column in columns):
        found.append("Make sure that no column holds the answer; leave one out with --ignore COLUMN and train again.")
    if judged.grade == "poor":
        found.append("The columns say little about the target as they are: look for others that do, or for mistakes in how the table was put together.")
    elif judged.against_regression is not None and judged.against_regression.better != "second" and not subject.is_regression:
        well = "better" if judged.against_regression.better == "first" else "as well"
        found.append(f"A logistic regression does {well}: prefer it, it is smaller and easier to explain (normexp train … --hidden none).")
    pairs = confused_pairs(evaluation, 1)
    if pairs and pairs[0][3] > 0.1:
        i, j, n, share = pairs[0]
        found.append(f"'{names[i]}' is taken for '{names[j]}' in {share:.0%} of its rows ({n:.0f}): look at some of them, and for a column that tells the two apart.")
    scores = ev.class_scores(evaluation)
    weak = [k for k in np.argsort(scores.recall, kind="stable") if scores.support[k] > 0 and scores.recall[k] < 0.5]
    if weak and judged.grade not in ("poor", "none"):
        few = _some([names[k] for k in weak], 3)
        found.append(f"More rows of {few} would help most: the model finds fewer than half of them.")
        if evaluation.n_classes == 2:
            found.append(f"To find more of {few} with the rows that there are, act from a lower probability on: the table below says what that costs.")
    if judged.grade == "fair" and judged.calibration != TRUE and 0.05 < abs(np.log(temperature)) < 2:
        by = f"{temperature:.2f}"
        found.append(f"Rows like these would be better served with logits divided by {by} (in Python: model.temperature_ *= {by}); training on more rows finds that out by itself.")
    found.append("Look at single predictions: normexp explain MODEL TABLE --row N says why, and what would change the answer.")
    found.append("Judge the model again when the world may have moved: normexp report MODEL NEWER_TABLE -o newer.html.")
    return found


def _columns(names: list[str], most: int = 3) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return f"Column{'s' if len(names) > 1 else ''} {shown}"


def _some(names: list[str], most: int = 5) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return ("classes " if len(names) > 1 else "class ") + shown + (f" and {len(names) - most} more" if len(names) > most else "")
