"""Rows by the name of a table: paths, globs, pipes, databases, examples.

What a file is, its first bytes say (`_kinds`). A format that is loaded is a file here with a function that puts the rows into a `Database`, and an entry in
`_loading`; Arrow files are handed over as they lie, databases are attached or copied (`_arrow`, `_databases`, `_sqlite`): `_by_name` tells them apart.
The rest of tables loads this room only where a name is opened.
"""

from normexp.tables.sources.files._by_name import open_named as open_named
from normexp.tables.sources.files._by_name import paths_of as paths_of

__all__ = ["open_named", "paths_of"]
