"""read(source) -> Table, and open_source for tables that pass in pieces."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import users_line
from normexp.errors import DataWarning
from normexp.tables._options import Options, date_order_of
from normexp.tables._schema import Column, Schema
from normexp.tables._source import Source
from normexp.tables._table import Table

__all__ = ["files_of", "number_matrix", "open_source", "read", "warn_of"]


def open_source(source: object, *, schema: Schema | None = None, classes: NDArray[Any] | None = None, **options: Any) -> Source:
    """Open a table without reading its rows into memory; the options are those of `Options`."""
    return Source(source, options_of(**options), schema, classes)


def files_of(name: str) -> list[Path]:
    """The files that a path or a glob stands for, in their order; raises DataError where there is none."""
    from normexp.tables.sources.files import paths_of

    return paths_of(name)


def options_of(*, date_format: str | None = None, **given: Any) -> Options:
    """Options from keywords; lists of words may hold numbers."""
    for name in ("ignore", "missing", "keep_words", "keep_columns"):
        if name in given:
            value = given[name]
            given[name] = tuple(str(word) for word in ([value] if isinstance(value, (str, int, float)) else value))
    return Options(date_order=None if date_format is None else date_order_of(date_format), **given)


def warn_of(notes: Iterable[str]) -> None:
    """Each note as a DataWarning that points at the user's line."""
    for note in notes:
        warnings.warn(note, DataWarning, stacklevel=users_line())


def number_matrix(source: object, names: Sequence[str]) -> NDArray[np.float64]:
    """Columns of numbers by their names, as float64 of shape (n_rows, n_names); NaN is missing. For rows that come as dicts or frames to a model of numbers alone.

    A cell that is neither a number nor missing is NaN, and told by a DataWarning. Raises DataError where a column is absent.
    """
    with open_source(source, schema=Schema(tuple(Column(name, "number") for name in names))) as opened:
        matrix = opened.numbers()
    warn_of(opened.notes)
    return matrix


def read(
    source: object, *, target: str | None = None, ignore: Sequence[str] = (), weight: str | None = None, group: str | None = None, time: str | None = None,
    missing: Sequence[str | float] = (), keep_words: Sequence[str] = (), keep_columns: Sequence[str] = (), date_format: str | None = None,
    decimal: str | None = None, bad_cells: str | None = None, match_case: bool = True, any_classes: bool = False,
    encoding: str | None = None, header: bool = True, schema: Schema | None = None, classes: NDArray[Any] | None = None,
) -> Table:  # fmt: skip
    """Read a table of any kind.

    Parameters
    ----------
    source : str, path, data frame, dict, list of dicts or array
        A CSV, TSV, Parquet or JSON file (text and JSON also gzipped), a glob, ``file.duckdb::table``, ``file.sqlite::table``, ``-`` for standard input,
        ``example:NAME`` (iris, wine, digits, breast_cancer, blobs), a data frame of pandas, polars or pyarrow, anything with an Arrow stream, a dict of columns,
        rows as dicts (one, or a list of them), or a 2-D NumPy array.
    target : str, optional
        The column of the classes; rows without it are dropped and counted.
    ignore : sequence of str
        Columns to leave out.
    weight : str, optional
        A column of row weights, at least 0.
    group : str, optional
        A column whose equal values mark rows that belong together, such as those of one customer; no split parts them. It is no feature.
    time : str, optional
        A column of dates or numbers that order the rows; a split holds the last ones out. It is no feature. Not together with `group`.
    missing : sequence of str or number
        Words and numbers that mean a missing value, besides the empty cell, NA, N/A, NaN, null and ? (any case); among numbers, dates and booleans
        also None, -, n.a., #DIV/0! and their like.
    keep_words : sequence of str
        Words of these that are values all the same.
    keep_columns : sequence of str
        Columns that are used although they look like identifiers or free text.
    date_format : str, optional
        dmy, mdy, ymd or a pattern such as %d/%m/%Y, where the dates of a column allow more than one.
    decimal : "." or ",", optional
        The decimal mark, where the numbers of a column allow both.
    bad_cells : "missing" or "refuse", optional
        What to do with cells that are not what the rest of their column is; by default they are missing, and counted in the notes, but numbers that
        float32 does not hold are refused where the schema is inferred.
    match_case : bool, default True
        False: categories that differ from a trained one in case or spaces only are that one.
    any_classes : bool, default False
        True: the target may have any number of different values.
    encoding : str, optional
        Of a text file that is not UTF-8, such as cp1252.
    header : bool, default True
        False: the file has no header row; its columns are x0, x1, …
    schema, classes : Schema and array, optional
        A frozen schema and the labels that go with it: what the columns are is then not inferred.

    Returns
    -------
    Table
        With a float32 matrix; numbers beyond 2^24 are centred in float64 first. Its notes say what was left out, dropped or counted.

    Raises
    ------
    DataError
        If the table cannot be used; the message names file, row, column and value.

    Warns
    -----
    DataWarning
        For every note.

    Examples
    --------
    >>> table = read("example:iris", target="species")
    >>> table.matrix.shape, table.classes.tolist()
    ((150, 4), ['setosa', 'versicolor', 'virginica'])
    """
    with open_source(
        source, schema=schema, classes=classes, target=target, ignore=ignore, weight=weight, group=group, time=time, missing=missing, keep_words=keep_words,
        keep_columns=keep_columns, date_format=date_format, decimal=decimal, bad_cells=bad_cells, match_case=match_case, any_classes=any_classes, encoding=encoding, header=header,
    ) as opened:  # fmt: skip
        table = opened.table()
    warn_of(table.notes)
    return table
