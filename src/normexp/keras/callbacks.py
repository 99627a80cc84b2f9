"""What happens between the epochs (and batches, at their cost) of a fit."""

import csv
import json
import math
import os
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from normexp._checks import did_you_mean
from normexp._files import replaced
from normexp.keras._files import h5py_module, read_model
from normexp.keras._names import absent, unsupported
from normexp.keras._progress import write

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint", "ReduceLROnPlateau",
    "TerminateOnNaN",
]  # fmt: skip

BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
EPOCH_HOOKS = ("on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end")
ABSENT_HOOKS = ("on_test_begin", "on_test_end", "on_test_batch_begin", "on_test_batch_end", "on_predict_begin", "on_predict_end", "on_predict_batch_begin", "on_predict_batch_end")


class Callback:
    """The base of callbacks: override on_train_begin, on_train_end, on_epoch_begin, on_epoch_end, or the batch hooks, which make a fit slower."""

    model: Any = None
    params: dict[str, Any]

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def _check_before_training(self, names: list[str] | None) -> None:
        """Before anything is trained: will it work, with logs of these names (None: not known)?"""

    def on_train_begin(self, logs: Any = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Any = None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Before an epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """After an epoch, with its loss and metrics."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a step."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a step, with the means of the epoch so far."""


class CallbackList:
    """All callbacks of a fit."""

    def __init__(self, callbacks: list[Any], model: Any) -> None:
        self._all = callbacks
        for callback in callbacks:
            absent = [name for name in ABSENT_HOOKS if hasattr(callback, name)]
            if not callable(getattr(callback, "on_epoch_end", None)) or absent:
                more = f" with {', '.join(absent)}" if absent else ""
                raise TypeError(f"expected callbacks with the hooks of normexp.keras.callbacks.Callback, got {type(callback).__name__}{more}")
            callback.set_model(model)
        self.wants_batches = any(self._overrides(callback, name) for callback in callbacks for name in BATCH_HOOKS)
        self.only_history = all(type(callback) is History for callback in callbacks)

    @staticmethod
    def _overrides(callback: Any, name: str) -> bool:
        return getattr(callback, name, None) is not None and getattr(type(callback), name, None) is not getattr(Callback, name, None)

    def check(self, names: list[str]) -> None:
        """What a callback needs is there; a callback of the user may add logs for those after it."""
        known: list[str] | None = list(names)
        for callback in self._all:
            if isinstance(callback, Callback):
                callback._check_before_training(known)
            if isinstance(callback, (LearningRateScheduler, ReduceLROnPlateau)) and known is not None:
                known.append("learning_rate")
            elif type(callback).__name__ not in __all__ or isinstance(callback, LambdaCallback):
                known = None if self._overrides(callback, "on_epoch_end") else known

    def set_params(self, params: dict[str, Any]) -> None:
        for callback in self._all:
            callback.set_params(params)

    def call(self, hook: str, *arguments: Any) -> None:
        """The hook of every callback; on_batch_… are other names of on_train_batch_…."""
        for callback in self._all:
            getattr(callback, hook)(*arguments)
            if hook.startswith("on_train_batch") and hasattr(callback, hook.replace("train_", "")):
                getattr(callback, hook.replace("train_", ""))(*arguments)

    def first_epoch(self, wanted: int) -> int:
        """Where to begin: later than wanted if a backup was restored."""
        return max([wanted, *(callback.first_epoch for callback in self._all if isinstance(callback, BackupAndRestore))])


class History(Callback):
    """What `fit` returns: `epoch`, and `history` with a list for each of loss, metrics and their validation."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def last(self) -> dict[str, Any]:
        return {name: values[-1] for name, values in self.history.items()}


class LambdaCallback(Callback):
    """Hooks given as functions."""

    def __init__(
        self, on_epoch_begin: Any = None, on_epoch_end: Any = None, on_train_begin: Any = None, on_train_end: Any = None, on_train_batch_begin: Any = None,
        on_train_batch_end: Any = None,
    ) -> None:  # fmt: skip
        hooks = {
            "on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin, "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin, "on_train_batch_end": on_train_batch_end,
        }  # fmt: skip
        given = {name: staticmethod(function) for name, function in hooks.items() if function is not None}
        self.__class__ = type("LambdaCallback", (LambdaCallback,), given)


def _nearest(word: str, names: list[str]) -> str:
    """What to do about a name that is not among those of the logs."""
    if word.startswith("val_") and not any(name.startswith("val_") for name in names):
        return "; give validation_data or validation_split"
    begun = [name for name in names if name.startswith(word)]
    return f"; did you mean '{begun[0]}'?" if begun else did_you_mean(word, names)


class _Monitor(Callback):
    """Watches one of the logs for getting better."""

    def _watch(self, monitor: str, mode: str, min_delta: float) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"expected mode 'auto', 'min' or 'max', got {mode!r}")
        self.monitor, self._min_delta = monitor, abs(min_delta)
        larger = mode == "max" or (mode == "auto" and any(word in monitor.lower() for word in ("acc", "auc", "precision", "recall", "f1", "fbeta")))
        self._sign = -1.0 if larger else 1.0
        self.best = self._sign * math.inf

    def _check_before_training(self, names: list[str] | None) -> None:
        if names is not None and self.monitor not in names:
            raise ValueError(f"expected {type(self).__name__} to monitor one of {', '.join(sorted(names))}, got {self.monitor!r}{_nearest(self.monitor, names)}")

    def _value(self, logs: Any) -> float:
        _Monitor._check_before_training(self, list(logs or {}))
        return float(np.mean(logs[self.monitor]))

    def _better(self, value: float, than: float) -> bool:
        return self._sign * value < self._sign * than - self._min_delta


class EarlyStopping(_Monitor):
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


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"expected a folder to save in, got '{folder}', which cannot be made: {error}; give another path") from error


class ModelCheckpoint(_Monitor):
    """Writes the model, or its weights, after epochs, or only when it got better; the path may hold {epoch:02d} and names of logs."""

    def __init__(
        self, filepath: Any, monitor: str = "val_loss", verbose: int = 0, save_best_only: bool = False, save_weights_only: bool = False, mode: str = "auto",
        save_freq: Any = "epoch", initial_value_threshold: float | None = None,
    ) -> None:  # fmt: skip
        unsupported("ModelCheckpoint", save_freq=(save_freq, "epoch"))
        ending = ".weights.h5" if save_weights_only else ".keras"
        if not str(filepath).endswith(ending):
            raise ValueError(f"expected a path that ends in {ending} with save_weights_only={save_weights_only}, got {str(filepath)!r}")
        self._watch(monitor, mode, 0)
        self.save_weights_only = save_weights_only
        self.filepath, self.verbose, self.save_best_only = str(filepath), verbose, save_best_only
        if initial_value_threshold is not None:
            self.best = initial_value_threshold

    def _check_before_training(self, names: list[str] | None) -> None:
        h5py_module()
        if self.save_best_only:
            super()._check_before_training(names)
        try:
            fields = [field for _, field, _, _ in string.Formatter().parse(self.filepath) if field is not None]
            unknown = [field for field in fields if names is not None and field not in ("epoch", *names)]
            if not unknown:
                self.filepath.format(**dict.fromkeys(fields if names is None else names, np.float64(0.5)) | {"epoch": 1})
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise ValueError(f"expected a path with fields such as {{epoch:02d}} or {{loss:.2f}}, got {self.filepath!r}: {error}") from error
        if unknown:
            allowed = ["epoch", *sorted(names or [])]
            raise ValueError(f"expected fields of a path out of {', '.join(allowed)}, got '{unknown[0]}' in {self.filepath!r}{_nearest(unknown[0], allowed)}")
        if "{" not in str(Path(self.filepath).parent):
            _make_folder(Path(self.filepath).parent)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.save_best_only:
            value = self._value(logs)
            if not self._better(value, self.best):
                return
            self.best = value
        path = self.filepath.format(epoch=epoch + 1, **(logs or {}))
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path, overwrite=True)
        if self.verbose:
            write(f"\nEpoch {epoch + 1}: saving model to {path}\n")


class ReduceLROnPlateau(_Monitor):
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


class CSVLogger(Callback):
    """A line of a file for each epoch."""

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        self.filename, self.separator, self.append = os.fspath(filename), separator, append

    def _check_before_training(self, names: list[str] | None) -> None:
        if not Path(self.filename).parent.is_dir():
            raise FileNotFoundError(f"expected a folder to write the log in, got none at '{Path(self.filename).parent}'; create it first")

    def on_train_begin(self, logs: Any = None) -> None:
        self._names: list[str] | None = None
        self._started = self.append and Path(self.filename).exists()
        if not self._started:
            Path(self.filename).write_text("")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        with open(self.filename, "a", newline="") as file:
            writer = csv.writer(file, delimiter=self.separator)
            if self._names is None:
                self._names = sorted(logs)
                if not self._started:
                    writer.writerow(["epoch", *self._names])
            writer.writerow([epoch, *(logs.get(name, "NA") for name in self._names)])


class TerminateOnNaN(Callback):
    """Stops when the loss is NaN or infinite; looks after every epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not math.isfinite(logs["loss"]):
            write(f"Epoch {epoch + 1}: Invalid loss, terminating training\n")
            self.model.stop_training = True


class BackupAndRestore(Callback):
    """Saves the model after each epoch in a folder; a fit that was interrupted goes on from there. The backup goes when the fit ends."""

    def __init__(self, backup_dir: Any, save_freq: Any = "epoch", double_checkpoint: bool = False, delete_checkpoint: bool = True) -> None:
        unsupported("BackupAndRestore", save_freq=(save_freq, "epoch"), double_checkpoint=(double_checkpoint, False))
        self._folder, self._delete = Path(backup_dir), delete_checkpoint
        self.first_epoch = 0

    def _check_before_training(self, names: list[str] | None) -> None:
        h5py_module()
        _make_folder(self._folder)

    def on_train_begin(self, logs: Any = None) -> None:
        progress = self._folder / "progress.json"
        self.first_epoch = 0
        if progress.exists():
            kept = read_model(self._folder / "model.keras")
            self.model.set_weights([array for arrays in kept.weights for array in arrays])
            if kept.compiled:
                self.model.optimizer.set_variables(kept.steps, kept.slots)
            self.first_epoch = int(json.loads(progress.read_text())["epoch"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.model.save(self._folder / "model.keras")
        with replaced(self._folder / "progress.json") as temporary:
            temporary.write_text(json.dumps({"epoch": epoch + 1}))

    def on_train_end(self, logs: Any = None) -> None:
        for name in ("progress.json", "model.keras") if self._delete else ():
            (self._folder / name).unlink(missing_ok=True)


__getattr__ = absent(__name__, __all__)
