"""Are rows new to a model, and what has changed in them since it was trained?"""

from typing import TYPE_CHECKING, Any

from normexp.cli._console import echo, print_table, say
from normexp.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from normexp.model import Drift, Known, Model

__all__ = ["drift_as_data", "print_drift", "refuse_known_rows", "say_known_rows"]

MOST_COLUMNS = 10


def say_known_rows(model: "Model", name: str, table: str, matrix: "NDArray[Any]") -> "Known | None":
    """Says it if more rows than chance explains are rows that the model has learnt from; None without a fingerprint to tell by."""
    if model.profile is None or not len(model.profile.hashes):
        return None
    known = model.profile.known(matrix)
    if known.beyond_chance:
        say(f"note: {known.share:.0%} of the rows of {table} are rows that {name} has learnt from: the scores flatter it; evaluate it on others (train --save-test FILE keeps some)")
    return known


def refuse_known_rows(known: "dict[str, Known | None]", table: str) -> None:
    """No verdict between models on rows that one of them has learnt from."""
    for name, found in known.items():
        if found is not None and found.beyond_chance:
            raise DataError(f"expected rows that no model has learnt from to compare models on, got {table}, of which {found.share:.0%} are rows that {name} has learnt from; "
                            "compare them on rows held out of both (train --save-test FILE keeps some)")  # fmt: skip


def drift_as_data(found: "Drift | None") -> dict[str, Any]:
    if found is None:
        return {}
    columns = [{**column._asdict(), "has_changed": column.has_changed} for column in found.columns]
    return {"drift": {"columns": columns, "answers_in_training": found.answers_before.tolist(), "answers_now": found.answers_now.tolist()}}


def print_drift(found: "Drift | None") -> None:
    """The columns that moved most since the training, and how sure that is; nothing for a model without a profile."""
    if found is None:
        return
    n, changed = len(found.columns), found.changed
    echo(f"against training, {len(changed)} of {n} column{'s have' if n > 1 else ' has'} surely changed" + ("; by the size of the change:" if changed else "; the largest differences:"))
    rows = [(column.name, f"{column.distance:.1%}", f"{column.adjusted:.2g}" if column.adjusted >= 1e-4 else "< 0.0001", column.before, column.now)
            for column in (changed or found.columns)[:MOST_COLUMNS]]  # fmt: skip
    print_table(("column", "moved", "p (Holm)", "in training", "now"), rows)
    if len(changed) > MOST_COLUMNS:
        echo(f"and {len(changed) - MOST_COLUMNS} more columns")
