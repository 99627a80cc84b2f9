"""Callbacks that keep files: models, logs, and where a fit was when it was cut."""

import csv
import json
import os
import string
from pathlib import Path
from typing import Any

import numpy as np

from normexp._atomic import replaced
from normexp.keras._names import unsupported
from normexp.keras._progress import write
from normexp.keras._saving import h5py_module, put_weights, read_model
from normexp.keras.callbacks._callback import Callback
from normexp.keras.callbacks._monitor import Monitor, nearest

__all__ = ["BackupAndRestore", "CSVLogger", "ModelCheckpoint"]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"expected a folder to save in, got '{folder}', which cannot be made: {error}; give another path") from error


class ModelCheckpoint(Monitor):
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
            raise ValueError(f"expected fields of a path out of {', '.join(allowed)}, got '{unknown[0]}' in {self.filepath!r}{nearest(unknown[0], allowed)}")
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
            put_weights(self.model, kept.weights)
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
