"""Pictures, one function a figure: each draws on `ax` (or on axes of its own), returns the axes, and neither shows nor saves anything by itself.

Colours are told apart by colour-blind eyes; ink and background are matplotlib's own, so `plt.style.use("dark_background")` is obeyed.
"""

from normexp.plots._data import decision_regions as decision_regions
from normexp.plots._data import scatter as scatter
from normexp.plots._data import simplex as simplex
from normexp.plots._data import training_history as training_history
from normexp.plots._decisions import decision_curve as decision_curve
from normexp.plots._decisions import gains as gains
from normexp.plots._evaluation import confusion as confusion
from normexp.plots._evaluation import precision_recall as precision_recall
from normexp.plots._evaluation import reliability as reliability
from normexp.plots._evaluation import roc as roc
from normexp.plots._explanation import contributions as contributions
from normexp.plots._explanation import importance as importance
from normexp.plots._search import search_course as search_course
from normexp.plots._search import search_setting as search_setting
from normexp.plots._softmax import chain as chain
from normexp.plots._softmax import gradients as gradients
from normexp.plots._softmax import sigmoid_and_softmax as sigmoid_and_softmax
from normexp.plots._softmax import temperatures as temperatures
from normexp.plots._style import figure as figure
from normexp.plots._style import page_colours as page_colours
from normexp.plots._style import save_figure as save_figure
from normexp.plots._style import svg as svg

__all__ = [
    "chain", "confusion", "contributions", "decision_curve", "decision_regions", "figure", "gains", "gradients", "importance", "page_colours",
    "precision_recall", "reliability", "roc", "save_figure",
    "scatter", "search_course", "search_setting", "sigmoid_and_softmax", "simplex", "svg", "temperatures", "training_history",
]  # fmt: skip
