"""A fit is one native call: shuffled mini-batches of Adam, validation each epoch, the best epoch kept."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp._checks import integer_at_least
from normexp.network._layers import Network
from normexp.network._parameters import Parameters

__all__ = ["History", "OptimizerState", "Training", "fit", "predict_logits"]

NO_ROWS = np.empty(0, np.int64)
SAMPLE_ROWS = 256  # on which a fit is looked at for divergence


@dataclass(frozen=True)
class Training:
    """How to train. `patience`: epochs without a better validation loss (training loss without validation rows); 0 never stops early."""

    epochs: int
    batch_size: int
    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-7
    weight_decay: float = 0.0
    patience: int = 0
    seed: int = 0
    time_limit: float = 0.0
    shuffle: bool = True
    restore_best: bool = True
    n_threads: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 0), ("batch_size", 1), ("patience", 0), ("n_threads", 0)):
            integer_at_least(getattr(self, name), least, name)
        for name, fits, range_ in (
            ("learning_rate", 0 <= self.learning_rate < math.inf, "of at least 0"), ("weight_decay", 0 <= self.weight_decay < math.inf, "of at least 0"),
            ("time_limit", 0 <= self.time_limit < math.inf, "of at least 0"), ("epsilon", 0 < self.epsilon < math.inf, "above 0"),
            ("beta1", 0 <= self.beta1 < 1, "from 0 to below 1"), ("beta2", 0 <= self.beta2 < 1, "from 0 to below 1"),
        ):  # fmt: skip
            if not fits:
                raise ValueError(f"expected a finite {name} {range_}, got {getattr(self, name)!r}")


@dataclass
class OptimizerState:
    """Adam's running mean and mean square of the gradient, and the number of steps: what a continued fit needs."""

    mean: NDArray[np.float32]
    square: NDArray[np.float32]
    steps: int = 0
    epochs: int = 0

    @staticmethod
    def fresh(parameters: Parameters) -> "OptimizerState":
        return OptimizerState(np.zeros_like(parameters.values), np.zeros_like(parameters.values))


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
    """Train `parameters` in place on rows of `features` (n, n_inputs), C-contiguous; return the history.

    `on_epoch(epoch, loss, accuracy, validation_loss, validation_accuracy)` is called after every epoch and
    `on_poll(epoch, rows_done)` every 50 to 100 ms (rows_done is -1 during validation); either stops the fit by returning True.
    The interpreter lock is released in between. Ctrl-C ends the fit with the best parameters so far. Where the result does not give finite logits,
    the parameters from before the fit are put back, and the state starts afresh.
    """
    state = state or OptimizerState.fresh(parameters)
    _check_parameters(network, parameters, state)
    _check_rows(network, features, targets, weights, (training_rows, validation_rows))
    before = parameters.values.copy()
    result = _native.fit_network(
        plan=network.plan(), parameters=parameters.values, segments=parameters.plan(training.weight_decay),
        features=features, targets=targets, weights=weights, training_rows=training_rows, validation_rows=validation_rows,
        mean=state.mean, square=state.square, steps=state.steps, epochs=training.epochs, batch_size=training.batch_size,
        patience=training.patience, learning_rate=training.learning_rate, beta1=training.beta1, beta2=training.beta2,
        epsilon=training.epsilon, seed=training.seed, first_epoch=state.epochs, time_limit=training.time_limit,
        shuffle=training.shuffle, restore_best=training.restore_best, n_threads=training.n_threads, on_poll=on_poll, on_epoch=on_epoch,
    )  # fmt: skip
    state.steps = result["steps"]
    state.epochs += len(result["loss"])
    if not np.isfinite(predict_logits(network, parameters, features[training_rows[:SAMPLE_ROWS]])).all():
        parameters.values[:], state.mean[:], state.square[:], state.steps, result["stop"] = before, 0, 0, 0, "diverged"
    return History(
        tuple(result["loss"]), tuple(result["accuracy"]), tuple(result["validation_loss"]), tuple(result["validation_accuracy"]),
        best_epoch=result["best_epoch"], stopped=result["stop"],
    )  # fmt: skip


def _check_parameters(network: Network, parameters: Parameters, state: OptimizerState | None = None) -> None:
    """The native trainer trusts its input."""
    n = network.n_parameters
    vectors = {"parameters": parameters.values} | ({} if state is None else {"mean": state.mean, "square": state.square})
    for name, vector in vectors.items():
        if vector.shape != (n,) or vector.dtype != np.float32 or not vector.flags.c_contiguous:
            raise ValueError(f"expected {name} as a contiguous float32 vector of {n} values, as the network has, got {vector.dtype} of shape {vector.shape}")
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
    """Logits of shape (n, n_outputs); a row's bits do not depend on the other rows or on the threads."""
    if features.ndim != 2 or features.shape[1] != network.n_inputs:
        raise ValueError(f"expected features of shape (n, {network.n_inputs}), got {features.shape}")
    _check_parameters(network, parameters)
    logits = np.empty((features.shape[0], network.n_outputs), np.float32)
    if len(logits):
        _native.predict_logits(network.plan(), parameters.values, features, logits, n_threads)
    return logits
