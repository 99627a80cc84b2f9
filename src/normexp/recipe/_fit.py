"""From a matrix and targets to a Model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.evaluation import fit_temperature
from normexp.functional import softmax
from normexp.model import AnyMember, Encoder, HeldOut, Member, Model
from normexp.network import EpochCallback, History, Network, Optimizer, OptimizerState, PollCallback, Training, initial_parameters, predict_logits
from normexp.network import fit as fit_network
from normexp.recipe._folds import Parts, folds_of
from normexp.recipe._plan import Plan
from normexp.recipe._portfolio import Portfolio
from normexp.recipe._portfolio_fit import Executor, ProgressCallback, Threads, fit_portfolio
from normexp.recipe._profile import profile_of
from normexp.recipe._statistics import Labelled, training_inputs, with_statistics
from normexp.recipe._weights import ClassWeight, class_weights_of, row_weights, shift_logits
from normexp.recipe._workbench import Workbench
from normexp.tables import MatrixColumn, Table, held_out_rows

__all__ = ["fit", "fit_table", "parts_of", "step", "workbench"]

MIN_ROWS_FOR_VALIDATION = 10
# What few rows are taken to need: they chose the epoch too, and so flatter it. Beyond the fitted temperature, new rows of ten small tables wanted 1.2 (8 of 10 better by it).
TEMPERATURE, TEMPERATURE_SCALE = 1.25, 0.3


def fit(
    matrix: NDArray[Any], columns: Sequence[MatrixColumn], targets: NDArray[np.int32], weights: NDArray[Any] | None, plan: Plan | Portfolio, *, classes: NDArray[Any],
    rows: NDArray[np.int64] | None = None, validation_rows: NDArray[np.int64] | None = None, groups: NDArray[np.int64] | None = None,
    times: NDArray[np.float64] | None = None, class_weight: ClassWeight = None, start: Model | None = None,
    time_limit: float = 0.0, n_threads: int = 0, on_epoch: EpochCallback | None = None, on_poll: PollCallback | None = None,
    on_progress: ProgressCallback | None = None, folds: Sequence[Parts] | None = None, executor: Executor | None = None,
) -> Model:  # fmt: skip
    """Train as planned. Of one network, rows that were not learnt from choose epoch and temperature; the members of a portfolio are combined on rows that they had not seen.

    Parameters
    ----------
    matrix : ndarray of shape (n, n_columns), float32 or float64
        NaN is missing, categories are codes.
    columns : sequence of MatrixColumn
        What the columns of the matrix are.
    targets : int32 ndarray of shape (n,)
        Places in `classes`.
    weights : ndarray of shape (n,), or None
        Of the rows, at least 0; those that are used have more.
    plan : Plan or Portfolio
    classes : ndarray of shape (n_classes,)
        Labels, kept in the model.
    rows : ndarray of int, optional
        Those to learn from; default all.
    validation_rows : ndarray of int, optional
        Those that choose epoch and temperature, or combine a portfolio, instead of a part of `rows`.
    groups, times : ndarray of shape (n,), optional
        That part has no row of a group that is learnt from; it is the last in time (see `normexp.tables.held_out_rows`). Folds are of whole groups, and spans of time.
    class_weight : "balanced", ndarray of shape (n_classes,), or None
        Multiplied with the row weights in training. The probabilities are those of the data all the same: they are put back to its shares before the temperature
        is chosen; what a weight changes is what the model answers (`Model.answers`).
    start : Model, optional
        Go on from its network, with its encoder; it stays as it is. Not with a portfolio.
    time_limit : float
        Seconds after which training ends with the best epoch so far, or with the kinds of members that are finished; 0 is none.
    n_threads : int
        0 is the default number; the bits do not depend on it.
    on_epoch, on_poll : callables, optional
        As in `normexp.network.fit`, for one network.
    on_progress : callable, optional
        For a portfolio: called every 50 ms with a `Progress`; the fit ends with what it has when it returns True.
    folds : sequence of (rows to learn from, rows held out), optional
        For a portfolio, instead of those that are planned; what of them is in `rows` is used.
    executor : Executor, optional
        For a portfolio: where its tasks run, `n_threads` threads of this process by default; the bits do not depend on it.

    Returns
    -------
    Model
        Of plain columns; whoever knows names and a schema adds them. Its history says what ended the training.
    """
    _refuse_one_class(classes)
    rows = np.arange(len(matrix)) if rows is None else rows
    if isinstance(plan, Portfolio):
        if validation_rows is not None:
            folds = [(rows, validation_rows)]
        elif folds is not None:
            folds = [(np.intersect1d(learnt, rows), np.intersect1d(held, rows)) for learnt, held in folds]
        bench = workbench(matrix, columns, targets, weights, plan, classes=classes, rows=rows, groups=groups, times=times, class_weight=class_weight, folds=folds)
        return fit_portfolio(bench, plan, executor or Threads(n_threads), time_limit=time_limit, on_progress=on_progress)
    parts = (rows, validation_rows) if validation_rows is not None else parts_of(rows, targets, plan, groups, times)
    used = np.concatenate(parts)
    labelled = Labelled.of(matrix, targets, weights, groups, len(classes), parts[0])
    member = _member(labelled, columns, parts[0], plan, start)
    features, used_targets = training_inputs(member.encoder, labelled, used, [parts], plan.seed), np.ascontiguousarray(targets[used])
    own_weights, class_weights = None if weights is None else weights[used], class_weights_of(class_weight, used_targets, len(classes))
    training_rows, held_rows = np.split(np.arange(len(used)), [len(parts[0])])
    training = Training(
        plan.epochs, plan.batch_size, plan.learning_rate, Optimizer(weight_decay=plan.weight_decay), patience=plan.patience if len(held_rows) else 0,
        seed=plan.seed, time_limit=time_limit, n_threads=n_threads,
    )  # fmt: skip
    history = fit_network(
        member.network, member.parameters, features, used_targets, training, training_rows=training_rows, validation_rows=held_rows,
        weights=row_weights(used_targets, own_weights, class_weights), state=member.state, on_epoch=on_epoch, on_poll=on_poll,
    )  # fmt: skip
    shift_logits(member.network, member.parameters, class_weights, -1)
    held = slice(len(parts[0]), None)  # the validation rows lie at the end: a view, no copy
    held_logits, held_weights = predict_logits(member.network, member.parameters, features[held], n_threads), row_weights(used_targets, own_weights)
    temperature = fit_temperature(held_logits, used_targets[held], None if held_weights is None else held_weights[held], TEMPERATURE_SCALE, TEMPERATURE)
    held_probabilities = softmax(held_logits / np.float32(temperature))
    profile = profile_of(matrix, columns, *parts, held_probabilities, None if start is None else start.profile)
    shares, told = _shares(used_targets, own_weights, len(classes)), HeldOut.of(held_probabilities, used_targets[held])
    return Model(classes, (member,), (1.0,), temperature, shares, history, matrix.shape[1], class_weights=class_weights, profile=profile, held_out=told)


def workbench(
    matrix: NDArray[Any], columns: Sequence[MatrixColumn], targets: NDArray[np.int32], weights: NDArray[Any] | None, plan: Portfolio, *, classes: NDArray[Any],
    rows: NDArray[np.int64] | None = None, groups: NDArray[np.int64] | None = None, times: NDArray[np.float64] | None = None, class_weight: ClassWeight = None,
    folds: Sequence[Parts] | None = None, encoded: bool = True,
) -> Workbench:  # fmt: skip
    """What the members of a portfolio, and others like them, are fitted on. Parameters as of `fit` and `Workbench.of`; folds hold out what they say, and learn from `rows`."""
    _refuse_one_class(classes)
    rows = np.arange(len(matrix)) if rows is None else rows
    if folds is None:
        folds = folds_of(rows, targets, plan.n_folds, plan.seed, groups, times)
    if any(len(np.setdiff1d(learnt, rows)) for learnt, _ in folds):
        raise ValueError("expected folds that learn from rows to learn from, got others among them")
    if any(not len(learnt) for learnt, _ in folds):
        raise ValueError("expected folds with rows to learn from, of a weight above 0, got one without any")
    used = np.unique(np.concatenate([rows, *(held for _, held in folds)]))
    return Workbench.of(
        matrix, columns, targets, weights, used, folds, plan.configurations, n_bins=plan.n_bins, seed=plan.seed, classes=classes,
        class_weights=class_weights_of(class_weight, targets[used], len(classes)), shares=_shares(targets[used], None if weights is None else weights[used], len(classes)),
        groups=groups, encoded=encoded,
    )  # fmt: skip


def step(
    matrix: NDArray[Any], columns: Sequence[MatrixColumn], targets: NDArray[np.int32], weights: NDArray[Any] | None, plan: Plan, *, classes: NDArray[Any],
    class_weight: ClassWeight = None, start: Model | None = None, n_threads: int = 0,
) -> Model:  # fmt: skip
    """One more pass over the rows for every network, all rows learnt from; the temperature is 1, forests and weights of members stay. Parameters as those of `fit`."""
    _refuse_one_class(classes)
    rows, class_weights = np.arange(len(matrix)), class_weights_of(class_weight, targets, len(classes))
    training = Training(1, plan.batch_size, plan.learning_rate, Optimizer(weight_decay=plan.weight_decay), restore_best=False, n_threads=n_threads)
    labelled = Labelled.of(matrix, targets, weights, None, len(classes), rows)
    members: tuple[AnyMember, ...] = (_member(labelled, columns, rows, plan, None),) if start is None else _going_on(start)
    networks, histories = [member for member in members if isinstance(member, Member)], list[History]()
    if not networks:
        raise ValueError("expected a model with networks to go on from, got one of forests, which are grown once; fit again, on all rows")
    for member in networks:
        inputs = training_inputs(member.encoder, labelled, rows, (), plan.seed)
        used_weights = row_weights(targets, weights, class_weights)
        histories.append(fit_network(member.network, member.parameters, inputs, targets, training, training_rows=rows, weights=used_weights, state=member.state))
        shift_logits(member.network, member.parameters, class_weights, -1)
    shares = _shares(targets, weights, len(classes))
    if start is None or len(members) == 1:
        return Model(classes, members, (1.0,), 1.0, shares, histories[0], matrix.shape[1], class_weights=class_weights)
    return Model(classes, members, start.weights, 1.0, shares, histories[0], matrix.shape[1], class_weights=class_weights, kinds=start.kinds, bias=start.bias)


def fit_table(
    table: Table, plan: Plan | Portfolio, *, rows: NDArray[np.int64] | None = None, class_weight: ClassWeight = None, start: Model | None = None, time_limit: float = 0.0,
    n_threads: int = 0, on_epoch: EpochCallback | None = None, on_poll: PollCallback | None = None, on_progress: ProgressCallback | None = None,
    executor: Executor | None = None,
) -> Model:  # fmt: skip
    """As `fit`, on a table with targets, whose schema and names the model keeps."""
    classes, targets = table.with_target()
    model = fit(
        table.matrix, table.schema.matrix_columns(), targets, table.weights, plan, classes=classes, rows=rows, groups=table.groups, times=table.times,
        class_weight=class_weight, start=start, time_limit=time_limit, n_threads=n_threads, on_epoch=on_epoch, on_poll=on_poll, on_progress=on_progress, executor=executor,
    )  # fmt: skip
    return replace(model, schema=table.schema, n_features=len(table.schema.columns), feature_names=tuple(column.name for column in table.schema.columns))


def parts_of(rows: NDArray[np.int64], targets: NDArray[np.int32], plan: Plan, groups: NDArray[np.int64] | None, times: NDArray[np.float64] | None) -> Parts:
    """Rows to learn from, and those that choose epoch and temperature."""
    if plan.validation_fraction > 0 and len(rows) >= MIN_ROWS_FOR_VALIDATION:
        return held_out_rows(targets, plan.validation_fraction, plan.seed, rows, groups=groups, times=times)
    return rows, rows[:0]


def _member(data: Labelled, columns: Sequence[MatrixColumn], rows: NDArray[np.int64], plan: Plan, start: Model | None) -> Member:
    """A fresh encoder and network, or a copy of those to go on from."""
    if start is not None:
        (member,) = _going_on(start)
        assert isinstance(member, Member)
        return member
    encoder = with_statistics(Encoder.fit(data.matrix, rows, columns), data, rows)
    network = Network.classifier(encoder.n_inputs, plan.hidden, data.n_classes)
    parameters = initial_parameters(network, plan.seed)
    return Member(encoder, network, parameters, OptimizerState.fresh(parameters))


def _going_on(start: Model) -> tuple[AnyMember, ...]:
    """The members, networks as copies for training to go on from."""
    return tuple(_copy(member, start.class_weights) if isinstance(member, Member) else member for member in start.members)


def _copy(before: Member, class_weights: NDArray[np.float64] | None) -> Member:
    copy = replace(before, parameters=before.parameters.copy(), state=before.state.copy() if before.state else OptimizerState.fresh(before.parameters))
    shift_logits(copy.network, copy.parameters, class_weights, 1)
    return copy


def _refuse_one_class(classes: NDArray[Any]) -> None:
    if len(classes) < 2:
        raise ValueError(f"expected at least two classes, got one class: {classes.tolist()}")


def _shares(targets: NDArray[np.int32], weights: NDArray[Any] | None, n_classes: int) -> NDArray[np.float64]:
    """Of the classes, by weight."""
    found = np.bincount(targets, weights, n_classes)
    shares: NDArray[np.float64] = found / max(found.sum(), 1e-300)
    return shares
