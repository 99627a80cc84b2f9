"""A fit is one native call: shuffled mini-batches, validation each epoch, the best epoch kept."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp._checks import finite_from_0, integer_at_least
from normexp.network._layers import NativeLayer, Network
from normexp.network._optimizers import Loss, Optimizer
from normexp.network._parameters import Parameters, vectors_of

__all__ = [
    "FitResult", "History", "OptimizerState", "Rows", "Sums", "Training", "check_parameters", "default_threads", "evaluate_rows", "fit", "fit_rows", "instruction_set",
    "predict_logits", "predict_outputs",
]  # fmt: skip

NO_ROWS = np.empty(0, np.int64)
SAMPLE_ROWS = 256  # on which a fit is looked at for divergence


@dataclass(frozen=True)
class Training:
    """How to train. `patience`: epochs without a better validation loss (training loss without validation rows); 0 never stops early."""

    epochs: int
    batch_size: int
    learning_rate: float = 0.001
    optimizer: Optimizer = field(default_factory=Optimizer)
    patience: int = 0
    seed: int = 0
    time_limit: float = 0.0
    shuffle: bool = True
    restore_best: bool = True
    n_threads: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 0), ("batch_size", 1), ("patience", 0), ("n_threads", 0)):
            integer_at_least(getattr(self, name), least, name)
        for name in ("learning_rate", "time_limit"):
            finite_from_0(getattr(self, name), name)


@dataclass
class OptimizerState:
    """What a continued fit needs: the rule's vectors, shape (n_vectors, n_parameters), and the number of steps and epochs."""

    vectors: NDArray[np.float32]
    steps: int = 0
    epochs: int = 0

    @staticmethod
    def fresh(parameters: Parameters, optimizer: Optimizer | None = None, start: float = 0.0) -> "OptimizerState":
        return OptimizerState(vectors_of((optimizer or Optimizer()).n_vectors, len(parameters.values), start))

    def copy(self) -> "OptimizerState":
        """The same in memory of its own."""
        vectors = vectors_of(*self.vectors.shape)
        vectors[:] = self.vectors
        return OptimizerState(vectors, self.steps, self.epochs)


class Sums(NamedTuple):
    """Over the rows of a part, as the engine saw them: weight x loss, weights, weight x correct, correct, rows, rows x penalty of the regularizers."""

    loss: float
    weight: float
    correct: float
    hits: float
    rows: float
    penalty: float

    @property
    def mean_loss(self) -> float:
        """Weighted mean; NaN over no rows."""
        return self.loss / self.weight if self.weight else math.nan

    @property
    def accuracy(self) -> float:
        return self.correct / self.weight if self.weight else math.nan


class Rows(NamedTuple):
    """Rows of a C-contiguous float32 matrix.

    `targets`: int32 class indices of shape (n,), or float32 numbers for each output, shape (n, n_outputs). `outputs`: where to keep what the network
    gave for each row in the last epoch, or None. `chosen` says which of them are meant.
    """

    features: NDArray[np.float32]
    targets: NDArray[Any]
    chosen: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None
    outputs: NDArray[np.float32] | None = None

    def plan(self) -> tuple[Any, ...]:
        classes = self.targets.ndim == 1
        return self.features, self.targets if classes else None, None if classes else self.targets, self.weights, self.chosen, self.outputs


class FitResult(NamedTuple):
    """Training and validation sums of each epoch; what ended the fit: epochs, patience, time_limit, interrupted or callback."""

    epochs: tuple[tuple[Sums, Sums], ...]
    best_epoch: int
    stopped: str


@dataclass(frozen=True)
class History:
    """One entry an epoch; validation entries are NaN without validation rows.

    `best_epoch` counts from 0 and is -1 if no epoch was finished; `stopped` says what ended the fit: epochs, patience,
    time_limit, interrupted, callback or diverged (the parameters are then what they were before the fit).
    """

    loss: tuple[float, ...]
    accuracy: tuple[float, ...]
    validation_loss: tuple[float, ...]
    validation_accuracy: tuple[float, ...]
    best_epoch: int
    stopped: str

    @property
    def n_epochs(self) -> int:
        return len(self.loss)


def default_threads() -> int:
    """How many threads 0 stands for."""
    return int(_native.get_num_threads())


def instruction_set() -> str:
    """Of the kernels: on the same one the same fit has the same bits."""
    return str(_native.isa)


EpochCallback = Callable[[int, float, float, float, float], bool]
PollCallback = Callable[[int, int], bool]


def fit(
    network: Network,
    parameters: Parameters,
    features: NDArray[np.float32],
    targets: NDArray[np.int32],
    training: Training,
    *,
    training_rows: NDArray[np.int64],
    validation_rows: NDArray[np.int64] = NO_ROWS,
    weights: NDArray[np.float32] | None = None,
    state: OptimizerState | None = None,
    on_epoch: EpochCallback | None = None,
    on_poll: PollCallback | None = None,
) -> History:
    """Train a classifier's `parameters` in place on rows of `features` (n, n_inputs), C-contiguous; return the history.

    `on_epoch(epoch, loss, accuracy, validation_loss, validation_accuracy)` is called after every epoch and
    `on_poll(epoch, rows_done)` every 50 to 100 ms (rows_done is -1 during validation); either stops the fit by returning True.
    The interpreter lock is released in between. Ctrl-C ends the fit with the best parameters so far. Where the result does not give finite logits,
    the parameters from before the fit are put back, and the state starts afresh.
    """
    state = state or OptimizerState.fresh(parameters, training.optimizer)
    check_parameters(network, parameters, state, training.optimizer)
    _check_rows(network, features, targets, weights, (training_rows, validation_rows))
    before = parameters.values.copy()
    result = fit_rows(
        network.plan(), parameters, Rows(features, targets, training_rows, weights), Rows(features, targets, validation_rows, weights), training, Loss(), state,
        np.array([training.learning_rate], np.float32),
        on_epoch=on_epoch and (lambda epoch, seen, held: on_epoch(epoch, seen.mean_loss, seen.accuracy, held.mean_loss, held.accuracy)),
        on_poll=on_poll and (lambda epoch, rows_done, _sums: on_poll(epoch, rows_done)),
    )  # fmt: skip
    stopped = result.stopped
    if not np.isfinite(predict_logits(network, parameters, features[training_rows[:SAMPLE_ROWS]])).all():
        parameters.values[:], state.vectors[:], state.steps, stopped = before, 0, 0, "diverged"
    seen, held = [epoch[0] for epoch in result.epochs], [epoch[1] for epoch in result.epochs]
    return History(
        tuple(s.mean_loss for s in seen), tuple(s.accuracy for s in seen), tuple(s.mean_loss for s in held), tuple(s.accuracy for s in held),
        best_epoch=result.best_epoch, stopped=stopped,
    )  # fmt: skip


def fit_rows(
    plan: list[NativeLayer],
    parameters: Parameters,
    training_part: Rows,
    validation_part: Rows,
    training: Training,
    loss: Loss,
    state: OptimizerState,
    rates: NDArray[np.float32],
    *,
    on_epoch: Callable[[int, Sums, Sums], bool] | None = None,
    on_poll: Callable[[int, int, Sums], bool] | None = None,
) -> FitResult:
    """Train in place on parts that fit the plan; `rates` are the learning rates of the steps to come, the last one for all that follow, read at every step."""
    result = _native.fit_network(
        plan=plan, parameters=parameters.values, segments=parameters.plan(training.optimizer.weight_decay, training.optimizer.one_by_one), loss=loss.plan(),
        rule=training.optimizer.plan(), state=state.vectors, rates=rates, steps=state.steps, training=training_part.plan(), validation=validation_part.plan(),
        epochs=training.epochs, batch_size=training.batch_size, patience=training.patience, seed=training.seed, first_epoch=state.epochs, time_limit=training.time_limit,
        shuffle=training.shuffle, restore_best=training.restore_best, n_threads=training.n_threads,
        on_poll=on_poll and (lambda epoch, rows_done, sums: on_poll(epoch, rows_done, Sums(*sums))),
        on_epoch=on_epoch and (lambda epoch, seen, held: on_epoch(epoch, Sums(*seen), Sums(*held))),
    )  # fmt: skip
    state.steps = result["steps"]
    state.epochs += len(result["epochs"])
    return FitResult(tuple((Sums(*seen), Sums(*held)) for seen, held in result["epochs"]), result["best_epoch"], result["stop"])


def evaluate_rows(plan: list[NativeLayer], parameters: Parameters, part: Rows, loss: Loss, n_threads: int = 0) -> Sums:
    """Losses and accuracy of a part, nothing learnt."""
    return Sums(*_native.evaluate_network(plan, parameters.values, loss.plan(), part.plan(), n_threads))


def check_parameters(network: Network, parameters: Parameters, state: OptimizerState | None = None, optimizer: Optimizer | None = None) -> None:
    """The native trainer trusts its input."""
    n = network.n_parameters
    values = parameters.values
    if values.shape != (n,) or values.dtype != np.float32 or not values.flags.c_contiguous:
        raise ValueError(f"expected parameters as a contiguous float32 vector of {n} values, as the network has, got {values.dtype} of shape {values.shape}")
    if state is not None and optimizer is not None:
        shape, vectors = (optimizer.n_vectors, n), state.vectors
        if vectors.shape != shape or vectors.dtype != np.float32 or vectors.strides[1] != vectors.itemsize:
            raise ValueError(f"expected a state of contiguous float32 vectors of shape {shape}, as {optimizer.rule} needs, got {vectors.dtype} of shape {vectors.shape}")
    for segment in parameters.segments:
        if not 0 <= segment.first <= segment.first + segment.size <= n:
            raise ValueError(f"expected segments within {n} values, got '{segment.name}' from {segment.first} to {segment.first + segment.size}")


def _check_rows(
    network: Network, features: NDArray[np.float32], targets: NDArray[np.int32], weights: NDArray[np.float32] | None, parts: tuple[NDArray[np.int64], ...]
) -> None:
    n = len(features)
    if features.shape != (n, network.n_inputs) or features.dtype != np.float32 or not features.flags.c_contiguous:
        raise ValueError(f"expected C-contiguous float32 features of shape (n, {network.n_inputs}), got {features.dtype} of shape {features.shape}; use numpy.ascontiguousarray")
    if targets.shape != (n,) or (weights is not None and weights.shape != (n,)):
        raise ValueError(f"expected a target and, if any, a weight for each of {n} rows, got {targets.shape} targets" + ("" if weights is None else f", {weights.shape} weights"))
    for rows in parts:
        if len(rows) and not (rows.min() >= 0 and rows.max() < n):
            raise ValueError(f"expected rows from 0 to {n - 1}, got {rows.min()} to {rows.max()}")
        if len(rows) and not (targets[rows].min() >= 0 and targets[rows].max() < network.n_outputs):
            raise ValueError(f"expected targets from 0 to {network.n_outputs - 1}, got {targets[rows].min()} to {targets[rows].max()}")
    if not len(parts[0]):
        raise ValueError("expected rows to train on, got none")
    if weights is not None and not weights[parts[0]].sum() > 0:
        raise ValueError("expected a positive weight in at least one row to train on, got none")


def predict_logits(network: Network, parameters: Parameters, features: NDArray[np.float32], n_threads: int = 0) -> NDArray[np.float32]:
    """Outputs of a classifier, its logits, of shape (n, n_outputs); a row's bits do not depend on the other rows or on the threads."""
    if features.ndim != 2 or features.shape[1] != network.n_inputs:
        raise ValueError(f"expected features of shape (n, {network.n_inputs}), got {features.shape}")
    check_parameters(network, parameters)
    return predict_outputs(network.plan(), parameters, features, n_threads)


def predict_outputs(plan: list[NativeLayer], parameters: Parameters, features: NDArray[np.float32], n_threads: int = 0) -> NDArray[np.float32]:
    """Outputs of a plan for C-contiguous float32 features that fit it, as `predict_logits`."""
    outputs = np.empty((features.shape[0], plan[-1][3]), np.float32)
    if len(outputs):
        _native.predict_outputs(plan, parameters.values, features, outputs, n_threads)
    return outputs
