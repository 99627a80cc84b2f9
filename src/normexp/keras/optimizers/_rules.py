"""The optimizers by name."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import network
from normexp._checks import users_line
from normexp.keras._names import Described, check_kinds, resolved, snake_case, unsupported
from normexp.keras.optimizers import schedules

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Lion", "Nadam", "Optimizer", "RMSprop", "get"]

BASE = {
    "weight_decay": None, "clipnorm": None, "clipvalue": None, "global_clipnorm": None, "use_ema": False, "ema_momentum": 0.99, "ema_overwrite_frequency": None,
    "loss_scale_factor": None, "gradient_accumulation_steps": None,
}  # fmt: skip


BASE_KINDS = dict.fromkeys(BASE, float | None) | {"use_ema": bool, "ema_overwrite_frequency": int | None, "gradient_accumulation_steps": int | None}


class Optimizer(Described):
    """The base of all optimizers; not itself one.

    Shared arguments: weight_decay (taken off all trained weights, times the learning rate), clipnorm, clipvalue, global_clipnorm (one of them), use_ema,
    ema_momentum, ema_overwrite_frequency.
    """

    rule: str
    accumulator = 0.0  # what the rule's vectors start from

    def _start(self, learning_rate: Any, name: str | None, base: dict[str, Any], **arguments: Any) -> None:
        if base.pop("decay", None) is not None:
            warnings.warn("Argument `decay` is no longer supported and will be ignored, as in Keras; give a schedule as learning_rate", stacklevel=users_line())
        unknown = {name: value for name, value in base.items() if name not in BASE}
        if unknown:
            advice = "the learning rate is learning_rate" if "lr" in unknown else "use Keras itself for those that it has"
            raise ValueError(f"expected arguments of {type(self).__name__} in Keras 3, got others: Argument(s) not recognized: {unknown}; {advice}")
        base = {**BASE, **base}
        unsupported(type(self).__name__, **{key: (base[key], None) for key in ("loss_scale_factor", "gradient_accumulation_steps")})
        if sum(base[key] is not None for key in ("clipnorm", "clipvalue", "global_clipnorm")) > 1:
            raise ValueError("expected only one of clipnorm, clipvalue and global_clipnorm, got more")
        check_kinds(type(self).__name__, BASE_KINDS, base)
        self.name = name or snake_case(type(self).__name__)
        self._describe(**arguments, **base)
        rate = schedules.get(learning_rate) if isinstance(learning_rate, (dict, schedules.LearningRateSchedule)) else float(learning_rate)
        if isinstance(rate, float) and not 0 <= rate < np.inf:
            raise ValueError(f"expected a finite learning_rate of at least 0, got {learning_rate!r}")
        self._rate: Any = rate
        self._live: NDArray[np.float32] | None = None
        self.state: network.OptimizerState | None = None
        self._segments: list[network.Segment] = []

    def get_config(self) -> dict[str, Any]:
        rate = self._rate if isinstance(self._rate, float) else {"class_name": type(self._rate).__name__, "config": self._rate.get_config()}
        return {"name": self.name, "learning_rate": rate, **super().get_config()}

    @property
    def learning_rate(self) -> float:
        """Of the next step; may be set, unless it is a schedule."""
        return self._rate if isinstance(self._rate, float) else float(self._rate(self.iterations))

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if not isinstance(self._rate, float):
            raise TypeError(f"expected an optimizer with a number as learning rate to set it, got one with {type(self._rate).__name__}")
        self._rate = float(value)
        if self._live is not None:
            self._live[:] = self._rate

    @property
    def iterations(self) -> int:
        """Steps so far."""
        return self.state.steps if self.state else 0

    def rates(self, n_steps: int) -> NDArray[np.float32]:
        """Of the steps to come; where it is a number, writing to `learning_rate` changes it."""
        if isinstance(self._rate, float):
            self._live = np.array([self._rate], np.float32)
            return self._live
        return np.asarray(self._rate(self.iterations + np.arange(max(n_steps, 1))), np.float32)

    def engine(self) -> network.Optimizer:
        a = self._arguments
        return network.Optimizer(
            self.rule, weight_decay=a["weight_decay"] or 0.0, clip_norm=a["clipnorm"] or 0.0, clip_value=a["clipvalue"] or 0.0, global_clip_norm=a["global_clipnorm"] or 0.0,
            average_momentum=a["ema_momentum"] if a["use_ema"] else 0.0, average_every=a["ema_overwrite_frequency"] or 0 if a["use_ema"] else 0, **self._numbers(),
        )  # fmt: skip

    def _numbers(self) -> dict[str, Any]:
        """What the rule needs, in the engine's names."""
        raise TypeError(f"expected an optimizer with a rule, got {type(self).__name__}")

    def build(self, parameters: network.Parameters) -> network.OptimizerState:
        """The state for these parameters; kept from fit to fit."""
        self._segments = [s for s in parameters.segments if s.trained]
        if self.state is None or self.state.vectors.shape[1] != len(parameters.values):
            self.state = network.OptimizerState.fresh(parameters, self.engine(), self.accumulator)
        return self.state

    def _places(self) -> list[tuple[int, network.Segment]]:
        """(vector, variable) in the order in which Keras keeps them."""
        together = [(0, 1), (2,)] if self.rule in ("adam", "nadam") else [(0,), (1,), (2,)]
        used = self.engine()
        n = replace(used, average_momentum=0.0).n_vectors
        average = [(3, s) for s in self._segments] if used.average_momentum else []
        return average + [(k, s) for group in together for s in self._segments for k in group if k < n]

    @property
    def variables(self) -> list[NDArray[np.float32]]:
        """The state as Keras has it: moving averages, then what the rule keeps of each variable."""
        if self.state is None:
            return []
        return [self.state.vectors[k, s.first : s.first + s.size].reshape(s.shape).copy() for k, s in self._places()] + self._extras()

    def _extras(self) -> list[NDArray[np.float32]]:
        """What Keras keeps besides, and here follows from the number of steps."""
        return []

    def set_variables(self, iterations: int, arrays: list[NDArray[Any]]) -> None:
        """Go on from a saved state."""
        places = self._places()
        shapes = [s.shape for _, s in places] + [extra.shape for extra in self._extras()]
        if self.state is None or [np.shape(a) for a in arrays] != shapes:
            raise ValueError(f"expected a state of {shapes} for {type(self).__name__}, got {[np.shape(a) for a in arrays]}")
        for (k, s), values in zip(places, arrays, strict=False):
            self.state.vectors[k, s.first : s.first + s.size] = np.ravel(values)
        self.state.steps = int(iterations)

    def averaged(self) -> NDArray[np.float32] | None:
        """The moving average of the parameters, where one is kept."""
        return self.state.vectors[3] if self.state is not None and self._arguments["use_ema"] and self.state.steps else None


class SGD(Optimizer):
    rule = "sgd"

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, name: str | None = None, **base: Any) -> None:
        self._start(learning_rate, name, base, momentum=momentum, nesterov=nesterov)

    def _numbers(self) -> dict[str, Any]:
        return {"first": self._arguments["momentum"], "variant": self._arguments["nesterov"]}


class Adam(Optimizer):
    rule = "adam"

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7, amsgrad: bool = False, name: str | None = None, **base: Any
    ) -> None:
        self._start(learning_rate, name, base, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, amsgrad=amsgrad)

    def _numbers(self) -> dict[str, Any]:
        a = self._arguments
        return {"first": a["beta_1"], "second": a["beta_2"], "epsilon": a["epsilon"], "variant": a["amsgrad"]}


class AdamW(Adam):
    def __init__(
        self, learning_rate: Any = 0.001, weight_decay: float = 0.004, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7, amsgrad: bool = False,
        name: str | None = None, **base: Any,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, name, weight_decay=weight_decay, **base)


class RMSprop(Optimizer):
    rule = "rmsprop"

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7, centered: bool = False, name: str | None = None, **base: Any
    ) -> None:
        self._start(learning_rate, name, base, rho=rho, momentum=momentum, epsilon=epsilon, centered=centered)

    def _numbers(self) -> dict[str, Any]:
        a = self._arguments
        return {"first": a["rho"], "second": a["momentum"], "epsilon": a["epsilon"], "variant": a["centered"]}


class Adagrad(Optimizer):
    rule = "adagrad"

    def __init__(self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7, name: str | None = None, **base: Any) -> None:
        self._start(learning_rate, name, base, initial_accumulator_value=initial_accumulator_value, epsilon=epsilon)
        self.accumulator = initial_accumulator_value

    def _numbers(self) -> dict[str, Any]:
        return {"epsilon": self._arguments["epsilon"]}


class Nadam(Optimizer):
    rule = "nadam"

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7, name: str | None = None, **base: Any) -> None:
        self._start(learning_rate, name, base, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)

    def _numbers(self) -> dict[str, Any]:
        return {"first": self._arguments["beta_1"], "second": self._arguments["beta_2"], "epsilon": self._arguments["epsilon"]}

    def _extras(self) -> list[NDArray[np.float32]]:
        steps, beta = np.arange(1, min(self.iterations, 1000) + 1), self._arguments["beta_1"]  # 0.96^1000 is nothing beside 1
        return [np.asarray(np.prod(beta * (1 - 0.5 * 0.96**steps)) * beta ** max(self.iterations - 1000, 0), np.float32)]


class Lion(Optimizer):
    rule = "lion"

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, name: str | None = None, **base: Any) -> None:
        self._start(learning_rate, name, base, beta_1=beta_1, beta_2=beta_2)

    def _numbers(self) -> dict[str, Any]:
        return {"first": self._arguments["beta_1"], "second": self._arguments["beta_2"]}


_KNOWN: dict[str, type] = {cls.__name__: cls for cls in (SGD, Adam, AdamW, RMSprop, Adagrad, Nadam, Lion)}


def get(identifier: Any) -> Any:
    """The optimizer of that name."""
    return resolved(identifier, _KNOWN, "an optimizer")
