"""How weights start. The random ones draw from the generator that keras.utils.set_random_seed seeds, or from a seed of their own."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.keras._names import Described, absent, resolved, snake_case
from normexp.keras._random import generator

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "RandomNormal", "RandomUniform",
    "TruncatedNormal", "VarianceScaling", "Zeros", "get",
]  # fmt: skip


class Initializer(Described):
    """Called with a shape, gives float32 values."""

    seed: int | None = None

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> NDArray[np.float32]:
        rng = generator() if self.seed is None else np.random.Generator(np.random.Philox(self.seed))
        return np.asarray(self._values(rng, tuple(shape)), np.float32).reshape(shape)

    def _values(self, rng: Any, shape: tuple[int, ...]) -> Any:
        raise TypeError(f"expected an initializer that says its values, got {type(self).__name__}")


def _truncated(rng: Any, shape: tuple[int, ...]) -> Any:
    """Standard normal numbers within two standard deviations."""
    values = rng.standard_normal(shape)
    while (far := np.abs(values) > 2).any():
        values[far] = rng.standard_normal(int(far.sum()))
    return values


class Constant(Initializer):
    def __init__(self, value: float = 0.0) -> None:
        self._describe(value=value)

    def _values(self, rng: Any, shape: tuple[int, ...]) -> Any:
        return np.full(shape, self._arguments["value"])


class Zeros(Initializer):
    def __init__(self) -> None:
        self._describe()

    def _values(self, rng: Any, shape: tuple[int, ...]) -> Any:
        return np.zeros(shape)


class Ones(Initializer):
    def __init__(self) -> None:
        self._describe()

    def _values(self, rng: Any, shape: tuple[int, ...]) -> Any:
        return np.ones(shape)


class RandomUniform(Initializer):
    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self._describe(minval=minval, maxval=maxval, seed=seed)

    def _values(self, rng: Any, shape: tuple[int, ...]) -> Any:
        return rng.uniform(self._arguments["minval"], self._arguments["maxval"], shape)


class RandomNormal(Initializer):
    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self._describe(mean=mean, stddev=stddev, seed=seed)

    def _values(self, rng: Any, shape: tuple[int, ...]) -> Any:
        return rng.normal(self._arguments["mean"], self._arguments["stddev"], shape)


class TruncatedNormal(RandomNormal):
    def _values(self, rng: Any, shape: tuple[int, ...]) -> Any:
        return self._arguments["mean"] + self._arguments["stddev"] * _truncated(rng, shape)


class Orthogonal(Initializer):
    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self._describe(gain=gain, seed=seed)

    def _values(self, rng: Any, shape: tuple[int, ...]) -> Any:
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))
        return self._arguments["gain"] * (q if rows >= columns else q.T)


class VarianceScaling(Initializer):
    """Variance scale / n, n the inputs ("fan_in"), the outputs ("fan_out") or their mean ("fan_avg") (He et al. 2015; Glorot and Bengio 2010)."""

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: int | None = None) -> None:
        if mode not in ("fan_in", "fan_out", "fan_avg") or distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(f"expected mode fan_in, fan_out or fan_avg and distribution truncated_normal, untruncated_normal or uniform, got {mode!r} and {distribution!r}")
        self._describe(scale=scale, mode=mode, distribution=distribution, seed=seed)
        self._form = scale, mode, distribution

    def _values(self, rng: Any, shape: tuple[int, ...]) -> Any:
        scale, mode, distribution = self._form
        fans = (shape[0], shape[-1]) if len(shape) > 1 else (shape[0], shape[0])
        variance = scale / max(1.0, {"fan_in": fans[0], "fan_out": fans[1], "fan_avg": sum(fans) / 2}[mode])
        if distribution == "uniform":
            return rng.uniform(-math.sqrt(3 * variance), math.sqrt(3 * variance), shape)
        if distribution == "untruncated_normal":
            return rng.normal(0, math.sqrt(variance), shape)
        return math.sqrt(variance) / 0.87962566103423978 * _truncated(rng, shape)  # the standard deviation within two


def _scaling(name: str, *form: Any) -> type[VarianceScaling]:
    def init(self: Any, seed: int | None = None) -> None:
        self._describe(seed=seed)
        self._form = form

    return type(name, (VarianceScaling,), {"__init__": init, "__module__": __name__, "__doc__": "VarianceScaling with scale {}, {}, {}.".format(*form)})


GlorotUniform = _scaling("GlorotUniform", 1.0, "fan_avg", "uniform")
GlorotNormal = _scaling("GlorotNormal", 1.0, "fan_avg", "truncated_normal")
HeUniform = _scaling("HeUniform", 2.0, "fan_in", "uniform")
HeNormal = _scaling("HeNormal", 2.0, "fan_in", "truncated_normal")
LecunUniform = _scaling("LecunUniform", 1.0, "fan_in", "uniform")
LecunNormal = _scaling("LecunNormal", 1.0, "fan_in", "truncated_normal")

_KNOWN = {name: globals()[name] for name in __all__ if name != "get"}


def get(identifier: Any) -> Any:
    """The initializer of that name."""
    return resolved(identifier, _KNOWN, "an initializer")


__getattr__ = absent(__name__, __all__, {snake_case(name): known for name, known in _KNOWN.items()})
