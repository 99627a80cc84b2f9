"""normexp predict"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from normexp._checks import did_you_mean, listing
from normexp.cli._console import say, say_notes
from normexp.cli._deciding import Decisions, Threshold, Top, costs_option, decisions_of
from normexp.cli._outputs import writable
from normexp.cli._reading import prediction_options, reading
from normexp.cli._sets import coverage_options, set_thresholds_of, set_words
from normexp.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.model import Model
    from normexp.tables import Results, Source


@click.command()
@click.argument("model")
@click.argument("table")
@click.option("-o", "--output", metavar="OUT", help="CSV or, by its ending, Parquet file; default: CSV on standard output.")
@click.option("--keep", multiple=True, metavar="COLUMN|all", help="Also write a column of the table, or all; may be repeated.")
@costs_option
@click.option("--threshold", "thresholds", type=Threshold(), multiple=True, help="Predict a class from this probability on, such as yes=0.2; may be repeated.")
@click.option("--top", type=Top(), help="Flag the likeliest rows of the positive class (or of CLASS): 10% of them, or a number.")
@coverage_options
@prediction_options
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads; the result does not depend on it.")
def predict(model: str, table: str, output: str | None, keep: tuple[str, ...], threads: int | None, costs_file: str | None, thresholds: tuple[tuple[str, float], ...],
            top: tuple[str | None, float, bool] | None, coverage: float | None, by_class: bool, **given: Any) -> None:  # fmt: skip
    """Write the predicted class and one probability a class for every row of TABLE.

    \b
    Examples:
      normexp predict penguins.safetensors new.csv -o predictions.csv --keep all
      cat new.csv | normexp predict penguins.safetensors - | head
      normexp predict churn.safetensors new.csv --top 10% -o calls.csv          (flags the tenth most likely to churn)
      normexp predict churn.safetensors new.csv --costs costs.csv -o decisions.csv
      normexp predict penguins.safetensors new.csv --coverage 0.95      (with the classes that each row may well be)

    With --costs there are two more columns: the decision of the least expected cost, and that cost. costs.csv has a row a true class and a column a
    decision, which may be others than the classes, such as 'ask a person':  class,call,wait / yes,5,100 / no,5,0
    With --coverage there is one more column, set: the classes, with | between them, among which the truth is as often as that.
    Columns may come in any order; further ones are named and left aside. Cells that cannot be read are missing: how many, and where the first is, is said.
    The rows pass in pieces, so TABLE may be larger than memory.
    """
    path = None if output is None else _output(Path(output), model, table)
    import numpy as np

    from normexp import saving
    from normexp.tables import Results, open_source, unused_note

    loaded = saving.load_model(model)
    if loaded.schema is None:
        raise DataError(f"expected a model trained from a table with named columns, got one trained from an array ({model}); predict with it from Python")
    deciding = decisions_of(loaded, costs_file, thresholds, top)
    bounds = set_thresholds_of(loaded, coverage, by_class)
    with open_source(table, schema=loaded.schema, **reading(given)) as source:
        say_notes(unused_note(source.unused, f" of {table}"))
        names = ["prediction", *(f"probability_{label}" for label in loaded.classes), *(name for name, _ in deciding.names()), *(["set"] if bounds is not None else [])]
        set_type = [] if bounds is None else [np.dtype(object)]
        dtypes = [loaded.classes.dtype, *[np.dtype(np.float32)] * len(loaded.classes), *(dtype for _, dtype in deciding.names()), *set_type]
        with Results(source, names, dtypes, _kept_columns(keep, source)) as results:
            if path is not None and path.suffix == ".parquet":
                results.refuse_same_names()
            _fill(loaded, deciding, bounds, source, results, threads or 0)
            say_notes(source.notes)
            _write(results, path)


def _output(path: Path, model: str, table: str) -> Path:
    if path.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"expected an output that ends in .csv or .parquet, got '{path}'")
    return writable(path, "predictions", [model, *([table] if table != "-" else [])])


def _kept_columns(keep: tuple[str, ...], source: "Source") -> list[str]:
    kept = source.names if "all" in keep and "all" not in source.names else list(dict.fromkeys(keep))
    for name in kept:
        if name not in source.names:
            raise DataError(f"expected a column to keep out of {listing(source.names)}, got '{name}' ({source.label}){did_you_mean(name, source.names)}")
    return kept


def _fill(model: "Model", deciding: Decisions, bounds: "NDArray[Any] | None", source: "Source", results: "Results", n_threads: int) -> None:
    """Piece by piece; the likeliest of all rows are known only once all have their probabilities."""
    pieces: Iterable[Any] = (model.probabilities(matrix, n_threads) for matrix, _, _ in source.pieces())
    if deciding.top is not None:
        import numpy as np

        every = list(pieces)
        pieces = [np.concatenate(every)] if every else []
    for probabilities in pieces:
        predicted = model.classes[deciding.answers(probabilities)]
        sets = [] if bounds is None else [set_words(model, probabilities, bounds)]
        results.add([predicted, *(probabilities[:, i] for i in range(probabilities.shape[1])), *deciding.columns(probabilities), *sets])


def _write(results: "Results", path: Path | None) -> None:
    if path is None:
        results.write_csv(sys.stdout.buffer)
        return
    results.write(path)
    say(f"{results.n_rows} rows written to {path}")
