"""A portfolio fitted: every configuration on every fold, then one combination of all on the rows that each had not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.functional import cross_entropy, log_softmax, softmax
from normexp.model import Encoder, HeldOut, Member, Model, OutOfFold, averaged
from normexp.network import Dropout, History, Loss, Network, Optimizer, OptimizerState, Parameters, Rows, Training, fit_rows, initial_parameters, predict_logits, segments_of
from normexp.recipe._combination import combination_of
from normexp.recipe._executor import Stop, run
from normexp.recipe._folds import Parts
from normexp.recipe._portfolio import Configuration, Portfolio
from normexp.recipe._profile import profile_of
from normexp.recipe._schedule import cosine_rates
from normexp.recipe._statistics import Labelled, training_inputs, with_statistics
from normexp.recipe._weights import row_weights, shift_logits
from normexp.tables import MatrixColumn

__all__ = ["Progress", "ProgressCallback", "fit_portfolio"]

LEAST_WEIGHT = 0.02  # of a configuration that is kept
NO_ROWS = np.empty(0, np.int64)


class Progress(NamedTuple):
    """How far a fit is: tasks finished and in all, share of the work done, and the configurations whose out-of-fold log loss is known so far."""

    n_done: int
    n_tasks: int
    share: float
    losses: dict[str, float]


ProgressCallback = Callable[[Progress], bool]


@dataclass(frozen=True)
class Data:
    """What the tasks read, encoded once for all of them: rows that are used, in their order."""

    encoder: Encoder
    inputs: NDArray[np.float32]
    plain_inputs: NDArray[np.float32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float32] | None  # of the rows, times those of their classes: what they count in training
    class_weights: NDArray[np.float64] | None
    n_classes: int


class Learnt(NamedTuple):
    """What a task gives: the network's parameters, logits of the rows that were held out, losses an epoch; whole if nothing ended it early."""

    parameters: Parameters
    logits: NDArray[np.float32]
    history: History
    whole: bool


class _Task:
    """One network on one fold."""

    def __init__(self, data: Data, configuration: Configuration, fold: Parts, seed: int, stop: Stop, *, followed: bool) -> None:
        self.data, self.configuration, self.fold, self.seed, self.stop, self.followed = data, configuration, fold, seed, stop, followed
        self.network = Network.classifier(self.inputs.shape[1], configuration.hidden, data.n_classes)
        self.done = 0.0  # share of the epochs

    @property
    def inputs(self) -> NDArray[np.float32]:
        return self.data.inputs if self.configuration.bins else self.data.plain_inputs

    @property
    def work(self) -> float:
        """Products of its epochs, about."""
        return float(self.configuration.epochs) * len(self.fold[0]) * self.network.n_parameters

    def __call__(self) -> Learnt:
        how, (rows, held) = self.configuration, self.fold
        trained = _with_dropout(self.network, how)
        parameters, optimizer = initial_parameters(trained, self.seed), Optimizer(second=how.second, weight_decay=how.weight_decay)
        part = Rows(self.inputs, self.data.targets, rows, self.data.weights)
        training = Training(how.epochs, how.batch_size, how.learning_rate, optimizer, seed=self.seed, restore_best=False, n_threads=1)
        n_steps = how.epochs * -(-len(rows) // how.batch_size)
        result = fit_rows(
            trained.plan(), parameters, part, part._replace(chosen=held if self.followed else NO_ROWS), training, Loss(),
            OptimizerState.fresh(parameters, optimizer), cosine_rates(how.learning_rate, n_steps), on_poll=self._on_poll,
        )  # fmt: skip
        if result.stopped == "interrupted":  # in the main thread, where no other could be started
            self.stop.reason = "interrupted"
        self.done = 1.0
        parameters = Parameters(parameters.values, segments_of(self.network))
        shift_logits(self.network, parameters, self.data.class_weights, -1)
        seen, tested = [sums for sums, _ in result.epochs], [sums for _, sums in result.epochs]
        history = History(
            tuple(s.mean_loss for s in seen), tuple(s.accuracy for s in seen), tuple(s.mean_loss for s in tested), tuple(s.accuracy for s in tested),
            len(seen) - 1, result.stopped,
        )  # fmt: skip
        return Learnt(parameters, predict_logits(self.network, parameters, self.inputs[held], 1), history, result.stopped == "epochs")

    def _on_poll(self, epoch: int, _rows_done: int, _sums: Any) -> bool:
        self.done = epoch / self.configuration.epochs
        return self.stop()


Done = list[tuple[_Task, Learnt]]  # of one configuration, what came to its end


def _with_dropout(network: Network, how: Configuration) -> Network:
    layers: list[Any] = [Dropout(how.input_dropout)] if how.input_dropout else []
    for layer in network.layers:
        layers.append(layer)
        if how.dropout and layer is not network.layers[-1]:
            layers.append(Dropout(how.dropout))
    return Network(network.n_inputs, tuple(layers))


def fit_portfolio(
    matrix: NDArray[Any], columns: Sequence[MatrixColumn], targets: NDArray[np.int32], weights: NDArray[Any] | None, plan: Portfolio, rows: NDArray[np.int64],
    folds: Sequence[Parts], *, classes: NDArray[Any], class_weights: NDArray[np.float64] | None, shares: NDArray[np.float64],
    groups: NDArray[np.int64] | None = None, time_limit: float = 0.0,
    n_threads: int = 0, on_progress: ProgressCallback | None = None,
) -> Model:  # fmt: skip
    """As `recipe.fit`, which says what the arguments are; `folds` are in numbers of rows of the matrix, all of them among `rows`."""
    learnt = rows if not folds else np.unique(np.concatenate([part for part, _ in folds]))
    labelled = Labelled.of(matrix, targets, weights, groups, len(classes), learnt)
    encoder = with_statistics(Encoder.fit(matrix, learnt, columns, plan.n_bins), labelled, learnt)
    inputs = training_inputs(encoder, labelled, rows, folds, plan.seed)
    plain = inputs if all(one.bins for one in plan.configurations) else np.ascontiguousarray(inputs[:, : encoder.n_plain_inputs])
    used_weights, used_targets = None if weights is None else weights[rows], np.ascontiguousarray(targets[rows])
    data = Data(encoder, inputs, plain, used_targets, row_weights(used_targets, used_weights, class_weights), class_weights, len(classes))
    places = [(np.searchsorted(rows, part), np.searchsorted(rows, held)) for part, held in folds] or [(np.arange(len(rows)), NO_ROWS)]
    stop = Stop(time_limit)
    tasks = _tasks(data, plan, places, stop)
    kept = _usable(tasks, _run(tasks, stop, n_threads, on_progress))
    names, seen = [group[0][0].configuration.name for group in kept], _seen(kept, len(rows))
    tested, tested_weights = data.targets[seen], None if used_weights is None else used_weights[seen]
    log_shares = np.log(np.maximum(shares, 0.5 / len(rows)))
    logits = [_out_of_fold(group, data)[seen] for group in kept]
    combination = _combined(logits, tested, tested_weights, log_shares) if kept else np.zeros(1)
    pooled = np.tile(log_shares, (len(seen), 1)) + sum(w * (one - log_shares) for w, one in zip(combination, logits, strict=False))
    losses = [_log_loss(one, tested, tested_weights) for one in (*logits, pooled)]
    left_out = tuple(how.name for how in plan.configurations if how.name not in names)
    return Model(
        classes, **_members(kept or [[(tasks[0][0], _nothing(tasks[0][0]))]], combination, log_shares), temperature=1.0, class_shares=shares,
        history=_history(kept, stop), n_features=matrix.shape[1], class_weights=class_weights,
        profile=profile_of(matrix, columns, learnt, np.setdiff1d(rows, learnt), softmax(pooled)), held_out=HeldOut.of(softmax(pooled), tested),
        out_of_fold=OutOfFold(len(places), tuple(names), tuple(map(float, combination[: len(names)])), tuple(losses[:-1]), losses[-1], len(tested), left_out),
    )  # fmt: skip


def _tasks(data: Data, plan: Portfolio, folds: Sequence[Parts], stop: Stop) -> list[list[_Task]]:
    """Of each configuration, fold by fold; the first one is followed epoch by epoch."""
    return [
        [
            _Task(data, how, fold, int(np.random.SeedSequence([plan.seed, i, k, again]).generate_state(1)[0] >> 1), stop, followed=i == 0)
            for k, fold in enumerate(folds) for again in range(how.n_seeds)
        ]
        for i, how in enumerate(plan.configurations)
    ]  # fmt: skip


def _run(tasks: list[list[_Task]], stop: Stop, n_threads: int, on_progress: ProgressCallback | None) -> dict[_Task, Learnt]:
    """What each task gave, if it was begun."""
    flat, found, losses = [task for group in tasks for task in group], dict[_Task, Learnt](), dict[str, float]()
    total = sum(task.work for task in flat)

    def keep(task: _Task) -> None:
        found[task] = task()

    def look() -> bool:
        assert on_progress is not None
        for group in tasks:
            name, data = group[0].configuration.name, group[0].data
            if name not in losses and all(task in found for task in group):
                done = [(task, found[task]) for task in group]
                seen = _seen([done], len(data.targets))
                losses[name] = _log_loss(_out_of_fold(done, data)[seen], data.targets[seen], None)
        return on_progress(Progress(len(found), len(flat), sum(task.done * task.work for task in flat) / total, dict(losses)))

    run([partial(keep, task) for task in flat], n_threads, stop, None if on_progress is None else look)
    return found


def _usable(tasks: list[list[_Task]], ended: dict[_Task, Learnt]) -> list[Done]:
    """The configurations whose tasks all came to their end; without any, what there is of the one with the most; without that, what there is of the first.

    None where all diverged.
    """
    finite = {task: one for task, one in ended.items() if np.isfinite(one.parameters.values).all() and np.isfinite(one.logits).all()}
    whole = [[(task, finite[task]) for task in group if task in finite and finite[task].whole] for group in tasks]
    found = [done for done, group in zip(whole, tasks, strict=True) if len(done) == len(group)] or [max(whole, key=len)]
    if not found[0]:
        found = [[(task, finite[task]) for task in tasks[0] if task in finite]]
    return found if found[0] else []


def _nothing(task: _Task) -> Learnt:
    """What stands for members where all of them diverged: a network that has learnt nothing, of weight 0."""
    return Learnt(initial_parameters(task.network, task.seed), np.empty((0, task.data.n_classes), np.float32), History((), (), (), (), -1, "diverged"), False)


def _seen(kept: Sequence[Done], n_rows: int) -> NDArray[np.int64]:
    """Rows that some task of the first configuration had held out."""
    held = np.zeros(n_rows, bool)
    for task, _ in kept[0] if kept else ():
        held[task.fold[1]] = True
    return np.flatnonzero(held)


def _out_of_fold(done: Done, data: Data) -> NDArray[np.float64]:
    """Log probabilities of each row by those who had not seen it, of the mean over several first weights; shape (n_rows, n_classes)."""
    found = np.zeros((len(data.targets), data.n_classes))
    by_fold: dict[int, list[tuple[_Task, Learnt]]] = {}
    for task, learnt in done:
        by_fold.setdefault(id(task.fold), []).append((task, learnt))
    for of_fold in by_fold.values():
        found[of_fold[0][0].fold[1]] = log_softmax(averaged([learnt.logits.astype(np.float64) for _, learnt in of_fold]))
    return found


def _log_loss(logits: NDArray[Any], targets: NDArray[np.int32], weights: NDArray[Any] | None) -> float:
    """In nats, the weighted mean; NaN for no rows."""
    if not len(targets):
        return float("nan")
    return float(np.average(cross_entropy(logits, targets, reduction="none"), weights=weights))


def _combined(logits: list[NDArray[np.float64]], targets: NDArray[np.int32], weights: NDArray[Any] | None, log_shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the configurations, 0 for those that add next to nothing."""
    found = combination_of(logits, targets, weights, log_shares)
    large = found >= LEAST_WEIGHT
    if large.all() or not large.any():
        return found
    found = np.zeros(len(logits))
    found[large] = combination_of([one for one, is_large in zip(logits, large, strict=True) if is_large], targets, weights, log_shares)
    return found


def _members(kept: Sequence[Done], combination: NDArray[np.float64], log_shares: NDArray[np.float64]) -> dict[str, Any]:
    """Of the kinds with a weight, with these, and what the class shares add. Linear ones of several folds are one: the mean of their parameters."""
    members, weights, kinds = list[Member](), list[float](), list[int]()
    for done, weight in zip(kept, combination, strict=True):
        (task, _), found = done[0], [learnt.parameters for _, learnt in done]
        if not task.configuration.hidden:
            found = [Parameters(np.asarray(np.mean([one.values for one in found], axis=0, dtype=np.float64), np.float32), found[0].segments)]
        if weight or (done is kept[-1] and not weights):  # where none says anything, one of weight 0 stands for all
            members += [Member(task.data.encoder if task.configuration.bins else task.data.encoder.plain, task.network, one) for one in found]
            kinds += [len(weights)] * len(found)
            weights.append(float(weight))
    bias: NDArray[np.float64] = (1 - combination.sum()) * log_shares
    if all(len(member.network.layers) == 1 for member in members):  # linear models together are one, which holds their weights and the shares
        total = sum(weight * member.parameters.values.astype(np.float64) for weight, member in zip(weights, members, strict=True))
        parameters = Parameters(np.asarray(total, np.float32), members[0].parameters.segments)
        parameters["dense_0/bias"][:] += bias
        return {"members": (replace(members[0], parameters=parameters),), "weights": (1.0,)}
    return {"members": tuple(members), "weights": tuple(weights), "kinds": tuple(kinds), "bias": bias}


def _history(kept: Sequence[Done], stop: Stop) -> History:
    """The mean over a configuration's tasks, and what ended the fit."""
    if not kept:
        return History((), (), (), (), -1, "diverged")
    histories = [learnt.history for _, learnt in kept[0]]
    n_epochs = min(history.n_epochs for history in histories)
    means = {name: np.mean([getattr(history, name)[:n_epochs] for history in histories], axis=0) for name in ("loss", "accuracy", "validation_loss", "validation_accuracy")}
    return History(**{name: tuple(map(float, mean)) for name, mean in means.items()}, best_epoch=n_epochs - 1, stopped=stop.reason or "epochs")
