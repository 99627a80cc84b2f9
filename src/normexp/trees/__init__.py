"""The tree engine: boosted symmetric trees that end in a softmax, one tree a round for all classes."""

from normexp.trees._bins import MOST_BINS as MOST_BINS
from normexp.trees._bins import Bins as Bins
from normexp.trees._fit import MOST_DEPTH as MOST_DEPTH
from normexp.trees._fit import Boosting as Boosting
from normexp.trees._fit import Fitted as Fitted
from normexp.trees._fit import fit as fit
from normexp.trees._fit import fit_binned as fit_binned
from normexp.trees._forest import Forest as Forest
from normexp.trees._forest import n_outputs_of as n_outputs_of

__all__ = ["Bins", "Boosting", "Fitted", "Forest", "MOST_BINS", "MOST_DEPTH", "fit", "fit_binned", "n_outputs_of"]
