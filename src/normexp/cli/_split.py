"""normexp split"""

from pathlib import Path
from typing import Any

import click

from normexp.cli._console import say, say_notes
from normexp.cli._outputs import writable
from normexp.cli._reading import reading, training_options


@click.command()
@click.argument("table")
@click.option("--target", metavar="COLUMN", help="Column of the classes: both parts get the same share of each.")
@click.option("--group", metavar="COLUMN", help="Rows with the same value, such as those of a customer, go into one part.")
@click.option("--time", "when", metavar="COLUMN", help="Dates or numbers that order the rows: the last ones are the test part.")
@click.option("--test-fraction", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.25, show_default=True, help="Share of the rows in the test part.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Decides which rows; same seed, same parts.")
@click.option("--train", "train_file", metavar="FILE", default="train.csv", show_default=True, help="Rows to learn from, CSV or Parquet.")
@click.option("--test", "test_file", metavar="FILE", default="test.csv", show_default=True, help="Rows to test on, CSV or Parquet.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@training_options
def split(table: str, target: str | None, group: str | None, when: str | None, test_fraction: float, seed: int, train_file: str, test_file: str, force: bool, **given: Any) -> None:
    """Divide TABLE into rows to learn from and rows to test on, cells as they are.

    \b
    Examples:
      normexp split churn.csv --target churn --test-fraction 0.2
      normexp split orders.csv --target returned --group customer --train learn.csv --test unseen.csv
      normexp split sensors.parquet --time when --train before.parquet --test after.parquet

    Rows without a label go into neither part. The parts are those that train holds out by itself with the same seed.
    """
    import numpy as np

    from normexp.tables import held_out_rows, read, write_rows

    if table == "-":
        raise click.UsageError("expected a file to split, got - (standard input), which can be read only once; save it to a file first")
    paths = [_path(name, table, force) for name in (train_file, test_file)]
    if paths[0].resolve() == paths[1].resolve():
        raise click.UsageError(f"expected two files to write to, got '{paths[0]}' twice; name one with --train and one with --test")
    columns: dict[str, Any] = {"group": group, "time": when}
    data = read(table, target=target, **columns, **reading(given))
    say_notes(data.notes)
    strata = np.zeros(len(data), np.int32) if data.targets is None else data.targets
    numbers = np.arange(len(data)) if data.row_numbers is None else data.row_numbers - 1
    for path, rows in zip(paths, held_out_rows(strata, test_fraction, seed, groups=data.groups, times=data.times), strict=True):
        write_rows(table, numbers[rows], path, encoding=given["encoding"], header=not given["no_header"])
        say(f"{len(rows)} rows written to {path}")


def _path(name: str, table: str, force: bool) -> Path:
    path = Path(name)
    if path.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"expected a file of rows that ends in .csv or .parquet, got '{path}'")
    if path.exists() and not force:
        raise FileExistsError(f"expected a new file, got '{path}', which exists; replace it with --force or name another with --train and --test")
    return writable(path, "rows", [table])
