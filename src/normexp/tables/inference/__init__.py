"""What a table's columns are and how their cells are written, found out once: names, readings of text, identifiers, categories."""

from normexp.tables.inference._columns import columns_of as columns_of
from normexp.tables.inference._columns import number_column as number_column
from normexp.tables.inference._names import named as named
from normexp.tables.inference._survey import Survey as Survey

__all__ = ["Survey", "columns_of", "named", "number_column"]
