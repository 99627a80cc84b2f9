"""Learning rates that change with the step (counted from 0). Called with a step or an array of steps they give the rates."""

import math
from typing import Any

import numpy as np

from normexp.keras._names import Described, absent, resolved

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule", "OneCycle", "PiecewiseConstantDecay", "PolynomialDecay", "get",
]  # fmt: skip


class LearningRateSchedule(Described):
    """The base of all schedules; not itself one."""

    def __call__(self, step: Any) -> Any:
        rates = self._rates(np.asarray(step, np.float64))
        return float(rates) if np.ndim(step) == 0 else rates

    def _rates(self, step: Any) -> Any:
        raise TypeError(f"expected a schedule that says its rates, got {type(self).__name__}")


class ExponentialDecay(LearningRateSchedule):
    """initial * decay_rate^(step / decay_steps); staircase: whole powers."""

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False, name: str = "ExponentialDecay") -> None:
        self._describe(initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, decay_rate=decay_rate, staircase=staircase, name=name)

    def _rates(self, step: Any) -> Any:
        a = self._arguments
        power = step / a["decay_steps"]
        return a["initial_learning_rate"] * a["decay_rate"] ** (np.floor(power) if a["staircase"] else power)


class InverseTimeDecay(LearningRateSchedule):
    """initial / (1 + decay_rate * step / decay_steps)."""

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False, name: str = "InverseTimeDecay") -> None:
        self._describe(initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, decay_rate=decay_rate, staircase=staircase, name=name)

    def _rates(self, step: Any) -> Any:
        a = self._arguments
        share = step / a["decay_steps"]
        return a["initial_learning_rate"] / (1 + a["decay_rate"] * (np.floor(share) if a["staircase"] else share))


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[i] up to and including boundaries[i], the last value beyond."""

    def __init__(self, boundaries: Any, values: Any, name: str = "PiecewiseConstant") -> None:
        if len(values) != len(boundaries) + 1:
            raise ValueError(f"expected one value more than boundaries, got {len(boundaries)} boundaries and {len(values)} values")
        self._describe(boundaries=[float(b) for b in boundaries], values=[float(v) for v in values], name=name)

    def _rates(self, step: Any) -> Any:
        return np.asarray(self._arguments["values"])[np.searchsorted(self._arguments["boundaries"], step, side="left")]


class PolynomialDecay(LearningRateSchedule):
    """From initial to end over decay_steps as (1 - step / decay_steps)^power; with cycle the decay starts again, longer."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, end_learning_rate: float = 0.0001, power: float = 1.0, cycle: bool = False, name: str = "PolynomialDecay"
    ) -> None:
        self._describe(initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, end_learning_rate=end_learning_rate, power=power, cycle=cycle, name=name)

    def _rates(self, step: Any) -> Any:
        a = self._arguments
        length = a["decay_steps"] * np.maximum(1, np.ceil(step / a["decay_steps"])) if a["cycle"] else a["decay_steps"]
        done = np.minimum(step, length) / length
        return (a["initial_learning_rate"] - a["end_learning_rate"]) * (1 - done) ** a["power"] + a["end_learning_rate"]


class CosineDecay(LearningRateSchedule):
    """Half a cosine from initial (or warmup_target, reached linearly in warmup_steps) to alpha of it (Loshchilov and Hutter 2017)."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, alpha: float = 0.0, name: str = "CosineDecay", warmup_target: float | None = None, warmup_steps: int = 0
    ) -> None:
        self._describe(initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, alpha=alpha, name=name, warmup_target=warmup_target, warmup_steps=warmup_steps)

    def _rates(self, step: Any) -> Any:
        a = self._arguments
        initial, target, warm = a["initial_learning_rate"], a["warmup_target"], a["warmup_steps"] if a["warmup_target"] is not None else 0
        top = initial if target is None else target
        done = np.minimum(step - warm, a["decay_steps"]) / a["decay_steps"]
        decayed = top * ((1 - a["alpha"]) * 0.5 * (1 + np.cos(math.pi * done)) + a["alpha"])
        return np.where(step < warm, initial + (top - initial) * step / max(warm, 1), decayed) if warm else decayed


class CosineDecayRestarts(LearningRateSchedule):
    """Half cosines, each t_mul times as long and m_mul times as high as the one before."""

    def __init__(
        self, initial_learning_rate: float, first_decay_steps: int, t_mul: float = 2.0, m_mul: float = 1.0, alpha: float = 0.0, name: str = "SGDRDecay"
    ) -> None:
        self._describe(initial_learning_rate=initial_learning_rate, first_decay_steps=first_decay_steps, t_mul=t_mul, m_mul=m_mul, alpha=alpha, name=name)

    def _rates(self, step: Any) -> Any:
        a = self._arguments
        done, longer = step / a["first_decay_steps"], a["t_mul"]
        if longer == 1:
            restart = np.floor(done)
            share = done - restart
        else:
            restart = np.floor(np.log(1 - done * (1 - longer)) / math.log(longer))
            share = (done - (1 - longer**restart) / (1 - longer)) / longer**restart
        height = a["m_mul"] ** restart
        return a["initial_learning_rate"] * ((1 - a["alpha"]) * 0.5 * height * (1 + np.cos(math.pi * share)) + a["alpha"])


class OneCycle(LearningRateSchedule):
    """Half cosines from max / div_factor up to max in pct_start of total_steps, then down to max / final_div_factor (Smith and Topin 2018). Keras has none; as PyTorch's."""

    def __init__(
        self, max_learning_rate: float, total_steps: int, pct_start: float = 0.3, div_factor: float = 25.0, final_div_factor: float = 25e4, name: str = "OneCycle"
    ) -> None:
        if not 0 < pct_start < 1 or total_steps < 2:
            raise ValueError(f"expected pct_start between 0 and 1 and at least 2 total_steps, got {pct_start!r} and {total_steps!r}")
        self._describe(max_learning_rate=max_learning_rate, total_steps=total_steps, pct_start=pct_start, div_factor=div_factor, final_div_factor=final_div_factor, name=name)

    def _rates(self, step: Any) -> Any:
        a = self._arguments
        top, first, last = a["max_learning_rate"], a["max_learning_rate"] / a["div_factor"], a["max_learning_rate"] / a["final_div_factor"]
        peak, end = a["pct_start"] * a["total_steps"] - 1, a["total_steps"] - 1
        up = first + (top - first) * 0.5 * (1 - np.cos(math.pi * np.minimum(step, peak) / peak)) if peak > 0 else top
        down = top + (last - top) * 0.5 * (1 - np.cos(math.pi * np.minimum(step - peak, end - peak) / (end - peak)))
        return np.where(step <= peak, up, down)


_KNOWN: dict[str, type] = {
    cls.__name__: cls for cls in (CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, OneCycle, PiecewiseConstantDecay, PolynomialDecay)
}  # fmt: skip


def get(identifier: Any) -> Any:
    """The schedule that a serialised dict describes."""
    return resolved(identifier, _KNOWN, "a schedule")


__getattr__ = absent(__name__, __all__)
