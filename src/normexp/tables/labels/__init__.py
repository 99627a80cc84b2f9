"""The target: the labels of a source's column, the classes they make up, each row's place among them."""

from normexp.tables.labels._classes import learned_classes as learned_classes
from normexp.tables.labels._labels import Labels as Labels
from normexp.tables.labels._labels import groups_of_column as groups_of_column
from normexp.tables.labels._labels import labels_of_column as labels_of_column
from normexp.tables.labels._targets import targets_of as targets_of
from normexp.tables.labels._targets import unknown_labels as unknown_labels

__all__ = ["Labels", "groups_of_column", "labels_of_column", "learned_classes", "targets_of", "unknown_labels"]
