"""What a portfolio is fitted by: one member on one fold, a pure function of the data, the configuration, the fold and a seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.functional import cross_entropy
from normexp.model import AnyMember, Encoder, Member, TreeMember
from normexp.network import Dropout, History, Loss, Network, Optimizer, OptimizerState, Parameters, Rows, Training, fit_rows, initial_parameters, segments_of
from normexp.recipe._executor import Stop
from normexp.recipe._folds import Parts
from normexp.recipe._numbers import Numbers
from normexp.recipe._portfolio import AnyConfiguration, Configuration, TreeConfiguration
from normexp.recipe._schedule import cosine_rates
from normexp.recipe._weights import class_weights_of, row_weights, shift_logits
from normexp.trees import Bins, Boosting, Forest, fit_binned

__all__ = ["NO_ROWS", "AnyTask", "Data", "Learnt", "NetworkTask", "TreeTask", "task_of", "with_one_round"]

NO_ROWS = np.empty(0, np.int64)
PER_QUESTION, PER_CLASS = 4.0, 60.0  # what a row costs a forest, in products of a network: about


@dataclass(frozen=True)
class Data:
    """What the tasks read, encoded once for all of them: rows that are used, in their order. Folds are places among them."""

    folds: Sequence[Parts]
    encoder: Encoder
    inputs: NDArray[np.float32]
    plain_inputs: NDArray[np.float32]
    numbers: Numbers | None
    targets: NDArray[np.int32]
    weights: NDArray[np.float32] | None  # of the rows, times those of their classes: what they count in training
    class_weights: NDArray[np.float64] | None
    n_classes: int


class Learnt(NamedTuple):
    """What a task gives: the member, logits of the rows that were held out, losses an epoch; whole if nothing ended it early.

    `without` is the mean loss of the rows held out before the first round of a forest, NaN where there are none.
    """

    member: AnyMember
    logits: NDArray[np.float32]
    history: History
    whole: bool
    without: float = float("nan")

    @property
    def is_finite(self) -> bool:
        values = self.member.parameters.values if isinstance(self.member, Member) else self.member.forest.leaves
        return bool(np.isfinite(values).all() and np.isfinite(self.logits).all())


class NetworkTask:
    """One network on one fold."""

    def __init__(self, data: Data, configuration: Configuration, fold: Parts, seed: int, stop: Stop, *, followed: bool) -> None:
        self.data, self.configuration, self.fold, self.seed, self.stop, self.followed = data, configuration, fold, seed, stop, followed
        self.encoder = data.encoder if configuration.bins else data.encoder.plain
        self.chosen = np.flatnonzero(np.isin(self.encoder.columns_of_inputs(), configuration.columns)) if configuration.columns else None
        self.network = self._network(self.encoder.n_inputs if self.chosen is None else len(self.chosen))
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
        inputs = self.inputs if self.chosen is None else np.ascontiguousarray(self.inputs[:, self.chosen])
        weights, _ = self._weights()
        trained, parameters, optimizer = self.beginning()
        part = Rows(inputs, self.data.targets, rows, weights)
        training = Training(how.epochs, how.batch_size, how.learning_rate, optimizer, seed=self.seed, restore_best=False, n_threads=1)
        n_steps = how.epochs * -(-len(rows) // how.batch_size)
        result = fit_rows(
            trained.plan(), parameters, part, part._replace(chosen=held if self.followed else NO_ROWS), training, Loss(),
            OptimizerState.fresh(parameters, optimizer), cosine_rates(how.learning_rate, n_steps), on_poll=self._on_poll,
        )  # fmt: skip
        if result.stopped == "interrupted":  # in the main thread, where no other could be started
            self.stop.reason = "interrupted"
        seen, tested = [sums for sums, _ in result.epochs], [sums for _, sums in result.epochs]
        losses, accuracies = tuple(s.mean_loss for s in seen), tuple(s.accuracy for s in seen)
        return self.ended(parameters, losses, accuracies, result.stopped, tuple(s.mean_loss for s in tested), tuple(s.accuracy for s in tested))

    def beginning(self) -> tuple[Network, Parameters, Optimizer]:
        """The network as it is trained, its first parameters, and the rule that changes them."""
        how, trained = self.configuration, _with_dropout(self.network, self.configuration)
        return trained, initial_parameters(trained, self.seed), Optimizer(second=how.second, weight_decay=how.weight_decay)

    def ended(
        self, trained: Parameters, losses: tuple[float, ...], accuracies: tuple[float, ...], stopped: str,
        held_losses: tuple[float, ...] | None = None, held_accuracies: tuple[float, ...] | None = None, held: Iterable[NDArray[np.float32]] | None = None,
    ) -> Learnt:  # fmt: skip
        """What is learnt, from the parameters of its training, with the losses of each epoch; `held` are the inputs of the rows held out, piece by piece, if there are others."""
        self.done = 1.0
        parameters, unknown = Parameters(trained.values, segments_of(self.network)), (float("nan"),) * len(losses)
        shift_logits(self.network, parameters, self._weights()[1], -1)
        history = History(losses, accuracies, unknown if held_losses is None else held_losses, unknown if held_accuracies is None else held_accuracies, len(losses) - 1, stopped)
        member = self._member(parameters)
        logits = [member.logits_of(piece, 1) for piece in ([self.inputs[self.fold[1]]] if held is None else held)]
        return Learnt(member, np.concatenate(logits), history, stopped == "epochs")

    def received(self, learnt: Learnt) -> Learnt:
        """What another process gave for it, with this one's encoder, which all members share."""
        self.done = 1.0
        return learnt._replace(member=replace(learnt.member, encoder=self.encoder))

    def nothing(self) -> Learnt:
        """What stands for it where all diverged: a network that has learnt nothing."""
        return _nothing(self._member(initial_parameters(self.network, self.seed)), self.data)

    def _network(self, n_inputs: int) -> Network:
        return Network.classifier(n_inputs, self.configuration.hidden, self.data.n_classes, self.configuration.activation)

    def _weights(self) -> tuple[NDArray[np.float32] | None, NDArray[np.float64] | None]:
        """What rows count in training, and what their classes add to that."""
        if not self.configuration.balanced:
            return self.data.weights, self.data.class_weights
        balance = class_weights_of("balanced", self.data.targets, self.data.n_classes)
        assert balance is not None
        both = balance if self.data.class_weights is None else balance * self.data.class_weights
        return row_weights(self.data.targets, self.data.weights, balance), both

    def _member(self, parameters: Parameters) -> Member:
        """Columns that it has not seen have weights of 0."""
        if self.chosen is None:
            return Member(self.encoder, self.network, parameters)
        whole = self._network(self.encoder.n_inputs)
        found = Parameters(np.zeros(whole.n_parameters, np.float32), segments_of(whole))
        for own, wide in zip(parameters.segments, found.segments, strict=True):
            if own.shape == wide.shape:
                found.view(wide)[:] = parameters.view(own)
            else:
                found.view(wide)[self.chosen] = parameters.view(own)
        return Member(self.encoder, whole, found)

    def _on_poll(self, epoch: int, _rows_done: int, _sums: Any) -> bool:
        self.done = epoch / self.configuration.epochs
        return self.stop()


class TreeTask:
    """One forest on one fold, grown until the loss of the fold's other rows gets no better."""

    def __init__(self, data: Data, configuration: TreeConfiguration, fold: Parts, seed: int, stop: Stop) -> None:
        self.data, self.configuration, self.fold, self.seed, self.stop = data, configuration, fold, seed, stop
        self.done = 0.0

    @property
    def work(self) -> float:
        """As that of a network."""
        how, n_features = self.configuration, len(self.data.encoder.columns_of_numbers)
        a_row = PER_QUESTION * how.depth * max(1.0, how.column_share * n_features) + PER_CLASS * self.data.n_classes
        return float(how.rounds) * len(self.fold[0]) * a_row

    @cached_property
    def numbers(self) -> Numbers:
        assert self.data.numbers is not None
        return self.data.numbers

    def __call__(self) -> Learnt:
        how, (rows, held), data = self.configuration, self.fold, self.data
        boosting = Boosting(
            rounds=how.rounds, patience=how.patience if len(held) else 0, depth=how.depth, learning_rate=how.learning_rate, l2=how.l2,
            row_share=how.row_share, column_share=how.column_share, seed=self.seed, n_threads=1,
        )  # fmt: skip
        encoder, bins, binned = self.numbers.of_fold(self.fold)
        if how.columns:
            chosen = np.flatnonzero(np.isin(encoder.columns_of_numbers, how.columns).all(axis=1))
            bins, binned = Bins(tuple(bins.thresholds[i] for i in chosen)), binned[chosen]
        found = fit_binned(binned, bins, data.targets, data.n_classes, boosting, rows, held, self.numbers.weights, on_poll=self._on_poll)
        if found.stopped == "interrupted":
            self.stop.reason = "interrupted"
        self.done = 1.0
        unknown = (float("nan"),) * len(found.losses)
        history = History(found.losses, unknown, found.held_losses, unknown, found.best_round, found.stopped)
        whole, none = found.stopped in ("epochs", "patience"), np.empty((0, data.n_classes), np.float32)
        grown = found.grown
        if how.columns:
            grown = replace(grown, features=np.where(grown.features < 0, -1, chosen[grown.features]).astype(np.int32))
        learnt = Learnt(TreeMember(data.encoder, grown), none, history, whole, self._without(grown))
        return self.cut(learnt, found.best_round + 1)

    def cut(self, learnt: Learnt, n_rounds: int) -> Learnt:
        """With the logits of so many rounds; the forest keeps all."""
        assert isinstance(learnt.member, TreeMember)
        held = self.numbers.labelled.matrix[self.numbers.rows[self.fold[1]]]
        return learnt._replace(logits=learnt.member.forest.first(n_rounds).logits(self.numbers.encoder_of(self.fold).numbers(held), 1))

    def received(self, learnt: Learnt) -> Learnt:
        """As that of a network."""
        self.done = 1.0
        return learnt._replace(member=replace(learnt.member, encoder=self.data.encoder))

    @property
    def held_weight(self) -> float:
        """Of the rows held out, 0 for none."""
        held, weights = self.fold[1], self.numbers.weights
        return float(len(held) if weights is None else weights[held].sum())

    def _without(self, forest: Forest) -> float:
        """The loss of the rows held out without any tree."""
        held, weights = self.fold[1], self.numbers.weights
        if not self.held_weight:
            return float("nan")
        logits = forest.first(0).logits(np.empty((len(held), 0)), 1)
        return float(np.average(cross_entropy(logits, self.data.targets[held], reduction="none"), weights=None if weights is None else weights[held]))

    def nothing(self) -> Learnt:
        """What stands for it where all diverged: a forest without trees."""
        return _nothing(TreeMember(self.data.encoder, Forest.without_trees(self.configuration.depth, self.data.n_classes)), self.data)

    def _on_poll(self, done: int) -> bool:
        self.done = done / self.configuration.rounds
        return self.stop()


AnyTask = NetworkTask | TreeTask


def task_of(data: Data, configuration: AnyConfiguration, fold: Parts, seed: int, stop: Stop, *, followed: bool) -> AnyTask:
    """The task of a configuration; `followed` asks for the losses of the rows held out, epoch by epoch."""
    if isinstance(configuration, TreeConfiguration):
        return TreeTask(data, configuration, fold, seed, stop)
    return NetworkTask(data, configuration, fold, seed, stop, followed=followed)


def with_one_round(done: Sequence[tuple[AnyTask, Learnt]]) -> list[tuple[AnyTask, Learnt]]:
    """Forests of a configuration all ending with the round whose mean loss over all rows held out is least, but for those that had stopped before it, which keep all of theirs.

    The logits of the rows that a fold holds out are those of the round that the other folds would choose: their own choice would flatter them.
    """
    tasks = [(task, learnt) for task, learnt in done if isinstance(task, TreeTask) and learnt.history.n_epochs]
    if not tasks:
        return list(done)
    n_most = max(learnt.history.n_epochs for _, learnt in tasks)
    weights = np.array([task.held_weight for task, _ in tasks])
    curves = np.nan_to_num([_extended(learnt.history.validation_loss, n_most) for _, learnt in tasks]) * weights[:, None]
    before = np.nan_to_num([learnt.without for _, learnt in tasks]) * weights
    n_rounds = _best(curves, before)
    found = list[tuple[AnyTask, Learnt]]()
    for task, learnt in tasks:
        others = np.array([other.fold is not task.fold for other, _ in tasks])
        n_for_others = _best(curves[others], before[others]) if others.any() else n_rounds
        found.append((task, _ending(task, learnt, n_rounds, n_for_others)))
    return found


def _best(curves: NDArray[np.float64], before: NDArray[np.float64]) -> int:
    """How many rounds have the least loss, where the losses of each fold are times the weight of its rows; all where nothing was held out."""
    total = np.concatenate([[before.sum()], curves.sum(axis=0)])
    return int(np.argmin(total)) if before.any() else curves.shape[1]


def _ending(task: TreeTask, learnt: Learnt, n_rounds: int, n_of_logits: int) -> Learnt:
    assert isinstance(learnt.member, TreeMember)
    history = learnt.history
    unknown = (float("nan"),) * n_rounds
    losses, tested = (tuple(_extended(one, n_rounds)) for one in (history.loss, history.validation_loss))
    forest = learnt.member.forest.first(n_rounds).copy()
    cut = task.cut(learnt, n_of_logits)
    return cut._replace(member=replace(learnt.member, forest=forest), history=History(losses, unknown, tested, unknown, n_rounds - 1, history.stopped))


def _extended(losses: tuple[float, ...], n: int) -> list[float]:
    """The first n losses; where they are fewer the last stands for the others."""
    return [*losses[:n], *[losses[-1]] * (n - len(losses))]


def _nothing(member: AnyMember, data: Data) -> Learnt:
    return Learnt(member, np.empty((0, data.n_classes), np.float32), History((), (), (), (), -1, "diverged"), False)


def _with_dropout(network: Network, how: Configuration) -> Network:
    layers: list[Any] = [Dropout(how.input_dropout)] if how.input_dropout else []
    for layer in network.layers:
        layers.append(layer)
        if how.dropout and layer is not network.layers[-1]:
            layers.append(Dropout(how.dropout))
    return Network(network.n_inputs, tuple(layers))
