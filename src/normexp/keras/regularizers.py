"""Penalties on weights: L1 sum |w|, L2 sum w^2, times their factor."""

from typing import Any

from normexp.keras._names import Described, resolved

__all__ = ["L1", "L1L2", "L2", "get"]


class L1L2(Described):
    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = 0.0, 0.0
        self._describe(l1=float(l1 or 0), l2=float(l2 or 0))


class L1(Described):
    def __init__(self, l1: float = 0.01) -> None:
        self.l1, self.l2 = 0.0, 0.0
        self._describe(l1=float(l1))


class L2(Described):
    def __init__(self, l2: float = 0.01) -> None:
        self.l1, self.l2 = 0.0, 0.0
        self._describe(l2=float(l2))


def get(identifier: Any) -> Any:
    """The regularizer of that name."""
    return resolved(identifier, {"L1": L1, "L2": L2, "L1L2": L1L2}, "a regularizer")
