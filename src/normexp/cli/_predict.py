"""normexp predict"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from normexp._checks import did_you_mean, listing
from normexp.cli._console import say, say_notes
from normexp.cli._outputs import writable
from normexp.cli._reading import prediction_options, reading
from normexp.errors import DataError

if TYPE_CHECKING:
    from normexp.model import Model
    from normexp.tables import Results, Source


@click.command()
@click.argument("model")
@click.argument("table")
@click.option("-o", "--output", metavar="OUT", help="CSV or, by its ending, Parquet file; default: CSV on standard output.")
@click.option("--keep", multiple=True, metavar="COLUMN|all", help="Also write a column of the table, or all; may be repeated.")
@prediction_options
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads; the result does not depend on it.")
def predict(model: str, table: str, output: str | None, keep: tuple[str, ...], threads: int | None, **given: Any) -> None:
    """Write the predicted class and one probability a class for every row of TABLE.

    \b
    Examples:
      normexp predict penguins.safetensors new.csv -o predictions.csv --keep all
      cat new.csv | normexp predict penguins.safetensors - | head

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
    with open_source(table, schema=loaded.schema, **reading(given)) as source:
        say_notes(unused_note(source.unused, f" of {table}"))
        names = ["prediction", *(f"probability_{label}" for label in loaded.classes)]
        with Results(source, names, [loaded.classes.dtype, *[np.dtype(np.float32)] * len(loaded.classes)], _kept_columns(keep, source)) as results:
            if path is not None and path.suffix == ".parquet":
                results.refuse_same_names()
            _fill(loaded, source, results, threads or 0)
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


def _fill(model: "Model", source: "Source", results: "Results", n_threads: int) -> None:
    for matrix, _, _ in source.pieces():
        probabilities = model.probabilities(matrix, n_threads)
        results.add([model.classes[model.answers(probabilities)], *(probabilities[:, i] for i in range(probabilities.shape[1]))])


def _write(results: "Results", path: Path | None) -> None:
    from normexp._atomic import replaced

    if path is None:
        results.write_csv(sys.stdout.buffer)
        return
    with replaced(path) as target:
        if path.suffix == ".parquet":
            results.write_parquet(target)
        else:
            with target.open("wb") as file:
                results.write_csv(file)
    say(f"{results.n_rows} rows written to {path}")
