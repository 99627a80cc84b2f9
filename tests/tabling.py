"""What tests of tables share: small files, and reading with every note accounted for."""

import re
import warnings
from pathlib import Path

from normexp.errors import DataWarning
from normexp.tables import read

CASES = Path(__file__).parent / "cases"


def write(folder, text, name="table.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def lines(header, rows):
    return "\n".join([header, *(",".join(str(cell) for cell in row) for row in rows)]) + "\n"


def kinds(table):
    return {column.name: column.kind for column in table.schema.columns}


def noted(run, *words):
    """What `run` returns; it must warn once for each of the words (regular expressions), in this order, and of nothing else."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = run()
    notes = [str(warning.message) for warning in caught]
    assert {warning.category for warning in caught} <= {DataWarning}, notes
    fits = len(notes) == len(words) and all(re.search(word, note) for word, note in zip(words, notes, strict=True))
    assert fits, "\n".join(["got these notes:", *notes])
    return found


def told(source, *words, **options):
    """The table of `read`, which must give these notes and no other; they are the table's notes too."""
    table = noted(lambda: read(source, **options), *words)
    assert len(table.notes) == len(words)
    return table


def quietly(source, **options):
    """The table of `read`, whatever its notes: for tests of something else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return read(source, **options)
