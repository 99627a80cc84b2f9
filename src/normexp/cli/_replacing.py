"""Training again: a model under a default name gives way to one that the same command makes, and to no other."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from normexp._checks import listing
from normexp.errors import ModelFileError

if TYPE_CHECKING:
    from normexp.saving import ModelInfo
    from normexp.tables import Table

__all__ = ["refuse_other_columns", "refuse_other_rows", "refuse_other_target"]


def refuse_other_target(path: Path, target: str) -> None:
    """Before the table is read: what is in the way must be a model of the same target."""
    before = _model_at(path, f"expected a new file or a model of '{target}' trained before")
    if (found := (before.schema or {}).get("target")) != target:
        of = "arrays" if found is None else f"'{found}'"
        raise _refused(f"expected a new file or a model of '{target}' trained before, got '{path}', a model of {of}")


def refuse_other_columns(path: Path, data: "Table", *, asked: bool) -> None:
    """Once the table is read: the columns and the classes of the model that is in the way are the table's, or some of them, or these and others.

    So options may differ, and rows that came since, but not what the table is of. `asked` is whether the user has named the file or said --force.
    """
    if asked or not path.exists():
        return
    before = _model_at(path, "expected a new file or a model of this table trained before")
    assert data.classes is not None
    columns = [column["name"] for column in (before.schema or {}).get("columns", [])], [column.name for column in data.schema.columns]
    for kind, (old, new) in (("columns", columns), ("classes", (before.classes, data.classes.tolist()))):
        if not (set(old) <= set(new) or set(new) <= set(old)):
            raise _refused(f"expected a new file or a model of this table's {kind} trained before, {listing(new)}, got '{path}', a model of {listing(old)}")


def refuse_other_rows(path: Path, data: "Table") -> None:
    """A file of rows held out gives way to one of the same table: a CSV whose first line names the table's columns and target."""
    if not path.exists():
        return
    with path.open("rb") as file:
        first = file.readline(2**20).decode("utf-8", "replace").strip()
    names = next(csv.reader([first]), []) if path.suffix == ".csv" else []
    if not {column.name for column in data.schema.columns} | {data.schema.target} <= set(names):
        found = f"expected a new file or earlier rows of this table to keep the rows held out in, got '{path}', which holds something else"
        raise _refused(found, "another name with --save-test FILE")


def _model_at(path: Path, expected: str) -> "ModelInfo":
    from normexp import saving

    try:
        return saving.info(path)
    except ModelFileError:
        raise _refused(f"{expected}, got '{path}', which exists and is no normexp model that can be read") from None


def _refused(found: str, other: str = "another with -o FILE") -> FileExistsError:
    return FileExistsError(f"{found}; replace it with --force or choose {other}")
