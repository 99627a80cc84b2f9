"""normexp runs"""

import math
from pathlib import Path
from typing import Any

import click

from normexp._checks import counted
from normexp.cli._console import echo, print_json, print_table
from normexp.cli._judging import short_name
from normexp.cli._record import FACTS, SCORES, read_runs


class Pair(click.ParamType[tuple[int, int]]):
    name = "N,N"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        parts = str(value).split(",")
        if len(parts) != 2 or not all(part.strip().isascii() and part.strip().isdigit() for part in parts):
            self.fail(f"expected the numbers of two runs, such as 3,7, got '{value}'", param, ctx)
        return int(parts[0]), int(parts[1])


@click.command()
@click.argument("record", type=click.Path(exists=True, dir_okay=False))
@click.option("--sort", type=click.Choice(["time", *SCORES, "calibration_error", "seconds"]), default="time", show_default=True, help="Order; scores: the best first.")
@click.option("--table", metavar="TABLE", help="Only runs on this table.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the last N runs.")
@click.option("--compare", type=Pair(), help="Two runs side by side, by their numbers: what differs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def runs(record: str, sort: str, table: str | None, last: int | None, compare: tuple[int, int] | None, as_json: bool) -> None:
    """List the runs of a RECORD, which train --log has written.

    \b
    Examples:
      normexp train churn.csv --target churn --log runs.csv
      normexp train churn.csv --target churn --quality best --log runs.csv
      normexp runs runs.csv --sort log_loss
      normexp runs runs.csv --compare 1,2

    Scores are those of each run's own test rows: only runs of one table, target and seed were tested on the same ones. To say which of two models is better, evaluate both on
    one table: normexp evaluate A B TABLE.
    """
    found = [{"run": str(i)} | row for i, row in enumerate(read_runs(Path(record)), 1)]
    if compare is not None:
        _compare(found, compare, as_json)
        return
    found = [row for row in found if table is None or row["table"] == table]
    found = found[-last:] if last else found
    if sort != "time":
        found.sort(key=lambda row: -_number(row[sort]) if sort == "accuracy" else _number(row[sort]))
    if as_json:
        print_json({"record": record, "runs": [{name: _value(name, cell) for name, cell in row.items()} for row in found]})
        return
    if not found:
        echo(f"no runs{f' on {table}' if table else ''} in {record}")
        return
    header = ("run", "when", "table", "log loss", "95 % interval", "accuracy", "seconds", "settings", "model")
    print_table(header, [_cells(row) for row in found])
    echo(f"{counted(len(found), 'run')}; {_best(found)}")


def _cells(row: dict[str, str]) -> list[str]:
    interval = f"{_number(row['log_loss_low']):.4f} to {_number(row['log_loss_high']):.4f}" if row["log_loss_low"] else ""
    when = row["time"].replace("T", " ")[:16]
    scores = (_digits(row["log_loss"]), interval, _digits(row["accuracy"]))
    return [row["run"], when, short_name(row["table"]), *scores, row["seconds"], row["settings"] or "-", short_name(row["model"])]


def _best(found: list[dict[str, str]]) -> str:
    """The best of the runs that were tested on the same rows, where these are all of them."""
    tested = {(row["table"], row["target"], row["seed"], row["test_rows"]) for row in found}
    if len(tested) > 1:
        return "of several tables, targets or seeds: their scores are of different rows"
    best = min(found, key=lambda row: _number(row["log_loss"]))
    return f"the least log loss has run {best['run']}" if math.isfinite(_number(best["log_loss"])) else "without test rows"


def _compare(found: list[dict[str, str]], numbers: tuple[int, int], as_json: bool) -> None:
    for number in numbers:
        if not 1 <= number <= len(found):
            raise click.UsageError(f"expected numbers of runs from 1 to {len(found)} with --compare, got {number}")
    first, second = (found[number - 1] for number in numbers)
    names = [name for name in first if first[name] != second[name]]
    if as_json:
        print_json({"first": first, "second": second, "different": names})
        return
    print_table(("", f"run {numbers[0]}", f"run {numbers[1]}"), [(name.replace("_", " "), first[name] or "-", second[name] or "-") for name in names if name != "run"])
    echo(f"the same: {', '.join(name for name in FACTS if first[name] == second[name])}")


def _number(cell: str) -> float:
    """NaN-safe: what is not known comes last."""
    try:
        value = float(cell)
    except ValueError:
        return math.inf
    return value if math.isfinite(value) else math.inf


def _digits(cell: str) -> str:
    return f"{_number(cell):.4f}" if math.isfinite(_number(cell)) else "-"


def _value(name: str, cell: str) -> object:
    numbers = name not in FACTS or name in ("rows", "test_rows", "seed", "seconds")
    value = _number(cell) if numbers else cell
    return (None if value == math.inf else value) if isinstance(value, float) else value
