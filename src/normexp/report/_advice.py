"""What is odd about the data, and what to do next."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from normexp import evaluation as ev
from normexp._checks import counted
from normexp.report._baselines import LOGISTIC_REGRESSION
from normexp.report._columns import ColumnFacts
from normexp.report._facts import Data, Subject, confused_pairs
from normexp.report._verdict import TOO_FEW_ROWS, Verdict, are_fine, gives_away, telling
from normexp.report._words import some

__all__ = ["next_steps", "warnings_of"]

FEW_ROWS = 30
RARE, OFTEN_MISSED = 0.1, 0.5
FEWEST_CONFUSED = 10  # rows of a pair of classes, to be worth a look


def warnings_of(subject: Subject, data: Data, judged: Verdict, columns: Sequence[ColumnFacts]) -> list[str]:
    """What a user should look at before believing the numbers."""
    evaluation, found = subject.evaluation, list(data.tested.notes)
    counts = np.bincount(subject.known.targets, minlength=evaluation.n_classes)
    largest = float(counts.max() / max(counts.sum(), 1))
    for column in telling(columns, judged.against_shares):
        of_model = -judged.against_shares.estimate / max(float(data.shares.losses.mean()), 1e-12)
        found.append(f"column '{column.name}' alone gives {column.share:.0%} of what there is to gain over the class shares, the model of all columns {of_model:.0%}: "
                     "does it hold the answer, or something known only afterwards?")  # fmt: skip
    found += [f"column '{column.name}' is missing in {column.missing:.0%} of the rows" for column in columns if 0.5 < column.missing < 1]
    found += _of_few_rows(subject, counts)
    if 0.9 < largest < 1:
        found.append(f"{largest:.1%} of the rows are of one class: look at log loss and at precision and recall of the others, not at accuracy")
    if judged.grade in ("good", "fair"):
        found += _often_missed(subject, counts)
    if subject.scores.n_unknown:
        n, known = counted(subject.scores.n_unknown, "row"), f"{subject.scores.log_loss_known:.4f}"
        found.append(f"{n} of classes that the model does not know: counted as wrong; without them the log loss is {known}")
    return found


def _of_few_rows(subject: Subject, counts: NDArray[np.int64]) -> list[str]:
    evaluation, found = subject.evaluation, []
    if TOO_FEW_ROWS <= len(evaluation) < 100:
        found.append(f"only {len(evaluation)} rows to judge by: the intervals are wide, and small differences mean nothing")
    rare = [str(label) for label, n in zip(evaluation.classes.tolist(), counts, strict=True) if 0 < n < FEW_ROWS]
    if rare:
        found.append(f"{some(rare)}: fewer than {FEW_ROWS} rows{' each' if len(rare) > 1 else ''}, so what is said of {'it' if len(rare) == 1 else 'them'} is uncertain")
    absent = [str(label) for label, n in zip(evaluation.classes.tolist(), counts, strict=True) if n == 0]
    if absent:
        found.append(f"{some(absent)}: no rows, so nothing can be said of {'it' if len(absent) == 1 else 'them'}")
    return found


def _often_missed(subject: Subject, counts: NDArray[np.int64]) -> list[str]:
    """Rare classes of which fewer than half of the rows are found."""
    recall, n = ev.class_scores(subject.evaluation).recall, max(int(counts.sum()), 1)
    missed = [k for k in range(len(counts)) if 0 < counts[k] < RARE * n and recall[k] < OFTEN_MISSED]
    return [f"class '{subject.evaluation.classes[k]}' has {counted(int(counts[k]), 'row')} of {n:,}, of which {round(recall[k] * counts[k])} are found" for k in missed[:3]]


def next_steps(subject: Subject, data: Data, judged: Verdict, columns: Sequence[ColumnFacts]) -> list[str]:
    """What to try, the most promising first."""
    evaluation, temperature = subject.evaluation, subject.scores.best_temperature
    names = [str(label) for label in evaluation.classes.tolist()]
    found = _about_rows(data)
    if any(gives_away(column) for column in telling(columns, judged.against_shares)):
        found.append("Make sure that no column holds the answer; leave one out with --ignore COLUMN and train again.")
    if judged.grade == "none":
        found.append("Test on more rows: normexp report MODEL TABLE with labelled rows that the model has not learnt from.")
    elif judged.grade == "poor":
        found.append("The columns say little about the target as they are: look for others that do, or for mistakes in how the table was put together.")
    else:
        found += _about_baselines(judged)
        found += _about_classes(subject, names)
    if judged.grade == "fair" and not are_fine(judged.calibration) and 0.05 < abs(np.log(temperature)) < 2:
        by = f"{temperature:.2f}"
        found.append(f"Rows like these would be better served with logits divided by {by} (in Python: model.temperature_ *= {by}); training on more rows finds that out by itself.")
    found.append("Look at single predictions: normexp explain MODEL TABLE --row N says why, and what would change the answer.")
    found.append("Judge the model again when newer rows are at hand: normexp report MODEL NEWER_TABLE -o newer.html.")
    return found


def _about_rows(data: Data) -> list[str]:
    if data.known is None or data.known.beyond_chance:
        return ["Judge the model on rows that it has not learnt from: train with --save-test FILE keeps the rows that are held out."]
    if data.n_equal:
        return ["Take each row once with --drop-duplicates, or keep rows of one thing together with --group COLUMN, and train again."]
    if data.copies:
        return [f"Keep rows of one thing together with --group {data.grouping or 'COLUMN'} and train again: the scores are then those of things that it has not seen."]
    return []


def _about_baselines(judged: Verdict) -> list[str]:
    found = []
    for name, difference in judged.against.items():
        if difference.better == "first":
            by = f"better by {difference.low:.3g} to {difference.high:.3g} nats"
            found.append(f"A logistic regression is {by}: use it, it is smaller and easier to explain (normexp train … --hidden none)." if name == LOGISTIC_REGRESSION
                         else f"More is to be had from these columns: boosted trees (scikit-learn's) are {by}.")  # fmt: skip
    return found


def _about_classes(subject: Subject, names: Sequence[str]) -> list[str]:
    evaluation, found = subject.evaluation, []
    pairs = confused_pairs(evaluation, 1)
    if pairs and pairs[0][3] > 0.1 and pairs[0][2] >= FEWEST_CONFUSED and evaluation.n_classes > 2:
        i, j, n, share = pairs[0]
        found.append(f"'{names[i]}' is taken for '{names[j]}' in {share:.0%} of its rows ({n:.0f}): look at some of them, and for a column that tells the two apart.")
    scores = ev.class_scores(evaluation)
    weak = [k for k in np.argsort(scores.recall, kind="stable") if scores.support[k] > 0 and scores.recall[k] < OFTEN_MISSED]
    if weak:
        few = some([names[k] for k in weak], 3)
        found.append(f"The model finds fewer than half of the rows of {few}: more of them to learn from may help.")
        if evaluation.n_classes == 2:
            found.append(f"To find more of {few} with the rows that there are, act from a lower probability on: the table under 'Deciding by the probabilities' "
                         "shows precision and recall at each.")  # fmt: skip
    return found
