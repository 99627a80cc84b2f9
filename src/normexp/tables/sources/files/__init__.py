"""Rows by the name of a table: paths, globs, pipes, databases, examples.

What a file is, its first bytes say (`_kinds`). A format is a file here with a loader that puts the rows into a `Database`, and an entry in `_loading`.
The rest of tables loads this room only where a name is opened.
"""

from normexp.tables.sources.files._by_name import open_named as open_named

__all__ = ["open_named"]
