"""What runs on a worker."""

import platform
import resource
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from normexp._version import __version__
from normexp.cluster._errors import ClusterError
from normexp.network import instruction_set
from normexp.recipe import AnyConfiguration, Data, Learnt, Stop, task_of

__all__ = ["Given", "facts", "given", "itself", "learnt", "peak_memory", "refuse_unlike", "stop_all"]

MOST_STOPS = 1_000  # fits that a worker remembers
_stops: dict[str, Stop] = {}
_lock = threading.Lock()


def facts() -> dict[str, str]:
    """Of what the bits of a model depend on."""
    found: Any = getattr(sys.modules.get("numpy._core._multiarray_umath"), "__cpu_features__", {})
    of_numpy = " ".join(sorted(name for name, has in found.items() if has))
    return {"normexp": __version__, "NumPy": np.__version__, "machine": platform.machine(), "instruction set": instruction_set(), "instruction sets of NumPy": of_numpy}


def refuse_unlike(here: dict[str, str], there: dict[str, str], worker: str) -> None:
    """Raises ClusterError where a worker has something else, on which the bits depend."""
    for name, value in there.items():
        if value != here[name]:
            cure = "start all of them, and this, with NORMEXP_ISA and NPY_DISABLE_CPU_FEATURES set alike" if "instruction" in name else "install the same everywhere"
            raise ClusterError(f"expected workers with {name} {here[name]}, as here, got {value} ({worker}): the same model would have other bits; {cure}")


def peak_memory() -> int:
    """Bytes that this process has had at most."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


class Given(NamedTuple):
    """What a task gave: whatever else comes for it is none of ours."""

    value: Any


def given(function: Callable[..., Any], *arguments: Any) -> Given:
    return Given(function(*arguments))


def itself(data: Any) -> Any:
    """The table is the result of a task: where the last worker that had it is lost, another makes it again."""
    return data


def learnt(data: Data, how: AnyConfiguration, fold: int, seed: int, followed: bool, here: dict[str, str], fit: str) -> Learnt | None:
    """What the task gives; None where the fit was stopped before it began. A worker that came later is refused here: `here` are the facts of the process that asks."""
    refuse_unlike(here, facts(), platform.node())
    stop = _stop_of(fit)
    return None if stop() else task_of(data, how, data.folds[fold], seed, stop, followed=followed)()


async def stop_all(fit: str, reason: str) -> None:
    """Tasks of this fit that run end within 100 ms. A coroutine: only such are not waited for."""
    _stop_of(fit).reason = reason


def _stop_of(fit: str) -> Stop:
    with _lock:
        while len(_stops) > MOST_STOPS:
            _stops.pop(next(iter(_stops)))
        return _stops.setdefault(fit, Stop())
