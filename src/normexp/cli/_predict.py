"""normexp predict"""

import os
from pathlib import Path
from typing import Any

import click

from normexp.cli._answering import Answering
from normexp.cli._clustering import cluster_option
from normexp.cli._console import say, say_notes
from normexp.cli._deciding import Threshold, Top, costs_option, decisions_of
from normexp.cli._outputs import writable
from normexp.cli._predicting import predict_parts
from normexp.cli._reading import prediction_options, reading
from normexp.cli._sets import coverage_options, set_thresholds_of
from normexp.errors import DataError


@click.command()
@click.argument("model")
@click.argument("table")
@click.option("-o", "--output", metavar="OUT", help="CSV or, by its ending, Parquet file; or a folder/ (see below); default: CSV on standard output.")
@click.option("--keep", multiple=True, metavar="COLUMN|all", help="Also write a column of the table, or all; may be repeated.")
@costs_option
@click.option("--threshold", "thresholds", type=Threshold(), multiple=True, help="Predict a class from this probability on, such as yes=0.2; may be repeated.")
@click.option("--top", type=Top(), help="Flag the likeliest rows of the positive class (or of CLASS): 10% of them, or a number.")
@coverage_options
@prediction_options
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads; the result does not depend on it.")
@cluster_option
def predict(model: str, table: str, output: str | None, keep: tuple[str, ...], threads: int | None, costs_file: str | None, thresholds: tuple[tuple[str, float], ...],
            top: tuple[str | None, float, bool] | None, coverage: float | None, by_class: bool, cluster: str | None, **given: Any) -> None:  # fmt: skip
    """Write the predicted class and one probability a class for every row of TABLE.

    \b
    Examples:
      normexp predict penguins.safetensors new.csv -o predictions.csv --keep all
      cat new.csv | normexp predict penguins.safetensors - | head
      normexp predict churn.safetensors new.csv --top 10% -o calls.csv          (flags the tenth most likely to churn)
      normexp predict churn.safetensors new.csv --costs costs.csv -o decisions.csv
      normexp predict churn.safetensors 'parts/*.parquet' -o predictions/ --cluster local:4      (a file a part)
      normexp predict penguins.safetensors new.csv --coverage 0.95      (with the classes that each row may well be)

    With --costs there are two more columns: the decision of the least expected cost, and that cost. costs.csv has a row a true class and a column a
    decision, which may be others than the classes, such as 'ask a person':  class,call,wait / yes,5,100 / no,5,0
    With --coverage there is one more column, set: the classes, with | between them, among which the truth is as often as that.
    Columns may come in any order; further ones are named and left aside. Cells that cannot be read are missing: how many, and where the first is, is said.
    The rows pass in pieces, so TABLE may be larger than memory.
    With a folder to write to, each file of TABLE has a file of the same name there, whole or not at all, and manifest.json says which are done: the same command, started again
    after anything, goes on from there.
    """
    folder = None if output is None or not (output.endswith(("/", os.sep)) or Path(output).is_dir()) else Path(output)
    path = None if output is None or folder is not None else _output(Path(output), model, table)
    if top is not None and folder is not None:
        raise click.UsageError("expected one file to write to with --top, which compares all rows, got a folder")
    if cluster is not None and folder is None:
        raise click.UsageError("expected a folder to write to with --cluster, such as -o predictions/, where a file of TABLE is a task; got none")
    from normexp import saving

    loaded = saving.load_model(model)
    if loaded.schema is None:
        raise DataError(f"expected a model trained from a table with named columns, got one trained from an array ({model}); predict with it from Python")
    deciding = decisions_of(loaded, costs_file, thresholds, top)
    answering = Answering(loaded, deciding, set_thresholds_of(loaded, coverage, by_class), keep, reading(given), threads or 0)
    if folder is not None:
        asked = {"keep": keep, "costs": costs_file, "thresholds": thresholds, "coverage": coverage, "by_class": by_class, **given}
        predict_parts(answering, table, folder, model, asked, cluster)
        return
    answered = answering.write(table, path, say_notes)
    if path is not None:
        say(f"{answered.n_rows} rows written to {path}")


def _output(path: Path, model: str, table: str) -> Path:
    if path.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"expected an output that ends in .csv or .parquet, got '{path}'")
    return writable(path, "predictions", [model, *([table] if table != "-" else [])])
