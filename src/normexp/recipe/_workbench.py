"""A table made ready once for any number of configurations: its rows encoded and its folds; and what comes of those that were fitted, one model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.functional import cross_entropy, log_softmax, softmax
from normexp.model import AnyMember, Encoder, HeldOut, Member, Model, OutOfFold, averaged
from normexp.network import History, Parameters
from normexp.recipe._combination import combination_of
from normexp.recipe._executor import Stop
from normexp.recipe._folds import Parts
from normexp.recipe._numbers import Numbers
from normexp.recipe._pairs import with_pairs
from normexp.recipe._portfolio import AnyConfiguration, TreeConfiguration
from normexp.recipe._profile import profile_of
from normexp.recipe._statistics import Labelled, training_inputs, with_statistics
from normexp.recipe._tasks import NO_ROWS, AnyTask, Data, Learnt, task_of
from normexp.recipe._weights import row_weights
from normexp.tables import MatrixColumn

__all__ = ["Done", "Workbench"]

LEAST_WEIGHT = 0.02  # of a configuration that is kept

Done = Sequence[tuple[AnyTask, Learnt]]  # of one configuration, what came to its end


@dataclass(frozen=True)
class Workbench:
    """Rows that are used, what members read of them, and the folds, as places among these rows."""

    labelled: Labelled
    columns: Sequence[MatrixColumn]
    rows: NDArray[np.int64]
    learnt: NDArray[np.int64]  # those that some fold learns from
    places: Sequence[Parts]
    data: Data
    weights: NDArray[Any] | None  # of the rows, as they were given
    classes: NDArray[Any]
    shares: NDArray[np.float64]  # of the classes
    seed: int

    @staticmethod
    def of(
        matrix: NDArray[Any], columns: Sequence[MatrixColumn], targets: NDArray[np.int32], weights: NDArray[Any] | None, rows: NDArray[np.int64], folds: Sequence[Parts],
        configurations: Sequence[AnyConfiguration], *, n_bins: int, seed: int, classes: NDArray[Any], class_weights: NDArray[np.float64] | None,
        shares: NDArray[np.float64], groups: NDArray[np.int64] | None = None, encoded: bool = True,
    ) -> "Workbench":  # fmt: skip
        """For members like these configurations; `folds` are in numbers of rows of the matrix, all of them among `rows`. `n_bins` is of the numbers that networks see.

        Without `encoded` there are no inputs of networks: whoever trains them has inputs of their own.
        """
        learnt = rows if not folds else np.unique(np.concatenate([part for part, _ in folds]))
        labelled = Labelled.of(matrix, targets, weights, groups, len(classes), learnt)
        places = [(np.searchsorted(rows, part), np.searchsorted(rows, held)) for part, held in folds] or [(np.arange(len(rows)), NO_ROWS)]
        data = _encoded(labelled, columns, configurations, n_bins, seed, rows, learnt, folds, places, class_weights, has_inputs=encoded)
        return Workbench(labelled, columns, rows, learnt, places, data, None if weights is None else weights[rows], classes, shares, seed)

    def tasks(self, how: AnyConfiguration, number: int, stop: Stop, *, followed: bool = False) -> list[AnyTask]:
        """Fold by fold; the number decides the seeds. `followed` asks for losses epoch by epoch."""
        return [
            task_of(self.data, how, fold, int(np.random.SeedSequence([self.seed, number, k, again]).generate_state(1)[0] >> 1), stop, followed=followed)
            for k, fold in enumerate(self.places) for again in range(how.n_seeds)
        ]  # fmt: skip

    @cached_property
    def log_shares(self) -> NDArray[np.float64]:
        """What is answered where no member says anything."""
        found: NDArray[np.float64] = np.log(np.maximum(self.shares, 0.5 / len(self.rows)))
        return found

    def seen(self, done: Done) -> NDArray[np.int64]:
        """Places of rows that some of these tasks had held out."""
        held = np.zeros(len(self.rows), bool)
        for task, _ in done:
            held[task.fold[1]] = True
        return np.flatnonzero(held)

    def out_of_fold(self, done: Done) -> NDArray[np.float64]:
        """Log probabilities of each row by those who had not seen it, of the mean over several first weights; shape (n_rows, n_classes)."""
        found = np.zeros((len(self.rows), len(self.classes)))
        by_fold: dict[int, list[tuple[AnyTask, Learnt]]] = {}
        for task, learnt in done:
            by_fold.setdefault(id(task.fold), []).append((task, learnt))
        for of_fold in by_fold.values():
            found[of_fold[0][0].fold[1]] = log_softmax(averaged([learnt.logits.astype(np.float64) for _, learnt in of_fold]))
        return found

    def loss(self, logits: NDArray[Any], places: NDArray[np.int64]) -> float:
        """Of logits of the rows at these places: in nats, the weighted mean; NaN for no rows."""
        if not len(places):
            return float("nan")
        weights = None if self.weights is None else self.weights[places]
        return float(np.average(cross_entropy(logits, self.data.targets[places], reduction="none"), weights=weights))

    def combination(self, logits: Sequence[NDArray[np.float64]], places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weights of configurations by their logits of the rows at these places; 0 for those that add next to nothing."""
        targets, weights = self.data.targets[places], None if self.weights is None else self.weights[places]
        found = combination_of(logits, targets, weights, self.log_shares)
        large = found >= LEAST_WEIGHT
        if large.all() or not large.any():
            return found
        found = np.zeros(len(logits))
        found[large] = combination_of([one for one, is_large in zip(logits, large, strict=True) if is_large], targets, weights, self.log_shares)
        return found

    def pooled(self, logits: Sequence[NDArray[np.float64]], combination: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits of the combination."""
        found: NDArray[np.float64] = self.log_shares + sum(weight * (one - self.log_shares) for weight, one in zip(combination, logits, strict=True))
        return found

    def model(self, kept: Sequence[Done], stopped: str, *, nothing: AnyTask, left_out: Sequence[str] = (), combination: NDArray[np.float64] | None = None) -> Model:
        """One model of the configurations that were fitted, of these weights or those of the least loss; `nothing` is a task whose member stands for all where none was.

        `left_out` names those that did not end.
        """
        names, seen = [done[0][0].configuration.name for done in kept], self.seen(kept[0] if kept else ())
        logits = [self.out_of_fold(done)[seen] for done in kept]
        if combination is None:
            combination = self.combination(logits, seen) if kept else np.zeros(0)
        pooled = self.pooled(logits, combination) if kept else np.empty((0, len(self.classes)))
        losses = [self.loss(one, seen) for one in (*logits, pooled)]
        held = np.setdiff1d(self.rows, self.learnt)
        return Model(
            self.classes, **self._members(kept or [[(nothing, nothing.nothing())]], combination if kept else np.zeros(1)), temperature=1.0, class_shares=self.shares,
            history=_history(kept, stopped), n_features=self.labelled.matrix.shape[1], class_weights=self.data.class_weights,
            profile=profile_of(self.labelled.matrix, self.columns, self.learnt, held, softmax(pooled)), held_out=HeldOut.of(softmax(pooled), self.data.targets[seen]),
            out_of_fold=OutOfFold(len(self.places), tuple(names), tuple(map(float, combination)), tuple(losses[:-1]), losses[-1], len(seen), tuple(left_out)),
        )  # fmt: skip

    def _members(self, kept: Sequence[Done], combination: NDArray[np.float64]) -> dict[str, Any]:
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
        bias: NDArray[np.float64] = (1 - combination.sum()) * self.log_shares
        if all(member.is_linear and member.encoder is members[0].encoder for member in members):  # linear models together are one, which holds their weights and the shares
            member = _pooled(members, weights)
            member.parameters["dense_0/bias"][:] += bias
            return {"members": (member,), "weights": (1.0,)}
        return {"members": tuple(members), "weights": tuple(weights), "kinds": tuple(kinds), "bias": bias}


def _encoded(
    labelled: Labelled, columns: Sequence[MatrixColumn], configurations: Sequence[AnyConfiguration], n_bins: int, seed: int, rows: NDArray[np.int64],
    learnt: NDArray[np.int64], folds: Sequence[Parts], places: Sequence[Parts], class_weights: NDArray[np.float64] | None, *, has_inputs: bool,
) -> Data:  # fmt: skip
    """What the members read."""
    encoder = with_statistics(Encoder.fit(labelled.matrix, learnt, columns, n_bins), labelled, learnt)
    targets, used_weights = np.ascontiguousarray(labelled.targets[rows]), None if labelled.weights is None else labelled.weights[rows]
    of_trees = [one for one in configurations if isinstance(one, TreeConfiguration)]
    networks, numbers = [one for one in configurations if has_inputs and not isinstance(one, TreeConfiguration)], None
    if of_trees:
        most, weights = max(one.n_bins for one in of_trees), row_weights(targets, used_weights)
        numbers = Numbers.of(labelled, with_pairs(encoder, labelled.matrix, learnt), rows, places, n_bins=most, seed=seed, weights=weights)
        encoder = numbers.encoder
    inputs = training_inputs(encoder, labelled, rows, folds, seed) if networks else np.empty((len(rows), 0), np.float32)
    plain = inputs if all(one.bins for one in networks) else np.ascontiguousarray(inputs[:, : encoder.n_plain_inputs])
    return Data(places, encoder, inputs, plain, numbers, targets, row_weights(targets, used_weights, class_weights), class_weights, labelled.n_classes)


def _pooled(members: Sequence[AnyMember], weights: Sequence[float]) -> Member:
    """Linear members as one, of their weighted parameters."""
    linear = [member for member in members if isinstance(member, Member)]
    total = sum(weight * member.parameters.values.astype(np.float64) for weight, member in zip(weights, linear, strict=True))
    return replace(linear[0], parameters=Parameters(np.asarray(total, np.float32), linear[0].parameters.segments))


def _history(kept: Sequence[Done], stopped: str) -> History:
    """The mean over the tasks of the first configuration, and what ended the fit."""
    if not kept:
        return History((), (), (), (), -1, stopped or "diverged")
    histories = [learnt.history for _, learnt in kept[0]]
    n_epochs = min(history.n_epochs for history in histories)
    means = {name: np.mean([getattr(history, name)[:n_epochs] for history in histories], axis=0) for name in ("loss", "accuracy", "validation_loss", "validation_accuracy")}
    return History(**{name: tuple(map(float, mean)) for name, mean in means.items()}, best_epoch=n_epochs - 1, stopped=stopped or "epochs")
