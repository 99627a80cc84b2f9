"""All callbacks of one fit, called at its hooks."""

from typing import Any

from normexp.keras.callbacks._callback import Callback, History
from normexp.keras.callbacks._keeping import BackupAndRestore, CSVLogger, ModelCheckpoint
from normexp.keras.callbacks._steering import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN

__all__ = ["CallbackList"]

BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
ABSENT_HOOKS = ("on_test_begin", "on_test_end", "on_test_batch_begin", "on_test_batch_end", "on_predict_begin", "on_predict_end", "on_predict_batch_begin", "on_predict_batch_end")
ADD_NO_LOGS = (BackupAndRestore, CSVLogger, EarlyStopping, History, ModelCheckpoint, TerminateOnNaN)


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
            elif type(callback) not in ADD_NO_LOGS:
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
