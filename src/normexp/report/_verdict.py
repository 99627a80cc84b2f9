"""Can the model be trusted? One sentence or two, and a grade that follows the worst of what is found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from normexp import evaluation as ev
from normexp._checks import counted
from normexp.evaluation import Difference, Evaluation
from normexp.report._baselines import LOGISTIC_REGRESSION
from normexp.report._columns import ColumnFacts
from normexp.report._facts import Data, Subject
from normexp.report._words import columns_named, comparisons, some

__all__ = ["Verdict", "are_fine", "gives_away", "telling", "verdict"]

TOO_FEW_ROWS = 20
WORTH_HAVING = 0.1  # of the loss of the class shares: a gain that few rows may hide
NEAR = 0.9  # of the model's gain: a column that alone says as much
WHOLE = 0.9  # of the loss of the class shares: a column that gives the answer
MUCH_BETTER = 0.25  # of its gain, or of the loss that the model leaves: a baseline that is worth having instead
FOUND_OF_OTHERS = 0.5  # mean recall of the classes that are not the largest
NEVER_ANSWERED = 10  # rows of a class
WORTH_MENDING, WORTH_MENDING_OF_SHARE = 0.03, 0.3  # calibration error above what chance alone makes, at most that much of the class's share
FEW_EQUAL = 0.05  # share of rows that equal rows learnt from: fewer are named in the output, and flatter little
UNKNOWN = 0.01  # share of rows of classes that the model does not know
TRUE = "its probabilities can be taken at their word"
UNTOLD = "nothing speaks against its probabilities"  # but that is not much
WEAK_TEST = 0.15  # calibration error that chance may make: a test of so few rows would miss what matters


@dataclass(frozen=True)
class Verdict:
    """One sentence or two, a grade (good, fair, poor or none) and what stands behind it; `against` by name of the baseline."""

    sentence: str
    grade: str
    against_shares: Difference
    against: dict[str, Difference]
    calibration: str


def verdict(subject: Subject, data: Data, columns: Sequence[ColumnFacts] = ()) -> Verdict:
    """Are the rows unseen? Is it better than the class shares and than any column alone? What does it never answer? Are its probabilities true? Is more to be had?

    Better than the class shares is what is surely better in log loss, or in the Brier score or the share of right answers, which are bounded: of few rows a single large loss
    may hide what the others tell.
    """
    shares = _log_loss(data, data.shares, subject)
    against = {name: _log_loss(data, one, subject) for name, one in data.baselines.items() if not (subject.is_regression and name == LOGISTIC_REGRESSION)}
    calibration, scores = calibration_of(subject), subject.scores
    start = f"The model is right on {scores.accuracy:.1%} of {counted(scores.n_rows, 'row')} {data.seen}"

    def judged(words: str, grade: str) -> Verdict:
        first = _given_away(columns, shares) if grade in ("good", "fair") else ""
        last = _known_already(data, subject) if grade != "poor" else ""
        words = "." if any(map(gives_away, telling(columns, shares))) and first else words  # nothing else that could be said counts
        return Verdict(f"{first}{start}{words}{last}", "fair" if grade == "good" and (first or last) else grade, shares, against, calibration)

    if scores.n_rows < TOO_FEW_ROWS:
        return judged(": too few to tell whether it can be trusted.", "none")
    if len(np.unique(subject.evaluation.targets)) == 1:
        return judged(", all of one class: rows of the others are needed to tell whether it can be trusted.", "none")
    if shares.better != "second" and not _knows_something(subject, data):
        if shares.low < -WORTH_HAVING * data.shares.losses.mean():
            return judged(": too few rows to tell whether it is better than always answering the class shares.", "none")
        return judged(", but no better than always answering the class shares: do not rely on it.", "poor")
    if shares.estimate >= 0:
        few = ", better than always answering the same, but a few rows that it is far too sure of make its log loss no better than that of the class shares"
        return judged(f"{few}: do not take its probabilities at their word.", "fair")
    words, never = comparisons(against), some(never_answered(subject))
    if not _answers_say_something(subject, data):
        return judged(_no_better_than_one_answer(subject, data, words, calibration), "fair")
    beaten = any(_is_much_better(one, shares, scores.log_loss) for one in against.values())
    never = f"; it never answers {never}" if never else ""
    return judged(f"{words}, {'and' if are_fine(calibration) else 'but'} {calibration}{never}.", "good" if are_fine(calibration) and not never and not beaten else "fair")


def are_fine(calibration: str) -> bool:
    """Is nothing known against the probabilities?"""
    return calibration == TRUE or calibration.startswith(UNTOLD)


def _log_loss(data: Data, other: Evaluation, subject: Subject) -> Difference:
    return ev.compare(other, subject.evaluation, ["log_loss"], drawn_from=data.drawn_from)["log_loss"]


def _knows_something(subject: Subject, data: Data) -> bool:
    """Is it surely better in the Brier score than the class shares, or right more often than always the most frequent class?"""
    found = [ev.compare(other, subject.evaluation, [name], drawn_from=data.drawn_from)[name] for name, other in (("brier", data.shares), ("accuracy", data.largest))]
    return "second" in [difference.better for difference in found]


def _is_much_better(against: Difference, shares: Difference, loss: float) -> bool:
    """Is a baseline surely better than the model, by a share of what it gains over the class shares, or of the loss that the model leaves?"""
    return against.better == "first" and against.estimate > MUCH_BETTER * min(against.estimate - shares.estimate, loss)


def telling(columns: Sequence[ColumnFacts], shares: Difference) -> list[ColumnFacts]:
    """The columns that alone say as much as the model of all of them: they give nearly all of the answer, or the model is not surely better."""
    if len(columns) < 2 or not shares.estimate < 0:
        return []
    return [one for one in columns if one.gain.low > 0 and one.gain.estimate >= NEAR * -shares.estimate
            and (gives_away(one) or (one.against is not None and one.against.better != "second"))]  # fmt: skip


def gives_away(column: ColumnFacts) -> bool:
    return column.share >= WHOLE


def _given_away(columns: Sequence[ColumnFacts], shares: Difference) -> str:
    """A sentence, if a column alone gives the answer or says as much as the model, to come before what the model is said to be worth."""
    found = telling(columns, shares)
    whole = [column.name for column in found if gives_away(column)]
    if whole:
        return f"{columns_named(whole)} alone give{'s' if len(whole) == 1 else ''} the answer: make sure that it is known beforehand. "
    names = [column.name for column in found]
    return f"{columns_named(names)} alone do{'es' if len(names) == 1 else ''} about as well as the model: make sure that it is known beforehand. " if names else ""


def _known_already(data: Data, subject: Subject) -> str:
    """A sentence, if rows are known to the model or may be, or their classes are not, to come after what it is said to be worth."""
    n = max(len(subject.evaluation), 1)
    if subject.scores.n_unknown > UNKNOWN * subject.scores.n_rows:
        return f" But {subject.scores.n_unknown / subject.scores.n_rows:.0%} of these rows are of classes that it does not know, of which its probabilities say nothing."
    if data.known is None:
        return " But the model has no fingerprint to tell by: make sure that it has not learnt from these rows."
    if data.known.beyond_chance:
        return f" But {data.known.share:.0%} of these rows are rows that it has learnt from: the numbers flatter it."
    if data.n_equal > FEW_EQUAL * n:
        others = subject.evaluation.take(~data.equal) if data.equal is not None else subject.evaluation
        right = f"; on the others it is right on {np.average(others.correct, weights=others.weights):.1%}" if len(others) >= TOO_FEW_ROWS and others.masses.any() else ""
        return f" But {data.n_equal / n:.0%} of these rows equal rows that it has learnt from: the numbers flatter it{right}."
    if data.copies:
        cure = f"; rows of one '{data.grouping}' look alike, so keep them together with --group" if data.grouping else ""
        return f" But {data.copies:.0%} of these rows look like copies of rows that it has learnt from: the numbers flatter it{cure}."
    return ""


def never_answered(subject: Subject) -> list[str]:
    """Classes with some rows that no row was given."""
    known = subject.known
    counts = np.bincount(known.targets, minlength=known.n_classes)
    return [str(known.classes[k]) for k in np.flatnonzero(counts >= NEVER_ANSWERED) if not (known.predicted == k).any()]


def _answers_say_something(subject: Subject, data: Data) -> bool:
    """Are its answers surely right more often than always the same one would be? Or as often, with half of the rows of the other classes found?

    With class weights, right rows count as much as their class does.
    """
    weights, evaluation, largest = subject.model.class_weights, subject.evaluation, data.largest
    if weights is not None:
        masses = evaluation.masses * np.where(evaluation.known, weights[evaluation.targets], 1)
        evaluation, largest = (replace(one, weights=masses) for one in (evaluation, data.shares.under(np.eye(len(weights))[(data.shares.probabilities[0] * weights).argmax()])))
    found = ev.compare(largest, evaluation, ["accuracy"], drawn_from=data.drawn_from)["accuracy"]
    scores, same = ev.class_scores(subject.known), int(largest.predicted[0])
    others = [k for k in np.flatnonzero(scores.support) if k != same]
    return found.better == "second" or (found.better == "neither" and found.estimate >= 0 and float(scores.recall[others].mean()) >= FOUND_OF_OTHERS)


def _no_better_than_one_answer(subject: Subject, data: Data, against: str, calibration: str) -> str:
    """Of a model whose answers are no better than always the same one, though its probabilities are better than the class shares."""
    known, largest = subject.known, int(data.largest.probabilities[0].argmax())
    names = [str(label) for label in known.classes.tolist()]
    recall, present = ev.class_scores(known).recall, [k for k in np.unique(known.targets).tolist() if k != largest]
    never = some([names[k] for k in present if not (known.predicted == k).any()])
    seldom = [f"finds {recall[k]:.0%} of class '{names[k]}'" for k in present if (known.predicted == k).any() and recall[k] < FOUND_OF_OTHERS]
    said = "; it " + " and ".join([*([f"never answers {never}"] if never else []), *seldom[:2]]) if never or seldom else ""
    return (f", no more often than always answering '{names[largest]}' would be{said}. Its probabilities say more: they are better than "
            f"the class shares{against}, rank the rows (ROC AUC {_auc_of(known, data)}), {'and' if are_fine(calibration) else 'but'} "
            f"{calibration.removeprefix('its probabilities ')}. Decide by them, not by its answers.")  # fmt: skip


def _auc_of(known: Evaluation, data: Data) -> str:
    auc = ev.intervals(known, ["roc_auc_macro"], drawn_from=data.drawn_from)["roc_auc_macro"]
    return f"{auc.estimate:.2f}" + (f", {auc.low:.2f} to {auc.high:.2f}" if np.isfinite(auc.low) else "")


def calibration_of(subject: Subject) -> str:
    """Off only if the calibration error is above what chance alone makes in 99.5 % of cases, and by more than 0.03 above its mean: with few rows every error is large.

    First that of the predicted class, then that of each class (of two the positive one) over its own range, where less is enough for a rare class, and the chance of a
    false alarm is shared among them.
    """
    known = subject.known
    error = ev.calibration_error(known)
    if len(known) and error > subject.chance.surely and error - subject.chance.mean > WORTH_MENDING:
        gap = float(np.average(known.confidences - known.correct, weights=known.weights))
        return "its probabilities are off in places" if abs(gap) < error / 2 else f"its probabilities are too {'bold' if gap > 0 else 'timid'}"
    off = []
    for k, found in zip(known.ranked_classes, subject.calibration_of_classes, strict=True):
        share = float(np.average(known.targets == k, weights=known.masses))
        if found.error > found.high and found.error - found.by_chance > min(WORTH_MENDING, WORTH_MENDING_OF_SHARE * max(share, 1e-12)):
            off.append((str(known.classes[k]), "off" if abs(found.excess) < found.error / 2 else f"too {'high' if found.excess > 0 else 'low'}"))
    if not off:
        return TRUE if subject.chance.high <= WEAK_TEST else f"{UNTOLD}, though by chance alone so few rows have calibration errors of up to {subject.chance.high:.0%}"
    kinds = {kind for _, kind in off}
    return f"its probabilities of {some([name for name, _ in off], 3)} are {kinds.pop() if len(kinds) == 1 else 'off'}"
