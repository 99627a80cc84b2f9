"""Watching one of the logs for getting better."""

import math
from typing import Any

import numpy as np

from normexp._checks import did_you_mean
from normexp.keras.callbacks._callback import Callback

__all__ = ["Monitor", "nearest"]


def nearest(word: str, names: list[str]) -> str:
    """What to do about a name that is not among those of the logs."""
    if word.startswith("val_") and not any(name.startswith("val_") for name in names):
        return "; give validation_data or validation_split"
    begun = [name for name in names if name.startswith(word)]
    return f"; did you mean '{begun[0]}'?" if begun else did_you_mean(word, names)


class Monitor(Callback):
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
            raise ValueError(f"expected {type(self).__name__} to monitor one of {', '.join(sorted(names))}, got {self.monitor!r}{nearest(self.monitor, names)}")

    def _value(self, logs: Any) -> float:
        Monitor._check_before_training(self, list(logs or {}))
        return float(np.mean(logs[self.monitor]))

    def _better(self, value: float, than: float) -> bool:
        return self._sign * value < self._sign * than - self._min_delta
