"""What weights must fulfil after every step."""

from typing import Any

from normexp.keras._names import Described, resolved, unsupported

__all__ = ["MaxNorm", "get"]


class MaxNorm(Described):
    """The weights of a unit (axis 0) or of an input (axis 1) have at most this norm; larger ones are scaled down."""

    def __init__(self, max_value: float = 2, axis: int = 0) -> None:
        unsupported("MaxNorm", axis=(axis, (0, 1)))
        self.max_value, self.axis = 0.0, 0
        self._describe(max_value=max_value, axis=axis)


def get(identifier: Any) -> Any:
    """The constraint of that name."""
    return resolved(identifier, {"MaxNorm": MaxNorm}, "a constraint")
