"""Any table as one float32 matrix with a schema: files, databases, data frames, dicts, examples."""

from normexp.tables._blocks import Block as Block
from normexp.tables._blocks import Blocks as Blocks
from normexp.tables._duplicates import equal_by_chance as equal_by_chance
from normexp.tables._duplicates import first_of_equals as first_of_equals
from normexp.tables._duplicates import matrix_hashes as matrix_hashes
from normexp.tables._duplicates import row_hashes as row_hashes
from normexp.tables._matching import in_order as in_order
from normexp.tables._matching import is_table as is_table
from normexp.tables._matching import matrix_by_name as matrix_by_name
from normexp.tables._matching import matrix_by_schema as matrix_by_schema
from normexp.tables._matching import names_of_rows as names_of_rows
from normexp.tables._matching import unused_note as unused_note
from normexp.tables._options import Options as Options
from normexp.tables._options import date_order_of as date_order_of
from normexp.tables._read import files_of as files_of
from normexp.tables._read import number_matrix as number_matrix
from normexp.tables._read import open_source as open_source
from normexp.tables._read import read as read
from normexp.tables._read import warn_of as warn_of
from normexp.tables._results import Results as Results
from normexp.tables._schema import DATE_ORDERS as DATE_ORDERS
from normexp.tables._schema import DECIMAL_MARKS as DECIMAL_MARKS
from normexp.tables._schema import MAX_CATEGORIES as MAX_CATEGORIES
from normexp.tables._schema import THOUSANDS_MARKS as THOUSANDS_MARKS
from normexp.tables._schema import Column as Column
from normexp.tables._schema import MatrixColumn as MatrixColumn
from normexp.tables._schema import Schema as Schema
from normexp.tables._source import Source as Source
from normexp.tables._split import fold_rows as fold_rows
from normexp.tables._split import held_out_rows as held_out_rows
from normexp.tables._table import Table as Table
from normexp.tables._writing import write_rows as write_rows
from normexp.tables.sources import EXAMPLES as EXAMPLES

__all__ = [
    "Block", "Blocks", "Column", "DATE_ORDERS", "DECIMAL_MARKS", "EXAMPLES", "MAX_CATEGORIES", "MatrixColumn", "Options", "Results", "Schema", "Source", "THOUSANDS_MARKS", "Table",
    "date_order_of", "equal_by_chance", "files_of", "first_of_equals", "fold_rows", "held_out_rows", "in_order", "is_table", "matrix_by_name", "matrix_by_schema", "matrix_hashes",
    "names_of_rows", "number_matrix", "open_source", "read", "row_hashes", "unused_note", "warn_of", "write_rows",
]  # fmt: skip
