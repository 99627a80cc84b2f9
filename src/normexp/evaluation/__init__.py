"""How good class probabilities are: an `Evaluation` is computed once, everything else reads it."""

from normexp.evaluation._calibration import ByChance as ByChance
from normexp.evaluation._calibration import LossSplit as LossSplit
from normexp.evaluation._calibration import Reliability as Reliability
from normexp.evaluation._calibration import calibration_by_chance as calibration_by_chance
from normexp.evaluation._calibration import calibration_error as calibration_error
from normexp.evaluation._calibration import classwise_calibration_error as classwise_calibration_error
from normexp.evaluation._calibration import fit_temperature as fit_temperature
from normexp.evaluation._calibration import reliability as reliability
from normexp.evaluation._calibration import split_log_loss as split_log_loss
from normexp.evaluation._evaluation import Evaluation as Evaluation
from normexp.evaluation._evaluation import class_share_evaluation as class_share_evaluation
from normexp.evaluation._evaluation import evaluate as evaluate
from normexp.evaluation._intervals import INTERVAL_SCORES as INTERVAL_SCORES
from normexp.evaluation._intervals import ROW_SCORES as ROW_SCORES
from normexp.evaluation._intervals import Difference as Difference
from normexp.evaluation._intervals import Interval as Interval
from normexp.evaluation._intervals import compare as compare
from normexp.evaluation._intervals import intervals as intervals
from normexp.evaluation._scores import ClassScores as ClassScores
from normexp.evaluation._scores import Scores as Scores
from normexp.evaluation._scores import class_scores as class_scores
from normexp.evaluation._scores import confusion_matrix as confusion_matrix
from normexp.evaluation._scores import score as score
from normexp.evaluation._thresholds import Threshold as Threshold
from normexp.evaluation._thresholds import thresholds as thresholds

__all__ = [
    "ByChance", "ClassScores", "Difference", "Evaluation", "INTERVAL_SCORES", "Interval", "LossSplit", "ROW_SCORES", "Reliability", "Scores", "Threshold",
    "calibration_by_chance", "calibration_error", "class_scores",
    "class_share_evaluation", "classwise_calibration_error", "compare", "confusion_matrix", "evaluate", "fit_temperature", "intervals", "reliability", "score",
    "split_log_loss", "thresholds",
]  # fmt: skip
