"""From the estimator's parameters to a plan, and what a fit prints."""

import numbers
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from normexp import recipe
from normexp._checks import integer_at_least, listing
from normexp.cluster import ClusterExecutor, current_client
from normexp.model import Model
from normexp.tables import MatrixColumn, Schema

__all__ = ["Printed", "executor_of", "folds_of", "plan_of_one", "planned", "print_epoch", "seed_of", "start_from"]

OF_TREES = ("max_depth", "max_iter", "l2_regularization", "max_bins")


def planned(estimator: Any, n_rows: int, columns: Sequence[MatrixColumn], n_classes: int) -> recipe.Plan | recipe.Portfolio:
    """What its quality asks for; raises ValueError for parameters that are not known, or not together."""
    quality, members = estimator.quality, estimator.members
    if quality not in recipe.QUALITIES:
        raise ValueError(f"expected quality out of {', '.join(recipe.QUALITIES)}, got {quality!r}")
    if quality == "fast":
        of_trees = ((name, getattr(estimator, name)) for name in OF_TREES)
        for name, value in (("members", members), ("cv", estimator.cv), *of_trees):
            if value is not None and not (isinstance(value, str) and value == "auto"):
                raise ValueError(f"expected quality 'good' or 'best' with {name}, got 'fast', which is one network, with {value!r}")
        return plan_of_one(estimator, n_rows, seed_of(estimator))
    if estimator.warm_start:
        raise ValueError(f"expected quality='fast' with warm_start, which goes on from one network, got {quality!r}")
    plan_of_one(estimator, n_rows, 0)  # refuses what makes no sense
    for name, default in (("patience", "auto"), ("validation_fraction", 0.2)):
        alone = name == "patience" and recipe.families(members) == ("trees",)
        if (value := getattr(estimator, name)) != default and not alone:
            raise ValueError(f"expected quality='fast' with {name}={value!r}, since networks train for a planned number of epochs and are judged by folds (cv), got {quality!r}")
    plan = recipe.portfolio(
        n_rows, columns, n_classes, quality, members=members, hidden_layer_sizes=estimator.hidden_layer_sizes, epochs=estimator.epochs, batch_size=estimator.batch_size,
        learning_rate=estimator.learning_rate, weight_decay=estimator.weight_decay, patience=estimator.patience, seed=seed_of(estimator),
        **{name: getattr(estimator, name) for name in OF_TREES},
    )  # fmt: skip
    return replace(plan, n_folds=integer_at_least(estimator.cv, 2, "cv")) if isinstance(estimator.cv, numbers.Integral) else plan


def folds_of(cv: Any, labels: NDArray[Any], groups: Any) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]] | None:
    """The folds of a splitter, or of an iterable; None for a number of folds, or none. Raises ValueError where a row is held out twice."""
    if cv is None or isinstance(cv, numbers.Integral):
        return None
    from sklearn.model_selection import check_cv

    folds = [(np.asarray(learnt, np.int64), np.asarray(held, np.int64)) for learnt, held in check_cv(cv, labels, classifier=True).split(np.zeros((len(labels), 1)), labels, groups)]
    held_out = np.bincount(np.concatenate([held for _, held in folds]), minlength=len(labels))
    if held_out.max() > 1:
        raise ValueError(f"expected folds that hold out a row once at most, got row {int(held_out.argmax())} held out {int(held_out.max())} times; repeat fits with other seeds")
    return folds


def executor_of(estimator: Any) -> recipe.Executor | None:
    """Of its client, or of the one that is current; None where there is none, and for one network."""
    if estimator.quality == "fast":
        if estimator.client is not None:
            raise ValueError("expected quality 'good' or 'best' with client, got 'fast', which is one network")
        return None
    if estimator.client is not None and not (hasattr(estimator.client, "submit") and hasattr(estimator.client, "nthreads")):
        raise TypeError(f"expected client to be a dask.distributed.Client, got {type(estimator.client).__name__}")
    client = current_client() if estimator.client is None else estimator.client
    return None if client is None else ClusterExecutor(client)


def plan_of_one(estimator: Any, n_rows: int, seed: int, validation_fraction: float | None = None) -> recipe.Plan:
    """Of one network."""
    return recipe.plan(
        n_rows, estimator.hidden_layer_sizes, epochs=estimator.epochs, batch_size=estimator.batch_size, patience=estimator.patience, learning_rate=estimator.learning_rate,
        weight_decay=estimator.weight_decay, validation_fraction=estimator.validation_fraction if validation_fraction is None else validation_fraction, seed=seed,
    )  # fmt: skip


def seed_of(estimator: Any) -> int:
    """Drawn from its random state."""
    return recipe.seed_from(check_random_state(estimator.random_state))


def start_from(before: Model | None, classes: NDArray[Any], schema: Schema | None, n_columns: int) -> Model | None:
    """A warm start needs the classes of the last fit; with other columns the network is forgotten."""
    if before is None:
        return None
    if not np.array_equal(before.classes, classes):
        raise ValueError(f"expected the classes of the last fit with warm_start, {listing(before.classes.tolist())}, got {listing(classes.tolist())}; use warm_start=False")
    return before if before.schema == schema and len(before.encoder.centre) == n_columns else None


class Printed:
    """A line when the log loss of a further kind of members is known."""

    def __init__(self) -> None:
        self.n_told = 0

    def __call__(self, progress: recipe.Progress) -> bool:
        for name, loss in list(progress.losses.items())[self.n_told :]:
            print(f"{progress.share:.0%}: {name}, out-of-fold loss {loss:.4f}", flush=True)
        self.n_told = len(progress.losses)
        return False


def print_epoch(epoch: int, loss: float, accuracy: float, validation_loss: float, validation_accuracy: float) -> bool:
    """A line an epoch."""
    print(f"epoch {epoch + 1}: loss {loss:.4f} - accuracy {accuracy:.4f} - validation loss {validation_loss:.4f} - validation accuracy {validation_accuracy:.4f}", flush=True)
    return False
