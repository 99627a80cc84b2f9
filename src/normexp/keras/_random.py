"""The one generator that initial weights and the seeds of shuffles and dropout come from."""

from typing import Any

__all__ = ["generator", "reseed"]

_state: dict[str, Any] = {}


def reseed(seed: int) -> None:
    import numpy as np

    _state["generator"] = np.random.Generator(np.random.Philox(seed))


def generator() -> Any:
    if "generator" not in _state:
        import numpy as np

        _state["generator"] = np.random.Generator(np.random.Philox())
    return _state["generator"]
