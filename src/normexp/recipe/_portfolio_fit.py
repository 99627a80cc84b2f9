"""A portfolio fitted: every configuration on every fold, then one combination of all on the rows that each had not seen."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.functional import cross_entropy, log_softmax, softmax
from normexp.model import AnyMember, Encoder, HeldOut, Member, Model, OutOfFold, averaged
from normexp.network import History, Parameters
from normexp.recipe._combination import combination_of
from normexp.recipe._executor import Stop, run
from normexp.recipe._folds import Parts
from normexp.recipe._numbers import Numbers
from normexp.recipe._pairs import with_pairs
from normexp.recipe._portfolio import Portfolio, TreeConfiguration
from normexp.recipe._profile import profile_of
from normexp.recipe._statistics import Labelled, training_inputs, with_statistics
from normexp.recipe._tasks import NO_ROWS, AnyTask, Data, Learnt, task_of, with_one_round
from normexp.recipe._weights import row_weights
from normexp.tables import MatrixColumn

__all__ = ["Progress", "ProgressCallback", "fit_portfolio"]

LEAST_WEIGHT = 0.02  # of a configuration that is kept


class Progress(NamedTuple):
    """How far a fit is: tasks finished and in all, share of the work done, and the configurations whose out-of-fold log loss is known so far."""

    n_done: int
    n_tasks: int
    share: float
    losses: dict[str, float]


ProgressCallback = Callable[[Progress], bool]


Done = list[tuple[AnyTask, Learnt]]  # of one configuration, what came to its end


def fit_portfolio(
    matrix: NDArray[Any], columns: Sequence[MatrixColumn], targets: NDArray[np.int32], weights: NDArray[Any] | None, plan: Portfolio, rows: NDArray[np.int64],
    folds: Sequence[Parts], *, classes: NDArray[Any], class_weights: NDArray[np.float64] | None, shares: NDArray[np.float64],
    groups: NDArray[np.int64] | None = None, time_limit: float = 0.0,
    n_threads: int = 0, on_progress: ProgressCallback | None = None,
) -> Model:  # fmt: skip
    """As `recipe.fit`, which says what the arguments are; `folds` are in numbers of rows of the matrix, all of them among `rows`."""
    learnt = rows if not folds else np.unique(np.concatenate([part for part, _ in folds]))
    labelled = Labelled.of(matrix, targets, weights, groups, len(classes), learnt)
    places = [(np.searchsorted(rows, part), np.searchsorted(rows, held)) for part, held in folds] or [(np.arange(len(rows)), NO_ROWS)]
    data = _encoded(labelled, columns, plan, rows, learnt, folds, places, class_weights)
    used_weights = None if weights is None else weights[rows]
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
        classes, **_members(kept or [[(tasks[0][0], tasks[0][0].nothing())]], combination, log_shares), temperature=1.0, class_shares=shares,
        history=_history(kept, stop), n_features=matrix.shape[1], class_weights=class_weights,
        profile=profile_of(matrix, columns, learnt, np.setdiff1d(rows, learnt), softmax(pooled)), held_out=HeldOut.of(softmax(pooled), tested),
        out_of_fold=OutOfFold(len(places), tuple(names), tuple(map(float, combination[: len(names)])), tuple(losses[:-1]), losses[-1], len(tested), left_out),
    )  # fmt: skip


def _encoded(
    labelled: Labelled, columns: Sequence[MatrixColumn], plan: Portfolio, rows: NDArray[np.int64], learnt: NDArray[np.int64], folds: Sequence[Parts],
    places: Sequence[Parts], class_weights: NDArray[np.float64] | None,
) -> Data:  # fmt: skip
    """What the members of the plan read."""
    encoder = with_statistics(Encoder.fit(labelled.matrix, learnt, columns, plan.n_bins), labelled, learnt)
    targets, used_weights = np.ascontiguousarray(labelled.targets[rows]), None if labelled.weights is None else labelled.weights[rows]
    of_trees = [one for one in plan.configurations if isinstance(one, TreeConfiguration)]
    networks, numbers = [one for one in plan.configurations if not isinstance(one, TreeConfiguration)], None
    if of_trees:
        n_bins, weights = max(one.n_bins for one in of_trees), row_weights(targets, used_weights)
        numbers = Numbers.of(labelled, with_pairs(encoder, labelled.matrix, learnt), rows, places, n_bins=n_bins, seed=plan.seed, weights=weights)
        encoder = numbers.encoder
    inputs = training_inputs(encoder, labelled, rows, folds, plan.seed) if networks else np.empty((len(rows), 0), np.float32)
    plain = inputs if all(one.bins for one in networks) else np.ascontiguousarray(inputs[:, : encoder.n_plain_inputs])
    return Data(encoder, inputs, plain, numbers, targets, row_weights(targets, used_weights, class_weights), class_weights, labelled.n_classes)


def _tasks(data: Data, plan: Portfolio, folds: Sequence[Parts], stop: Stop) -> list[list[AnyTask]]:
    """Of each configuration, fold by fold; the first one is followed epoch by epoch."""
    return [
        [
            task_of(data, how, fold, int(np.random.SeedSequence([plan.seed, i, k, again]).generate_state(1)[0] >> 1), stop, followed=i == 0)
            for k, fold in enumerate(folds) for again in range(how.n_seeds)
        ]
        for i, how in enumerate(plan.configurations)
    ]  # fmt: skip


def _run(tasks: list[list[AnyTask]], stop: Stop, n_threads: int, on_progress: ProgressCallback | None) -> dict[AnyTask, Learnt]:
    """What each task gave, if it was begun."""
    flat, found, losses = [task for group in tasks for task in group], dict[AnyTask, Learnt](), dict[str, float]()
    total = sum(task.work for task in flat)

    def keep(task: AnyTask) -> None:
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


def _usable(tasks: list[list[AnyTask]], ended: dict[AnyTask, Learnt]) -> list[Done]:
    """The configurations whose tasks all came to their end; without any, what there is of the one with the most; without that, what there is of the first.

    None where all diverged.
    """
    finite = {task: one for task, one in ended.items() if one.is_finite}
    whole = [[(task, finite[task]) for task in group if task in finite and finite[task].whole] for group in tasks]
    found = [done for done, group in zip(whole, tasks, strict=True) if len(done) == len(group)] or [max(whole, key=len)]
    if not found[0]:
        found = [[(task, finite[task]) for task in tasks[0] if task in finite]]
    return [with_one_round(done) for done in found] if found[0] else []


def _seen(kept: Sequence[Done], n_rows: int) -> NDArray[np.int64]:
    """Rows that some task of the first configuration had held out."""
    held = np.zeros(n_rows, bool)
    for task, _ in kept[0] if kept else ():
        held[task.fold[1]] = True
    return np.flatnonzero(held)


def _out_of_fold(done: Done, data: Data) -> NDArray[np.float64]:
    """Log probabilities of each row by those who had not seen it, of the mean over several first weights; shape (n_rows, n_classes)."""
    found = np.zeros((len(data.targets), data.n_classes))
    by_fold: dict[int, list[tuple[AnyTask, Learnt]]] = {}
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
    members, weights, kinds = list[AnyMember](), list[float](), list[int]()
    for done, weight in zip(kept, combination, strict=True):
        found = [learnt.member for _, learnt in done]
        if found[0].is_linear:
            found = [_pooled(found, [1 / len(found)] * len(found))]
        if weight or (done is kept[-1] and not weights):  # where none says anything, one of weight 0 stands for all
            members += found
            kinds += [len(weights)] * len(found)
            weights.append(float(weight))
    bias: NDArray[np.float64] = (1 - combination.sum()) * log_shares
    if all(member.is_linear for member in members):  # linear models together are one, which holds their weights and the shares
        member = _pooled(members, weights)
        member.parameters["dense_0/bias"][:] += bias
        return {"members": (member,), "weights": (1.0,)}
    return {"members": tuple(members), "weights": tuple(weights), "kinds": tuple(kinds), "bias": bias}


def _pooled(members: Sequence[AnyMember], weights: Sequence[float]) -> Member:
    """Linear members as one, of their weighted parameters."""
    linear = [member for member in members if isinstance(member, Member)]
    total = sum(weight * member.parameters.values.astype(np.float64) for weight, member in zip(weights, linear, strict=True))
    return replace(linear[0], parameters=Parameters(np.asarray(total, np.float32), linear[0].parameters.segments))


def _history(kept: Sequence[Done], stop: Stop) -> History:
    """The mean over a configuration's tasks, and what ended the fit."""
    if not kept:
        return History((), (), (), (), -1, "diverged")
    histories = [learnt.history for _, learnt in kept[0]]
    n_epochs = min(history.n_epochs for history in histories)
    means = {name: np.mean([getattr(history, name)[:n_epochs] for history in histories], axis=0) for name in ("loss", "accuracy", "validation_loss", "validation_accuracy")}
    return History(**{name: tuple(map(float, mean)) for name, mean in means.items()}, best_epoch=n_epochs - 1, stopped=stop.reason or "epochs")
