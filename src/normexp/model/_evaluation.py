"""How good a model is on a table."""

from normexp.evaluation import Evaluation
from normexp.model._model import Model
from normexp.tables import Table

__all__ = ["evaluation_of"]


def evaluation_of(model: Model, table: Table, n_threads: int = 0) -> Evaluation:
    """The evaluation on a table with a target, read by the model's schema and classes; rows of classes that the model does not know count as wrong."""
    _, targets = table.with_target()
    probabilities = model.probabilities(table.matrix, n_threads)
    return Evaluation(model.classes, targets, probabilities, table.weights, None if model.class_weights is None else model.answers(probabilities), model.positive, table.groups)
