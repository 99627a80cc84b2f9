"""Options of how a table is read, the same in every command that has them."""

from collections.abc import Callable
from typing import Any

import click

__all__ = ["file_options", "judging_options", "prediction_options", "reading", "training_options"]


class Encoding(click.ParamType[str]):
    name = "NAME"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        from normexp.tables import Options

        try:
            return Options(encoding=value).encoding or value
        except ValueError as error:
            self.fail(str(error), param, ctx)


class DateFormat(click.ParamType[str]):
    name = "FORMAT"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        from normexp.tables import date_order_of

        try:
            return date_order_of(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _add(*options: Any) -> Callable[[Any], Any]:
    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


FILE = (
    click.option("--encoding", type=Encoding(), metavar="NAME", help="Encoding of a text file that is not UTF-8, such as cp1252."),
    click.option("--no-header", is_flag=True, help="The file has no header row; its columns are x0, x1, …"),
)
BAD_CELLS = "Cells that are not what the rest of their column is: stop and name them all, or take them as missing and say how many."

file_options = _add(*FILE)
training_options = _add(
    click.option("--missing", multiple=True, metavar="WORD", help="A word or number that means a missing value, besides empty, NA, N/A, NaN, null and ?; may be repeated."),
    click.option("--keep-words", multiple=True, metavar="WORD", help="A word such as NA that is a value all the same; may be repeated."),
    click.option("--bad-cells", type=click.Choice(["refuse", "missing"]), default="refuse", show_default=True, help=BAD_CELLS),
    click.option("--date-format", type=DateFormat(), metavar="FORMAT", help="dmy, mdy, ymd or a pattern such as %d/%m/%Y, where dates allow more than one."),
    click.option("--decimal", type=click.Choice([".", ","]), help="Decimal mark, where numbers allow both."),
    click.option("--keep-column", "keep_columns", multiple=True, metavar="COLUMN", help="Use a column that looks like an identifier or free text; may be repeated."),
    click.option("--classes", type=click.Choice(["any"]), help="Take any number of different values as classes."),
    *FILE,
)
prediction_options = _add(
    click.option("--bad-cells", type=click.Choice(["refuse", "missing"]), default="missing", show_default=True, help=BAD_CELLS),
    click.option("--match-case", type=click.Choice(["yes", "no"]), default="yes", show_default=True, help="no: a category that differs in case or spaces only is the trained one."),
    *FILE,
)
judging_options = _add(
    click.option("--weight", metavar="COLUMN", help="Column of row weights, at least 0, for the scores."),
    click.option("--group", metavar="COLUMN", help="Rows with the same value belong together, such as those of a customer: intervals count groups, not rows."),
)


def reading(given: dict[str, Any]) -> dict[str, Any]:
    """What `tables` takes for the options of a command."""
    found = {"encoding": given["encoding"], "header": not given["no_header"], "bad_cells": given["bad_cells"]}
    if "match_case" in given:
        judged = {name: given[name] for name in ("weight", "group") if given.get(name) is not None}
        return {**found, "match_case": given["match_case"] == "yes", **judged}
    return {**found, "missing": given["missing"], "keep_words": given["keep_words"], "keep_columns": given["keep_columns"], "date_format": given["date_format"],
            "decimal": given["decimal"], "any_classes": given["classes"] == "any"}  # fmt: skip
