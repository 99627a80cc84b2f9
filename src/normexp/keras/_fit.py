"""fit, evaluate and train_on_batch: what Keras's users give them, as rows for the loop of a fit or for a task."""

import math
from typing import Any

import numpy as np

from normexp.keras._data import features_of, is_batches, unpacked, weights_of
from normexp.keras._loop import Fit
from normexp.keras._progress import Bar, verbosity
from normexp.keras._task import Part, Task

__all__ = ["evaluate", "fit", "train_on_batch"]


def fit(
    model: Any, x: Any, y: Any, *, batch_size: int | None, epochs: int, verbose: Any, callbacks: Any, validation_split: float, validation_data: Any, shuffle: bool,
    class_weight: Any, sample_weight: Any, initial_epoch: int, steps_per_epoch: int | None,
) -> Any:  # fmt: skip
    """See Sequential.fit."""
    if is_batches(x):
        return _fit_batches(model, x, y, epochs, verbose, callbacks, validation_split, validation_data, class_weight, sample_weight, initial_epoch, steps_per_epoch)
    if steps_per_epoch is not None:
        raise ValueError(f"expected steps_per_epoch with a generator of batches only, got {steps_per_epoch} with arrays")
    features = features_of(x, model.input_shape_)
    if not model.built:
        model.build((None, *np.shape(x)[1:]) if np.ndim(x) > 1 else (None, 1))
    run = Fit(model, verbose, callbacks, epochs, initial_epoch, _batch_size(batch_size), shuffle)
    n = len(features)
    if not 0 <= validation_split < 1:
        raise ValueError(f"expected validation_split from 0 to below 1, got {validation_split!r}")
    split = math.floor(n * (1.0 - validation_split)) if validation_data is None else n
    if split == 0:
        raise ValueError("expected rows to train on, got none")
    run.training = run.part(x, y, sample_weight, class_weight, slice(0, split), features)
    if validation_data is not None:
        vx, vy, vw = unpacked(validation_data)
        run.validation = run.part(vx, vy, vw)
    elif split < n:
        kept = run.training.rows  # Keras does not weigh the classes of the validation part
        weights = weights_of(sample_weight, n)
        run.validation = Part(kept._replace(chosen=np.arange(split, n, dtype=np.int64), weights=weights), run.training.truths)
    return run.run(-(-split // run.batch_size))


def _fit_batches(
    model: Any, x: Any, y: Any, epochs: int, verbose: Any, callbacks: Any, validation_split: float, validation_data: Any, class_weight: Any, sample_weight: Any, initial_epoch: int,
    steps_per_epoch: int | None,
) -> Any:  # fmt: skip
    for name, value in (("y", y), ("sample_weight", sample_weight), ("class_weight", class_weight), ("validation_split", validation_split or None)):
        if value is not None:
            raise ValueError(f"expected {name} to be left away with batches, got one; a batch is (x, y) or (x, y, sample_weight)")
    if hasattr(x, "__next__") and steps_per_epoch is None and epochs - initial_epoch > 1:
        raise ValueError("expected steps_per_epoch with a generator and more than one epoch, got none")
    if not model.built:
        raise ValueError("expected a built network with batches, got one without weights; begin with Input")
    run = Fit(model, verbose, callbacks, epochs, initial_epoch, 1, False)
    if validation_data is not None:
        run.validation = run.part(*unpacked(validation_data))
    steps = steps_per_epoch or (len(x) if hasattr(x, "__len__") else 1)
    return run.run(steps, x, steps_per_epoch)


def _batch_size(batch_size: int | None) -> int:
    if batch_size is not None and (isinstance(batch_size, bool) or int(batch_size) != batch_size or batch_size < 1):
        raise ValueError(f"expected a batch_size of at least 1, got {batch_size!r}")
    return 32 if batch_size is None else int(batch_size)


def _flat(logs: dict[str, Any], return_dict: bool) -> Any:
    values = list(logs.values())
    return dict(sorted(logs.items())) if return_dict else values if len(values) > 1 else values[0]


def evaluate(model: Any, x: Any, y: Any, batch_size: int | None, verbose: Any, sample_weight: Any, return_dict: bool) -> Any:
    """See Sequential.evaluate."""
    task = Task(model)
    part = task.part(x, y, sample_weight)
    bar = Bar(verbosity(verbose), -(-len(part.truths) // _batch_size(batch_size)))
    logs = task.judge(part)
    bar.close(dict(sorted(logs.items())))
    return _flat(logs, return_dict)


def train_on_batch(model: Any, x: Any, y: Any, sample_weight: Any, class_weight: Any, return_dict: bool) -> Any:
    """See Sequential.train_on_batch."""
    if not model.built:
        model.build((None, *np.shape(x)[1:]))
    run = Fit(model, 0, None, 1, 0, max(len(x), 1), False)
    part = run.part(x, y, sample_weight, class_weight)
    sums = run.step(part.rows)
    return _flat(run.logs(sums, part), return_dict)
