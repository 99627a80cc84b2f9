"""What commands share that judge models on a table: how it is read, what is refused, what models and steps are called."""

import time
from typing import TYPE_CHECKING, Any

import click

from normexp.cli._console import say, say_notes
from normexp.errors import DataError

if TYPE_CHECKING:
    from normexp.evaluation import Evaluation
    from normexp.model import Model
    from normexp.tables import Table

__all__ = ["Steps", "apart", "evaluation_on", "labelled", "refuse_other_targets", "refuse_several_of_standard_input", "short_name"]


def labelled(model: "Model", path: str, table: str, options: dict[str, Any]) -> "Table":
    """The table as the model reads it, with targets if it has the target column; what was dropped is said."""
    from normexp.tables import open_source, unused_note

    if model.schema is None or model.schema.target is None:
        raise DataError(f"expected a model trained from a table with a target column, got one trained from arrays ({path}); evaluate it from Python")
    with open_source(table, target=model.schema.target, target_optional=True, schema=model.schema, classes=model.classes, **options) as source:
        data = source.table()
        say_notes(unused_note(source.unused, f" of {table}"))
    if data.targets is None:
        say(f"note: {table} has no column '{model.schema.target}': predictions only")
    say_notes(data.notes)
    return data


def refuse_several_of_standard_input(models: tuple[str, ...], table: str) -> None:
    if table == "-" and len(models) > 1:
        raise click.UsageError("expected a file to compare several models on, got - (standard input), which can be read only once; save it to a file first")


def refuse_other_targets(loaded: "list[Model]", models: tuple[str, ...]) -> None:
    targets = [model.schema.target if model.schema else None for model in loaded]
    for path, target in zip(models, targets, strict=True):
        if target != targets[0]:
            raise DataError(f"expected models of the same target to compare, got '{targets[0]}' ({models[0]}) and '{target}' ({path}); compare each with models of its own target")


def evaluation_on(model: "Model", data: "Table", table: str, n_threads: int = 0) -> "Evaluation":
    """Rows of classes that the model does not know are kept: they count as wrong."""
    from normexp.model import evaluation_of

    evaluation = evaluation_of(model, data, n_threads)
    if not len(evaluation):
        raise DataError(f"expected rows with a label to score, got none ({table}); is it the right table?")
    n_unknown = int((~evaluation.known).sum())
    if n_unknown == len(evaluation):
        raise DataError(f"expected rows with a class that the model knows, got none ({table}); is it the right table?")
    if n_unknown:
        say(f"note: {n_unknown} row{'s' if n_unknown > 1 else ''} with a class that the model does not know: counted as wrong, with a probability of 0")
    return evaluation


def apart(models: tuple[str, ...]) -> list[str]:
    """File names where they tell the models apart, else whole paths."""
    names = [model.rsplit("/", 1)[-1].removesuffix(".safetensors") for model in models]
    return names if len(set(names)) == len(names) else [f"{model} ({i})" if models.count(model) > 1 else model for i, model in enumerate(models, 1)]


def short_name(table: str) -> str:
    """A table's name without its folders, which are nobody else's business."""
    return table.rsplit("/", 1)[-1]


class Steps:
    """Says what is being done, once the work has taken a while."""

    PATIENCE = 3.0

    def __init__(self) -> None:
        self.started = time.monotonic()

    def __call__(self, step: str) -> None:
        if time.monotonic() - self.started > self.PATIENCE:
            say(f"report: {step} …")
