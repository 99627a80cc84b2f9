"""From what a caller calls a table to its rows."""

import os

from normexp.tables._options import Options
from normexp.tables.sources._rows import Rows
from normexp.tables.sources.memory import frame_of

__all__ = ["rows_of"]


def rows_of(source: object, options: Options, *, declared: bool) -> Rows:
    """A name's file, pipe, database or example; else rows in memory, where `declared` asks for what their types declare."""
    if isinstance(source, (str, os.PathLike)):
        from normexp.tables.sources.files import open_named  # rows in memory need none of it

        return open_named(os.fspath(source), options)
    return frame_of(source, declared=declared)
