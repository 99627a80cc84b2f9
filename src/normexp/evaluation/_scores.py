"""The scores of an evaluation, and of each of its classes."""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation._calibration import calibration_error, classwise_calibration_error, split_log_loss
from normexp.evaluation._counting import counts_of_classes, in_top_k, ratio
from normexp.evaluation._evaluation import Evaluation
from normexp.evaluation._ranking import ranking, ranking_of

__all__ = ["ClassScores", "Scores", "class_scores", "confusion_matrix", "score"]

RANKING_SCORES = ("roc_auc_macro", "roc_auc_micro", "average_precision_macro", "average_precision_micro")


@dataclass(frozen=True)
class Scores:
    """How good the probabilities are; all NaN for no rows. Rows of weight 0 do not count.

    accuracy and balanced_accuracy (mean recall of the classes that are there) are shares; log_loss is in nats, brier is summed over classes, 0 to 2. calibration_error is of
    the predicted class, classwise_calibration_error the mean over classes, both over 15 bins of equal mass. log_loss of the known classes = refinement + calibration,
    the latter vanishing at the best temperature. roc_auc and average_precision are those of each class against the rest, averaged over the classes that are there
    (macro; for two classes, of the positive one) or over all pairs of row and class (micro). top_3_accuracy is NaN for three classes or fewer. n_unknown rows have a class
    that the model does not know; they count as wrong in accuracy, log_loss, brier, calibration errors and
    top_3_accuracy; log_loss_known, balanced_accuracy, refinement, calibration and the ranking scores leave them out.
    """

    accuracy: float
    log_loss: float
    brier: float
    calibration_error: float
    n_rows: int
    balanced_accuracy: float = float("nan")
    classwise_calibration_error: float = float("nan")
    refinement: float = float("nan")
    calibration: float = float("nan")
    best_temperature: float = float("nan")
    roc_auc_macro: float = float("nan")
    roc_auc_micro: float = float("nan")
    average_precision_macro: float = float("nan")
    average_precision_micro: float = float("nan")
    top_3_accuracy: float = float("nan")
    n_unknown: int = 0
    log_loss_known: float = float("nan")

    def __str__(self) -> str:
        return "\n".join(f"{field.name.replace('_', ' '):28} {getattr(self, field.name):.6g}" for field in fields(self))


def score(evaluation: Evaluation) -> Scores:
    """All scores of an evaluation; those that scikit-learn has are the same as its own.

    Examples
    --------
    >>> evaluation = Evaluation(np.array(["cat", "dog"]), [0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    >>> round(score(evaluation).log_loss, 4), score(evaluation).roc_auc_macro
    (0.4149, 1.0)
    """
    nan, evaluation = float("nan"), evaluation.counted
    if not len(evaluation):
        return Scores(nan, nan, nan, nan, n_rows=0)
    seen = evaluation.take(evaluation.known)
    split, ranked = split_log_loss(evaluation), _ranking_scores(seen) if len(seen) else dict.fromkeys(RANKING_SCORES, nan)
    return Scores(
        accuracy=_mean(evaluation.correct, evaluation), log_loss=_mean(evaluation.losses, evaluation), brier=_mean(evaluation.briers, evaluation),
        calibration_error=calibration_error(evaluation), n_rows=len(evaluation), balanced_accuracy=_balanced_accuracy(evaluation),
        classwise_calibration_error=classwise_calibration_error(evaluation), refinement=split.refinement, calibration=split.calibration,
        best_temperature=split.temperature, **ranked, top_3_accuracy=_top_k_accuracy(evaluation, 3), n_unknown=len(evaluation) - len(seen),
        log_loss_known=_mean(seen.losses, seen) if len(seen) else nan,
    )  # fmt: skip


def _mean(values: NDArray[Any], evaluation: Evaluation) -> float:
    return float(np.average(values, weights=evaluation.weights))


def _balanced_accuracy(evaluation: Evaluation) -> float:
    by_class = class_scores(evaluation)
    return float(by_class.recall[by_class.support > 0].mean()) if (by_class.support > 0).any() else float("nan")


def _top_k_accuracy(evaluation: Evaluation, k: int) -> float:
    seen = evaluation.take(evaluation.known)
    if evaluation.n_classes <= k or not len(seen):
        return float("nan") if evaluation.n_classes <= k else 0.0
    found = np.average(in_top_k(seen.targets, seen.probabilities, k), weights=seen.weights)
    return float(found * seen.masses.sum() / evaluation.masses.sum())


def _ranking_scores(seen: Evaluation) -> dict[str, float]:
    nan, truth = float("nan"), seen.targets[:, None] == np.arange(seen.n_classes)
    by_class, over_all = ranking_of(seen), ranking(seen.probabilities.ravel(), truth.ravel(), np.repeat(seen.masses, seen.n_classes))
    areas, averages = ((nan if by_class is None else getattr(by_class, name), getattr(over_all, name)) for name in ("area", "average_precision"))
    return dict(zip(RANKING_SCORES, (*areas, *averages), strict=True))


class ClassScores(NamedTuple):
    """One entry a class: precision, recall and F1 (0 where undefined), and the weight of its rows."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.float64]


def class_scores(evaluation: Evaluation) -> ClassScores:
    """Precision, recall, F1 and support of each class, as scikit-learn has them."""
    if not len(evaluation):
        return ClassScores(*np.zeros((4, evaluation.n_classes)))
    hits, answers, rows = counts_of_classes(evaluation.targets, evaluation.predicted, evaluation.n_classes, evaluation.weights)
    return ClassScores(ratio(hits, answers), ratio(hits, rows), ratio(2.0 * hits, rows.astype(np.float64) + answers), rows)


def confusion_matrix(evaluation: Evaluation) -> NDArray[Any]:
    """Rows (or their weight) of each class, by the class that was predicted; shape (n_classes, n_classes), true classes down. Unknown classes are left out."""
    from sklearn.metrics import confusion_matrix as sklearns

    if not evaluation.known.any():
        return np.zeros((evaluation.n_classes, evaluation.n_classes), np.int64)
    matrix: NDArray[Any] = sklearns(evaluation.targets, evaluation.predicted, labels=np.arange(evaluation.n_classes), sample_weight=evaluation.weights)
    return matrix
