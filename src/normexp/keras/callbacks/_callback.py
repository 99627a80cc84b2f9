"""What a callback is: hooks between the epochs (and batches, at their cost) of a fit."""

from typing import Any

__all__ = ["Callback", "History", "LambdaCallback"]


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
