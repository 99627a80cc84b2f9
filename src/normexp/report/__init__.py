"""The report: one HTML file that says whether a model can be trusted."""

from normexp.report._facts import Data as Data
from normexp.report._facts import Subject as Subject
from normexp.report._facts import data_of as data_of
from normexp.report._page import write_predictions_report as write_predictions_report
from normexp.report._page import write_report as write_report

__all__ = ["Data", "Subject", "data_of", "write_predictions_report", "write_report"]
