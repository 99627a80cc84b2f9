"""Penalties on weights: L1 sum |w|, L2 sum w^2, times their factor."""

import math
from typing import Any

from normexp.keras._names import Described, absent, resolved

__all__ = ["L1", "L1L2", "L2", "get", "l1", "l1_l2", "l2"]


def _factor(value: Any, name: str, where: str) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ValueError(f"expected {name} of {where} to be a finite number of at least 0, got {value!r}")
    return float(value)


class L1L2(Described):
    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = 0.0, 0.0
        self._describe(l1=_factor(l1, "l1", "L1L2"), l2=_factor(l2, "l2", "L1L2"))


class L1(Described):
    def __init__(self, l1: float = 0.01) -> None:
        self.l1, self.l2 = 0.0, 0.0
        self._describe(l1=_factor(l1, "l1", "L1"))


class L2(Described):
    def __init__(self, l2: float = 0.01) -> None:
        self.l1, self.l2 = 0.0, 0.0
        self._describe(l2=_factor(l2, "l2", "L2"))


l1, l2, l1_l2 = L1, L2, L1L2


def get(identifier: Any) -> Any:
    """The regularizer of that name."""
    return resolved("L1L2" if identifier == "l1_l2" else identifier, {"L1": L1, "L2": L2, "L1L2": L1L2}, "a regularizer")


__getattr__ = absent(__name__, __all__)
