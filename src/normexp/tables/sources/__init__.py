"""Where rows come from: `files` by the name of a table, `memory` from what Python holds.

A source has names, kinds and a number of rows, and hands out the `Cells` of some columns in batches (`Rows`): a `Frame` in memory, a `Database` (DuckDB, shut
in) for files.
"""

from normexp.tables.sources._cells import Cells as Cells
from normexp.tables.sources._cells import Codes as Codes
from normexp.tables.sources._cells import Instants as Instants
from normexp.tables.sources._cells import Numbers as Numbers
from normexp.tables.sources._cells import text_of_instants as text_of_instants
from normexp.tables.sources._cells import text_of_number as text_of_number
from normexp.tables.sources._cells import text_of_numbers as text_of_numbers
from normexp.tables.sources._complaints import explained as explained
from normexp.tables.sources._database import Database as Database
from normexp.tables.sources._examples import EXAMPLES as EXAMPLES
from normexp.tables.sources._opening import rows_of as rows_of
from normexp.tables.sources._rows import Rows as Rows
from normexp.tables.sources._sql import literal as literal
from normexp.tables.sources.memory import Frame as Frame
from normexp.tables.sources.memory import data_frame as data_frame
from normexp.tables.sources.memory import null_or_text as null_or_text

__all__ = [
    "Cells", "Codes", "Database", "EXAMPLES", "Frame", "Instants", "Numbers", "Rows",
    "data_frame", "explained", "literal", "null_or_text", "rows_of", "text_of_instants", "text_of_number", "text_of_numbers",
]  # fmt: skip
