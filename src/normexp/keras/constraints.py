"""What weights must fulfil after every step."""

import math
from typing import Any

from normexp.keras._names import Described, absent, resolved, unsupported

__all__ = ["MaxNorm", "get", "max_norm"]


class MaxNorm(Described):
    """The weights of a unit (axis 0) or of an input (axis 1) have at most this norm; larger ones are scaled down."""

    def __init__(self, max_value: float = 2, axis: int = 0) -> None:
        unsupported("MaxNorm", axis=(axis, (0, 1)))
        if isinstance(max_value, bool) or not isinstance(max_value, (int, float)) or not 0 < max_value < math.inf:
            raise ValueError(f"expected max_value of MaxNorm to be a finite number above 0, got {max_value!r}")
        self.max_value, self.axis = 0.0, 0
        self._describe(max_value=max_value, axis=axis)


max_norm = MaxNorm


def get(identifier: Any) -> Any:
    """The constraint of that name."""
    return resolved(identifier, {"MaxNorm": MaxNorm}, "a constraint")


__getattr__ = absent(__name__, __all__)
