"""Rows that are in memory already: data frames, Series, arrays, dicts and lists of Python values."""

from normexp.tables.sources.memory._frames import Frame as Frame
from normexp.tables.sources.memory._frames import data_frame as data_frame
from normexp.tables.sources.memory._frames import frame_of as frame_of
from normexp.tables.sources.memory._values import null_or_text as null_or_text

__all__ = ["Frame", "data_frame", "frame_of", "null_or_text"]
