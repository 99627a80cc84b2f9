"""From files, databases, data frames, dicts and examples to one float32 matrix with a schema."""

from normexp.tables._cells import is_null as is_null
from normexp.tables._frames import data_frame as data_frame
from normexp.tables._options import Options as Options
from normexp.tables._options import date_order_of as date_order_of
from normexp.tables._read import number_matrix as number_matrix
from normexp.tables._read import open_source as open_source
from normexp.tables._read import read as read
from normexp.tables._read import warn_of as warn_of
from normexp.tables._results import Results as Results
from normexp.tables._schema import Column as Column
from normexp.tables._schema import MatrixColumn as MatrixColumn
from normexp.tables._schema import Schema as Schema
from normexp.tables._source import Source as Source
from normexp.tables._split import held_out_rows as held_out_rows
from normexp.tables._table import Table as Table

__all__ = [
    "Column", "MatrixColumn", "Options", "Results", "Schema", "Source", "Table",
    "data_frame", "date_order_of", "held_out_rows", "is_null", "number_matrix", "open_source", "read", "warn_of",
]  # fmt: skip
