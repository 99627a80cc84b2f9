"""Independent networks side by side on the threads: members of an ensemble, folds, trials."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp._checks import integer_at_least
from normexp.network._layers import NativeLayer
from normexp.network._optimizers import Loss
from normexp.network._parameters import Parameters
from normexp.network._training import FitResult, OptimizerState, Rows, Training, fit_rows

__all__ = ["Task", "fit_side_by_side"]


class Task(NamedTuple):
    """One network to train: the arguments of `fit_rows`, without callbacks."""

    plan: list[NativeLayer]
    parameters: Parameters
    training_part: Rows
    validation_part: Rows
    training: Training
    loss: Loss
    state: OptimizerState
    rates: NDArray[np.float32]


def fit_side_by_side(tasks: Sequence[Task], n_threads: int = 0) -> list[FitResult]:
    """Train all of them in place, each on one thread, as many at a time as there are threads (0: the default number); results in the order of the tasks.

    Each result has the bits of a fit by itself. Ctrl-C ends all fits, each with the best parameters so far as its `training` says, and is raised again.
    """
    from concurrent.futures import ThreadPoolExecutor

    threads = integer_at_least(n_threads, 0, "n_threads") or _native.get_num_threads()
    stopping: list[bool] = []

    def run(task: Task) -> FitResult:
        return fit_rows(*task[:4], replace(task.training, n_threads=1), *task[5:], on_poll=lambda _epoch, _rows_done, _sums: bool(stopping))

    with ThreadPoolExecutor(max(1, min(threads, len(tasks)))) as pool:
        futures = [pool.submit(run, task) for task in tasks]
        try:
            return [future.result() for future in futures]
        except BaseException:
            stopping.append(True)
            for future in futures:
                future.cancel()
            raise

