"""A fit is one native call: shuffled mini-batches of Adam, validation each epoch, the best epoch kept."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp.network._layers import Network
from normexp.network._parameters import Parameters

__all__ = ["History", "OptimizerState", "Training", "fit", "predict_logits"]

NO_ROWS = np.empty(0, np.int64)


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
    time_limit, interrupted or callback.
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
    The interpreter lock is released in between. Ctrl-C ends the fit with the best parameters so far.
    """
    _check(network, features, targets, weights, (training_rows, validation_rows))
    state = state or OptimizerState.fresh(parameters)
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
    return History(
        tuple(result["loss"]), tuple(result["accuracy"]), tuple(result["validation_loss"]), tuple(result["validation_accuracy"]),
        best_epoch=result["best_epoch"], stopped=result["stop"],
    )  # fmt: skip


def _check(
    network: Network, features: NDArray[np.float32], targets: NDArray[np.int32], weights: NDArray[np.float32] | None, parts: tuple[NDArray[np.int64], ...]
) -> None:
    """The native trainer trusts its input."""
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


def predict_logits(network: Network, parameters: Parameters, features: NDArray[np.float32], n_threads: int = 0) -> NDArray[np.float32]:
    """Logits of shape (n, n_outputs); a row's bits do not depend on the other rows or on the threads."""
    if features.ndim != 2 or features.shape[1] != network.n_inputs:
        raise ValueError(f"expected features of shape (n, {network.n_inputs}), got {features.shape}")
    logits = np.empty((features.shape[0], network.n_outputs), np.float32)
    if len(logits):
        _native.predict_logits(network.plan(), parameters.values, features, logits, n_threads)
    return logits
