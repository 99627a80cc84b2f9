"""Some rows of a table as a table of their own, cells as they are."""

from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from normexp.errors import DataError
from normexp.tables._options import Options
from normexp.tables._results import RawRows, Results
from normexp.tables.inference import named
from normexp.tables.sources import rows_of

__all__ = ["write_rows"]


def write_rows(source: object, rows: NDArray[np.int64], path: Path, *, encoding: str | None = None, header: bool = True) -> None:
    """Write rows of a source, counted from 0 as in the source, in its order and with all its columns, as CSV or, by the ending, Parquet; whole or not at all.

    Raises
    ------
    DataError
        If the source cannot be read again, or has no such rows.
    """
    with closing(rows_of(source, Options(encoding=encoding, header=header), declared=False)) as data:
        names, _, _ = named(data, keep=())
        data.names = names
        chosen = np.zeros(data.n_rows, bool)
        if len(rows) and not 0 <= rows.min() <= rows.max() < data.n_rows:
            raise DataError(f"expected rows from 1 to {data.n_rows}, got {rows.min() + 1} to {rows.max() + 1} ({data.label}); has it changed?")
        chosen[rows] = True
        with Results(RawRows(data, names), [], [], names, chooses=True) as results:
            results.add([chosen])
            results.write(path)
