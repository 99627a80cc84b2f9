"""Cells to float32 by a frozen schema: the core's rules of its columns, the converter, and the tally of what was not as expected."""

from normexp.tables.conversion._converter import FLOAT32_MAX as FLOAT32_MAX
from normexp.tables.conversion._converter import Converter as Converter
from normexp.tables.conversion._rules import rules_of as rules_of
from normexp.tables.conversion._tally import Bad as Bad
from normexp.tables.conversion._tally import Count as Count

__all__ = ["Bad", "Converter", "Count", "FLOAT32_MAX", "rules_of"]
