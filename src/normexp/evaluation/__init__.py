"""How good class probabilities are: an `Evaluation` is computed once, everything else reads it."""

from normexp.evaluation._best_threshold import best_threshold as best_threshold
from normexp.evaluation._calibration import ByChance as ByChance
from normexp.evaluation._calibration import ClassCalibration as ClassCalibration
from normexp.evaluation._calibration import LossSplit as LossSplit
from normexp.evaluation._calibration import Reliability as Reliability
from normexp.evaluation._calibration import calibration_by_chance as calibration_by_chance
from normexp.evaluation._calibration import calibration_error as calibration_error
from normexp.evaluation._calibration import calibration_of_classes as calibration_of_classes
from normexp.evaluation._calibration import classwise_calibration_error as classwise_calibration_error
from normexp.evaluation._calibration import fit_temperature as fit_temperature
from normexp.evaluation._calibration import reliability as reliability
from normexp.evaluation._calibration import split_log_loss as split_log_loss
from normexp.evaluation._costs import CostReport as CostReport
from normexp.evaluation._costs import Costs as Costs
from normexp.evaluation._costs import costs_of as costs_of
from normexp.evaluation._costs import decision_costs as decision_costs
from normexp.evaluation._evaluation import Evaluation as Evaluation
from normexp.evaluation._evaluation import class_share_evaluation as class_share_evaluation
from normexp.evaluation._evaluation import evaluate as evaluate
from normexp.evaluation._folds import out_of_fold as out_of_fold
from normexp.evaluation._intervals import INTERVAL_SCORES as INTERVAL_SCORES
from normexp.evaluation._intervals import ROW_SCORES as ROW_SCORES
from normexp.evaluation._intervals import Difference as Difference
from normexp.evaluation._intervals import Interval as Interval
from normexp.evaluation._intervals import Sampling as Sampling
from normexp.evaluation._intervals import compare as compare
from normexp.evaluation._intervals import intervals as intervals
from normexp.evaluation._intervals import mean_interval as mean_interval
from normexp.evaluation._intervals import sampling_of as sampling_of
from normexp.evaluation._intervals import share_interval as share_interval
from normexp.evaluation._positive import positive_class as positive_class
from normexp.evaluation._ranking import Ranking as Ranking
from normexp.evaluation._ranking import ranking_of as ranking_of
from normexp.evaluation._scores import ClassScores as ClassScores
from normexp.evaluation._scores import Scores as Scores
from normexp.evaluation._scores import class_scores as class_scores
from normexp.evaluation._scores import confusion_matrix as confusion_matrix
from normexp.evaluation._scores import score as score
from normexp.evaluation._sets import SetScores as SetScores
from normexp.evaluation._sets import set_scores as set_scores
from normexp.evaluation._thresholds import DecisionCurve as DecisionCurve
from normexp.evaluation._thresholds import Gains as Gains
from normexp.evaluation._thresholds import Threshold as Threshold
from normexp.evaluation._thresholds import decision_curve as decision_curve
from normexp.evaluation._thresholds import gains as gains
from normexp.evaluation._thresholds import thresholds as thresholds

__all__ = [
    "ByChance", "ClassCalibration", "ClassScores", "CostReport", "Costs", "DecisionCurve", "Difference", "Evaluation", "Gains", "INTERVAL_SCORES", "Interval",
    "LossSplit", "ROW_SCORES", "Ranking", "Reliability", "Sampling", "Scores", "SetScores", "Threshold", "best_threshold", "calibration_by_chance", "calibration_error",
    "calibration_of_classes",
    "class_scores", "class_share_evaluation", "classwise_calibration_error", "compare", "confusion_matrix", "costs_of", "decision_costs", "decision_curve", "evaluate",
    "fit_temperature", "gains", "intervals", "mean_interval", "out_of_fold", "positive_class", "ranking_of", "reliability", "sampling_of", "score", "set_scores", "share_interval",
    "split_log_loss", "thresholds",
]  # fmt: skip
