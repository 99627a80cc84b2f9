"""Callbacks that steer a fit by its logs: they stop it or change its learning rate."""

import math
from collections.abc import Callable
from typing import Any

from normexp.keras._progress import write
from normexp.keras.callbacks._callback import Callback
from normexp.keras.callbacks._monitor import Monitor

__all__ = ["EarlyStopping", "LearningRateScheduler", "ReduceLROnPlateau", "TerminateOnNaN"]


class EarlyStopping(Monitor):
    """Stops after `patience` epochs without getting better; restore_best_weights goes back to the best."""

    def __init__(
        self, monitor: str = "val_loss", min_delta: float = 0, patience: int = 0, verbose: int = 0, mode: str = "auto", baseline: float | None = None,
        restore_best_weights: bool = False, start_from_epoch: int = 0,
    ) -> None:  # fmt: skip
        self._watch(monitor, mode, min_delta)
        self.patience, self.verbose, self.baseline, self.restore_best_weights, self.start_from_epoch = patience, verbose, baseline, restore_best_weights, start_from_epoch

    def on_train_begin(self, logs: Any = None) -> None:
        self.wait, self.stopped_epoch, self.best, self.best_epoch, self.best_weights = 0, 0, self._sign * math.inf, 0, None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = self._value(logs)
        if epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._better(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.model.stop_training = epoch, True

    def on_train_end(self, logs: Any = None) -> None:
        if self.stopped_epoch and self.verbose:
            write(f"Epoch {self.stopped_epoch + 1}: early stopping\n")
        if self.restore_best_weights and self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate by `factor` after `patience` epochs without getting better."""

    def __init__(
        self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0, mode: str = "auto", min_delta: float = 1e-4, cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:  # fmt: skip
        if not 0 <= factor < 1:
            raise ValueError(f"expected a factor from 0 to below 1, got {factor!r}")
        self._watch(monitor, mode, min_delta)
        self.factor, self.patience, self.verbose, self.cooldown, self.min_lr = factor, patience, verbose, cooldown, min_lr

    def on_train_begin(self, logs: Any = None) -> None:
        self.wait, self.cooldown_counter, self.best = 0, 0, self._sign * math.inf

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = self._value(logs)
        logs["learning_rate"] = self.model.optimizer.learning_rate
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._better(value, self.best):
            self.best, self.wait = value, 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            old = self.model.optimizer.learning_rate
            if self.wait >= self.patience and old > self.min_lr:
                self.model.optimizer.learning_rate = max(old * self.factor, self.min_lr)
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose:
                    write(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {self.model.optimizer.learning_rate}.\n")


class LearningRateScheduler(Callback):
    """schedule(epoch, learning_rate), or schedule(epoch), gives the rate of an epoch."""

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        import inspect

        takes_two = len(inspect.signature(self.schedule).parameters) > 1
        self.model.optimizer.learning_rate = float(self.schedule(epoch, self.model.optimizer.learning_rate) if takes_two else self.schedule(epoch))
        if self.verbose:
            write(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {self.model.optimizer.learning_rate}.\n")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["learning_rate"] = self.model.optimizer.learning_rate


class TerminateOnNaN(Callback):
    """Stops when the loss is NaN or infinite; looks after every epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not math.isfinite(logs["loss"]):
            write(f"Epoch {epoch + 1}: Invalid loss, terminating training\n")
            self.model.stop_training = True
