"""normexp predict"""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from normexp._checks import did_you_mean, listing
from normexp.cli._console import say, say_notes
from normexp.errors import DataError

if TYPE_CHECKING:
    from normexp.classifier import SoftmaxClassifier
    from normexp.tables import Source


@click.command()
@click.argument("model")
@click.argument("table")
@click.option("-o", "--output", metavar="OUT", help="CSV or, by its ending, Parquet file; default: CSV on standard output.")
@click.option("--keep", multiple=True, metavar="COLUMN|all", help="Also write a column of the table, or all; may be repeated.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads; the result does not depend on it.")
def predict(model: str, table: str, output: str | None, keep: tuple[str, ...], threads: int | None) -> None:
    """Write the predicted class and one probability a class for every row of TABLE.

    \b
    Examples:
      normexp predict penguins.safetensors new.csv -o predictions.csv --keep all
      cat new.csv | normexp predict penguins.safetensors - | head

    Columns may come in any order; further ones are ignored. The rows pass in pieces, so TABLE may be larger than memory.
    """
    from normexp import saving
    from normexp.tables import open_source

    loaded = saving.load(model)
    loaded.n_threads = threads
    if loaded.schema_ is None:
        raise DataError(f"expected a model trained from a table with named columns, got one trained from an array ({model}); predict with it from Python")
    path = Path(output) if output else None
    with open_source(table, schema=loaded.schema_) as source:
        kept = _kept_columns(keep, list(source.database.types), source)
        if source.n_ignored:
            say(f"note: {source.n_ignored} column{'s' if source.n_ignored > 1 else ''} of {table} not used by the model")
        _fill(loaded, source)
        say_notes(source.notes)
        _write(source, kept, path)


def _kept_columns(keep: tuple[str, ...], names: list[str], source: "Source") -> list[str]:
    kept = names if "all" in keep and "all" not in names else list(keep)
    for name in kept:
        if name not in names:
            raise DataError(f"expected a column to keep out of {listing(names)}, got '{name}' ({source.database.label}){did_you_mean(name, names)}")
    return kept


def _fill(model: "SoftmaxClassifier", source: "Source") -> None:
    """Predictions into a table of the source's database, piece by piece."""
    from normexp.tables import Table
    from normexp.tables._database import quoted

    connection = source.database.connection
    names = ["prediction", *(f"probability_{label}" for label in model.classes_)]
    label_type = {"b": "BOOLEAN", "i": "BIGINT", "f": "DOUBLE"}.get(model.classes_.dtype.kind, "VARCHAR")
    connection.execute(f"CREATE TEMP TABLE predictions ({quoted(names[0])} {label_type}, " + ", ".join(f"{quoted(name)} DOUBLE" for name in names[1:]) + ")")
    unseen: dict[str, int] = {}
    for matrix, _, _ in source.pieces():
        probabilities = model.predict_proba(Table(source.schema, matrix))
        labels = model.classes_[probabilities.argmax(axis=1)]
        columns: dict[str, Any] = {"c0": labels if labels.dtype.kind in "bif" else labels.astype(object)}
        columns |= {f"c{i + 1}": probabilities[:, i].copy() for i in range(probabilities.shape[1])}
        connection.register("piece", columns)
        connection.execute("INSERT INTO predictions SELECT * FROM piece")
        connection.unregister("piece")
        for i, column in enumerate(source.schema.matrix_columns()):
            if column.kind == "category" and (n := int((matrix[:, i] == -1).sum())):
                unseen[column.name] = unseen.get(column.name, 0) + n
    source.notes += [f"column '{name}': {n} row{'s' if n > 1 else ''} with a category not seen in training" for name, n in unseen.items()]


def _write(source: "Source", kept: list[str], path: Path | None) -> None:
    from normexp._files import replaced
    from normexp.tables._database import quoted, text

    clashes = [name for name in kept if name == "prediction" or name.startswith("probability_")]
    if clashes:
        raise DataError(f"expected kept columns with other names than the predictions', got {listing(clashes)}; rename them in the table")
    columns = ", ".join([*(f"raw.{quoted(name)}" for name in kept), "predictions.*"])
    query = f"SELECT {columns} FROM raw POSITIONAL JOIN predictions" if kept else "SELECT * FROM predictions"

    def copy_to(target: Path, kind: str) -> None:
        options = "FORMAT parquet" if kind == "parquet" else "FORMAT csv, HEADER"
        source.database.connection.execute(f"COPY ({query}) TO {text(str(target))} ({options})")

    if path is None:
        target = Path(source.database.folder, "out.csv")
        copy_to(target, "csv")
        with target.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        return
    if path.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"expected an output that ends in .csv or .parquet, got '{path}'")
    with replaced(path) as target:
        copy_to(target, path.suffix.removeprefix("."))
    say(f"{source.n_rows} rows written to {path}")
