"""Why a model answers what it answers."""

from normexp.explanation._explanation import NO_FLIP as NO_FLIP
from normexp.explanation._explanation import Explanation as Explanation
from normexp.explanation._explanation import explain as explain

__all__ = ["NO_FLIP", "Explanation", "explain"]
