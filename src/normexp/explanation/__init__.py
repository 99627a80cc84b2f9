"""Why a model answers what it answers."""

from normexp.explanation._explanation import NO_FLIP as NO_FLIP
from normexp.explanation._explanation import Explanation as Explanation
from normexp.explanation._explanation import explain as explain
from normexp.explanation._features import features_of as features_of
from normexp.explanation._importance import Importance as Importance
from normexp.explanation._importance import permutation_importance as permutation_importance
from normexp.explanation._splits import Splits as Splits
from normexp.explanation._splits import splits_of as splits_of

__all__ = ["Explanation", "Importance", "NO_FLIP", "Splits", "explain", "features_of", "permutation_importance", "splits_of"]
