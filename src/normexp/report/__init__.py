"""The report: one HTML file that says whether a model can be trusted; and that of a search."""

from typing import TYPE_CHECKING, Any

from normexp.report._facts import Data as Data
from normexp.report._facts import Subject as Subject
from normexp.report._facts import data_of as data_of
from normexp.report._page import write_predictions_report as write_predictions_report
from normexp.report._page import write_report as write_report

if TYPE_CHECKING:
    from normexp.report._search import write_search as write_search

__all__ = ["Data", "Subject", "data_of", "write_predictions_report", "write_report", "write_search"]


def __getattr__(name: str) -> Any:  # needs the package optuna
    if name == "write_search":
        from normexp.report._search import write_search

        return write_search
    raise AttributeError(f"module 'normexp.report' has no attribute {name!r}")
