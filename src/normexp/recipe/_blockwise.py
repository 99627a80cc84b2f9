"""A portfolio fitted on more rows than memory holds: networks learn from block after block of them, all side by side; forests, and what all members share, from a sample."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp.model import Encoder, Model
from normexp.network import Loss, OptimizerState, Rows, Training, fit_rows
from normexp.recipe._executor import Stop, run
from normexp.recipe._fit import workbench
from normexp.recipe._portfolio import Configuration, Portfolio
from normexp.recipe._portfolio_fit import Progress, ProgressCallback, Threads, usable
from normexp.recipe._schedule import cosine_rates
from normexp.recipe._statistics import with_statistics
from normexp.recipe._tasks import NO_ROWS, AnyTask, Learnt, NetworkTask
from normexp.recipe._weights import ClassWeight
from normexp.recipe._workbench import Workbench
from normexp.tables import Block, Blocks, MatrixColumn

__all__ = ["fit_blocks"]

PIECE_ROWS = 8_192
OF_NETWORKS = 0.8  # of a time limit


def fit_blocks(
    sample: Block, blocks: Blocks, columns: Sequence[MatrixColumn], plan: Portfolio, *, classes: NDArray[Any], shares: NDArray[np.float64], weighted: bool = False,
    class_weight: ClassWeight = None, time_limit: float = 0.0, n_threads: int = 0, on_progress: ProgressCallback | None = None,
) -> Model:  # fmt: skip
    """As `fit` of a portfolio, with the rows in blocks.

    Every round reads one block, in an order drawn anew each epoch, while the one before is learnt from; rows lie in their blocks by chance, so that they are as well mixed as in
    memory. A network of fold k learns from the rows that other folds hold out. Scales, bins, what categories say, forests and the weights of the members come from the sample,
    drawn from the same rows, whose folds are those of the blocks. An interrupt, a time limit or `on_progress` ends all networks where they are; their weights are found as ever.
    The bits do not depend on `n_threads`. Forests come last, and of a time limit have a fifth at least. Raises ValueError for networks of some columns, or balanced ones.

    Parameters
    ----------
    sample : Block
        Rows in memory, at least one that each fold holds out.
    blocks : Blocks
    plan : Portfolio
        Of all rows.
    shares : ndarray of shape (n_classes,)
        Of the classes among all rows.
    weighted : bool
        Do weights differ?

    Returns
    -------
    Model
        Of plain columns.
    """
    if any(isinstance(how, Configuration) and (how.columns or how.balanced) for how in plan.configurations):
        raise ValueError("expected networks of all columns and of rows as they are, got a plan with columns or balanced; fit it in memory")
    folds = [(np.flatnonzero(sample.folds != k), np.flatnonzero(sample.folds == k)) for k in range(blocks.counts.shape[1])]
    weights = sample.weights if weighted else None
    bench = workbench(sample.matrix, columns, sample.targets, weights, plan, classes=classes, class_weight=class_weight, folds=folds, encoded=False)
    bench = replace(bench, shares=shares)
    started, stop = time.monotonic(), Stop(OF_NETWORKS * time_limit)
    tasks = [bench.tasks(how, i, stop) for i, how in enumerate(plan.configurations)]
    learners = [Learner(task, blocks.counts) for group in tasks for task in group if isinstance(task, NetworkTask)]
    others = [task for group in tasks for task in group if not isinstance(task, NetworkTask)]
    told = _Told(tasks, learners, on_progress)
    reading = _Reading(bench, blocks, weighted=weighted, has_plain=any(not learner.task.configuration.bins for learner in learners))
    _learn(reading, learners, plan.seed, stop, n_threads, told.look)
    told.end(reading, n_threads, stop)
    if stop.reason in ("", "time_limit"):
        last = Stop(max(time_limit - (time.monotonic() - started), 1e-6) if time_limit else 0.0)
        for task in others:
            task.stop = last
        Threads(n_threads)(others, last, told.found.__setitem__, told.look)
        stop.reason = stop.reason or last.reason
    kept = usable(tasks, told.found)
    names = [done[0][0].configuration.name for done in kept]
    return bench.model(kept, stop.reason, nothing=tasks[0][0], left_out=[how.name for how in plan.configurations if how.name not in names])


class Learner:
    """One network of one fold on its way through the blocks."""

    def __init__(self, task: NetworkTask, counts: NDArray[np.int64]) -> None:
        self.task, self.epochs, self.fold = task, task.configuration.epochs, next(k for k, fold in enumerate(task.data.folds) if fold is task.fold)
        how, rows = task.configuration, counts.sum(axis=1) - counts[:, self.fold]
        self.network, self.parameters, self.optimizer = task.beginning()
        self.state = OptimizerState.fresh(self.parameters, self.optimizer)
        self.rates = cosine_rates(how.learning_rate, int(how.epochs * (-(-rows // how.batch_size)).sum()))
        self.sums: list[NDArray[np.float64]] = []  # of each epoch: weight x loss, weights, weight x correct

    def learn(self, block: "Ready", epoch: int) -> None:
        """Go once through the rows of a block."""
        chosen, how = block.chosen[self.fold], self.task.configuration
        if not len(chosen):
            return
        inputs = block.inputs if how.bins else block.plain
        training = Training(1, how.batch_size, how.learning_rate, self.optimizer, seed=self.task.seed, restore_best=False, n_threads=1)
        part = Rows(inputs, block.targets, chosen, block.weights)
        result = fit_rows(
            self.network.plan(), self.parameters, part, part._replace(chosen=NO_ROWS), training, Loss(), self.state, self.rates[min(self.state.steps, len(self.rates) - 1) :],
            on_poll=lambda *_: self.task.stop(),
        )  # fmt: skip
        if result.stopped == "interrupted":
            self.task.stop.reason = "interrupted"
        while len(self.sums) <= epoch:
            self.sums.append(np.zeros(3))
        for seen, _ in result.epochs:
            self.sums[epoch] += (seen.loss, seen.weight, seen.correct)

    def learnt(self, held: Iterator[NDArray[np.float32]]) -> Learnt:
        """What it has come to; `held` are inputs of the sample's rows that its fold holds out, piece by piece."""
        losses = tuple(float(loss / weight) if weight else float("nan") for loss, weight, _ in self.sums)
        accuracies = tuple(float(correct / weight) if weight else float("nan") for _, weight, correct in self.sums)
        return self.task.ended(self.parameters, losses, accuracies, "epochs", held=held)


class Ready(NamedTuple):
    """A block as networks see it: all inputs, those without bins, and the rows that each fold's networks learn from."""

    inputs: NDArray[np.float32]
    plain: NDArray[np.float32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float32] | None
    chosen: list[NDArray[np.int64]]


class _Reading:
    """Blocks made ready. What a category of very many says of a row, rows of other folds have said."""

    def __init__(self, bench: Workbench, blocks: Blocks, *, weighted: bool, has_plain: bool) -> None:
        self.bench, self.blocks, self.encoder = bench, blocks, bench.data.encoder
        self.has_plain = has_plain and self.encoder.plain is not self.encoder
        self.of_folds: list[Encoder] = []
        if self.encoder.is_wide.any():
            self.of_folds = [with_statistics(self.encoder, bench.labelled, bench.rows[learnt]) for learnt, _ in bench.places]
        self.weighted, self.class_weights = weighted, bench.data.class_weights
        self.mean = float(self._weights(bench.data.targets, bench.weights).mean())  # of the sample

    def __call__(self, i: int) -> Ready:
        block = self.blocks.read(i)
        inputs = self.encoder.encode(block.matrix)
        for k in range(len(self.of_folds)):
            self._say(inputs, block.matrix, np.flatnonzero(block.folds == k), k)
        plain = np.ascontiguousarray(inputs[:, : self.encoder.n_plain_inputs]) if self.has_plain else inputs
        weights = (self._weights(block.targets, block.weights) / self.mean).astype(np.float32) if self.weighted or self.class_weights is not None else None
        return Ready(inputs, plain, block.targets, weights, [np.flatnonzero(block.folds != k) for k in range(self.blocks.counts.shape[1])])

    def held(self, k: int, *, bins: bool) -> Iterator[NDArray[np.float32]]:
        """Inputs of the sample's rows that fold k holds out, piece by piece."""
        matrix, rows = self.bench.labelled.matrix, self.bench.rows[self.bench.places[k][1]]
        for first in range(0, max(len(rows), 1), PIECE_ROWS):
            piece = matrix[rows[first : first + PIECE_ROWS]]
            inputs = self.encoder.encode(piece)
            if self.of_folds:
                self._say(inputs, piece, np.arange(len(piece)), k)
            yield inputs if bins or self.encoder.plain is self.encoder else np.ascontiguousarray(inputs[:, : self.encoder.n_plain_inputs])

    def _say(self, inputs: NDArray[np.float32], matrix: NDArray[np.float32], held: NDArray[np.int64], k: int) -> None:
        """To rows that fold k holds out, what the others say of their categories."""
        first, encoder = self.encoder.first_statistic, self.of_folds[k]
        width = int(encoder.n_statistics.sum())
        inputs[held, first : first + width] = encoder.encode(matrix, held)[:, first : first + width]

    def _weights(self, targets: NDArray[np.int32], weights: NDArray[Any] | None) -> NDArray[np.float64]:
        found = np.ones(len(targets)) if weights is None or not self.weighted else weights.astype(np.float64)
        return found if self.class_weights is None else found * self.class_weights[targets]


def _learn(reading: _Reading, learners: Sequence[Learner], seed: int, stop: Stop, n_threads: int, look: Callable[[], bool]) -> None:
    """All learners go through all blocks, each as many times as it has epochs; the next block is read beside them."""
    if not learners:
        return
    ahead = list[Ready]()

    def prepare(i: int) -> None:
        ahead.append(reading(i))

    rounds = list(_rounds(len(reading.blocks), max(learner.epochs for learner in learners), seed))
    run([partial(prepare, rounds[0][1])], n_threads, stop, look)
    for n, (epoch, _) in enumerate(rounds, 1):
        if not stop() and look():
            stop.reason = "callback"
        if stop() or not ahead:
            return
        block = ahead.pop()
        following: list[Callable[[], None]] = [partial(prepare, i) for _, i in rounds[n : n + 1]]
        learning: list[Callable[[], None]] = [partial(learner.learn, block, epoch) for learner in learners if epoch < learner.epochs]
        run(following + learning, n_threads, stop, look)


def _rounds(n_blocks: int, epochs: int, seed: int) -> Iterator[tuple[int, int]]:
    """Epoch and block."""
    for epoch in range(epochs):
        for i in np.random.default_rng([seed, epoch]).permutation(n_blocks).tolist():
            yield epoch, i


class _Told:
    """What has come to its end, and who is told of it."""

    def __init__(self, tasks: list[list[AnyTask]], learners: Sequence[Learner], on_progress: ProgressCallback | None) -> None:
        self.found: dict[AnyTask, Learnt] = {}
        self.tasks, self.learners, self.on_progress = [task for group in tasks for task in group], learners, on_progress
        self.total = sum(task.work for task in self.tasks)

    def look(self) -> bool:
        for learner in self.learners:
            learner.task.done = min(learner.state.steps / max(len(learner.rates), 1), 1.0)
        share = sum(task.done * task.work for task in self.tasks) / self.total
        return self.on_progress is not None and self.on_progress(Progress(sum(task.done >= 1 for task in self.tasks), len(self.tasks), share, {}))

    def end(self, reading: _Reading, n_threads: int, stop: Stop) -> None:
        """Networks as they are; an interrupt does not lose them, it is remembered."""
        while waiting := [learner for learner in self.learners if learner.state.steps and learner.task not in self.found]:
            ending = Stop()
            run([partial(self._end, learner, reading) for learner in waiting], n_threads, ending)
            stop.reason = stop.reason or ending.reason

    def _end(self, learner: Learner, reading: _Reading) -> None:
        self.found[learner.task] = learner.learnt(reading.held(learner.fold, bins=learner.task.configuration.bins))
