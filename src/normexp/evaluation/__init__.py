"""How good class probabilities are."""

from normexp.evaluation._scores import Scores as Scores
from normexp.evaluation._scores import calibration_error as calibration_error
from normexp.evaluation._scores import class_share_scores as class_share_scores
from normexp.evaluation._scores import score as score

__all__ = ["Scores", "calibration_error", "class_share_scores", "score"]
