"""fit, evaluate and train_on_batch: Keras's loop around the engine, which does all epochs in one call where no callback wants each batch."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from normexp import network
from normexp.keras import callbacks as known_callbacks
from normexp.keras._data import batches_of, features_of, is_batches, targets_of, truths_of, unpacked, warn_of_not_finite, weights_of
from normexp.keras._progress import Bar
from normexp.keras._random import generator

__all__ = ["evaluate", "fit", "train_on_batch", "verbosity"]

Array = NDArray[Any]


def verbosity(verbose: Any) -> int:
    return 1 if verbose == "auto" else int(verbose)


class Part(NamedTuple):
    """Rows for the engine, and the targets as the metrics see them."""

    rows: network.Rows
    truths: Array

    def outputs(self) -> Array:
        assert self.rows.outputs is not None
        return self.rows.outputs[self.rows.chosen]


class Task:
    """A compiled network on the way to be trained or judged: the engine's plan and loss, and what to make of what it counts."""

    def __init__(self, model: Any) -> None:
        if model.optimizer is None:
            raise ValueError("expected a compiled model, got one without optimizer and loss; call compile(optimizer=…, loss=…) first")
        if model.loss is None:
            raise ValueError("expected a loss to train with, got none; call compile(loss=…)")
        self.model = model
        layers = model.plan()
        self.width = layers[-1][3]
        self.plan, self.loss, self.squash = model.loss.plan(layers)
        self.parameters = model.parameters()
        self.metrics = model.metrics_of(self.width)
        self.keeps_outputs = any(not self._counted(metric) for metric, _ in self.metrics)

    def part(self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None, rows: slice | None = None, features: Array | None = None) -> Part:
        """Arrays as rows; `features` where they are converted already."""
        features = features_of(x, self.model.input_shape_) if features is None else features
        if y is None:
            raise ValueError("expected targets y, got none")
        truths = truths_of(y, self.model.loss, self.width)
        if len(truths) != len(features):
            raise ValueError(f"expected as many targets as rows, got {len(truths)} targets and {len(features)} rows")
        if class_weight is not None and not self.model.loss.of_classes:
            raise ValueError(f"expected class_weight with a loss of classes, got {self.model.loss.name}; weigh rows with sample_weight")
        weights = weights_of(sample_weight, len(features), class_weight, truths, max(self.width, 2))
        warn_of_not_finite(features, "x")
        if truths.ndim == 2 and not self.model.loss.of_probabilities:
            warn_of_not_finite(truths, "y")
        outputs = np.empty((len(features), self.plan[-1][3]), np.float32) if self.keeps_outputs else None
        index = np.arange(len(features), dtype=np.int64)[rows if rows is not None else slice(None)]
        return Part(network.Rows(features, targets_of(truths, self.model.loss, self.width), index, weights, outputs), truths)

    def _counted(self, metric: Any) -> bool:
        """Does the engine count this metric itself?"""
        name = type(metric).__name__
        if self.width > 1:
            return name in ("CategoricalAccuracy", "SparseCategoricalAccuracy")
        return name == "BinaryAccuracy" and metric.get_config()["threshold"] == 0.5

    def logs(self, sums: network.Sums, part: Part | None) -> dict[str, Any]:
        """Loss and metrics, as Keras names them."""
        rows = sums.rows or math.nan
        logs: dict[str, Any] = {"loss": (sums.loss + sums.penalty) / rows}
        for metric, weighted in self.metrics:
            if self._counted(metric):
                logs[metric.name] = (sums.correct / sums.weight if sums.weight else 0.0) if weighted else sums.hits / rows
            elif part is not None:
                weights = part.rows.weights if weighted else None
                logs[metric.name] = metric.compute(part.truths[part.rows.chosen], self.probabilities(part.outputs()), None if weights is None else weights[part.rows.chosen])
        return logs

    def probabilities(self, outputs: Array) -> Array:
        """Predictions from outputs whose last activation is in the loss."""
        if self.squash is None:
            return outputs
        layer = network.Softmax() if self.squash == "softmax" else network.Activate("sigmoid")
        return network.predict_outputs(network.Network(outputs.shape[1], (layer,)).plan(), network.Parameters(np.empty(0, np.float32), ()), np.ascontiguousarray(outputs))

    def judge(self, part: Part) -> dict[str, Any]:
        """Loss and metrics, nothing learnt."""
        sums = network.evaluate_rows(self.plan, self.parameters, part.rows, self.loss)
        return self.logs(sums._replace(penalty=self.penalty() * sums.rows), part)

    def penalty(self) -> float:
        """Of the regularizers, at the weights as they are."""
        total = 0.0
        for s in self.parameters.segments:
            if s.trained and (s.l1 or s.l2):
                values = self.parameters.view(s).astype(np.float64)
                total += s.l1 * float(np.abs(values).sum()) + s.l2 * float(np.square(values).sum())
        return total


class Fit(Task):
    """One call of fit."""

    def __init__(self, model: Any, verbose: Any, callbacks: Any, epochs: int, initial_epoch: int, batch_size: int, shuffle: bool) -> None:
        super().__init__(model)
        self.verbose, self.epochs, self.first, self.batch_size, self.shuffle = verbosity(verbose), epochs, initial_epoch, batch_size, shuffle
        self.history = model.history = known_callbacks.History()
        self.hooks = known_callbacks.CallbackList([*(callbacks or []), self.history], model)
        self.state = model.optimizer.build(self.parameters)
        self.seed = int(generator().integers(2**63))
        self.training: Part
        self.validation: Part | None = None
        self.bar: Bar | None = None

    def run(self, steps: int, batches: Any = None, steps_per_epoch: int | None = None) -> Any:
        self.hooks.set_params({"verbose": self.verbose, "epochs": self.epochs, "steps": steps})
        self.steps = steps
        self.model.stop_training = False
        names = ["loss", *(metric.name for metric, _ in self.metrics)]
        self.hooks.check(names + [f"val_{name}" for name in names] * (self.validation is not None))
        self.hooks.call("on_train_begin", None)
        self.first = self.hooks.first_epoch(self.first)
        if self.first < self.epochs and not self.model.stop_training:
            if batches is None and not self.hooks.wants_batches:
                self.whole()
            else:
                self.by_batches(batches, steps_per_epoch)
            average = self.model.optimizer.averaged()
            for s in self.parameters.segments if average is not None else ():
                if s.trained:
                    self.parameters.view(s).reshape(-1)[:] = average[s.first : s.first + s.size]
        self.hooks.call("on_train_end", self.history.last())
        return self.history

    def settings(self, epochs: int, batch_size: int) -> network.Training:
        return network.Training(
            epochs, batch_size, optimizer=self.model.optimizer.engine(), seed=self.seed, shuffle=self.shuffle, restore_best=False
        )  # fmt: skip

    def begin(self, epoch: int) -> None:
        if self.verbose:
            from normexp.keras._progress import write

            write(f"Epoch {epoch + 1}/{self.epochs}\n")
            self.bar = Bar(self.verbose, self.steps)
        self.hooks.call("on_epoch_begin", epoch, None)

    def end(self, epoch: int, seen: network.Sums, held: network.Sums | None) -> bool:
        """The logs of an epoch to all who want them; True where training is to stop."""
        logs = self.logs(seen, getattr(self, "training", None))
        if held is not None and held.rows:
            logs |= {f"val_{name}": value for name, value in self.logs(held, self.validation).items()}
        logs = dict(sorted(logs.items()))
        if self.bar is not None:
            self.bar.close(logs, self.steps)
        self.hooks.call("on_epoch_end", epoch, logs)
        return bool(self.model.stop_training)

    def whole(self) -> None:
        """All epochs in one native call."""
        held = self.validation.rows if self.validation is not None else self.training.rows._replace(chosen=np.empty(0, np.int64), outputs=None)
        quiet = not self.verbose and self.hooks.only_history and not self.keeps_outputs

        started = self.state.steps

        def on_epoch(epoch: int, seen: network.Sums, judged: network.Sums) -> bool:
            self.state.steps = started + (epoch + 1) * self.steps  # what callbacks save and ask
            stop = self.end(self.first + epoch, seen, judged)
            if not stop and self.first + epoch + 1 < self.epochs:
                self.begin(self.first + epoch + 1)
            return stop or bool(self.model.stop_training)

        def on_poll(_epoch: int, rows_done: int, sums: network.Sums) -> bool:
            if self.bar is not None and rows_done > 0:
                self.bar.update(-(-rows_done // self.batch_size), self.logs(sums, None))
            return False

        n_epochs = self.epochs - self.first
        if not quiet:
            self.begin(self.first)
        result = network.fit_rows(
            self.plan, self.parameters, self.training.rows, held, self.settings(n_epochs, self.batch_size), self.loss, self.state,
            self.model.optimizer.rates(n_epochs * self.steps), on_epoch=None if quiet else on_epoch, on_poll=on_poll if self.verbose else None,
        )  # fmt: skip
        for epoch, (seen, judged) in enumerate(result.epochs if quiet else ()):
            self.end(self.first + epoch, seen, judged)
        if result.stopped == "interrupted":
            raise KeyboardInterrupt

    def by_batches(self, batches: Any, limit: int | None) -> None:
        """A native call a batch: for callbacks that want each, and for generators."""
        for epoch in range(self.first, self.epochs):
            self.begin(epoch)
            total, seen = network.Sums(0, 0, 0, 0, 0, 0), []
            done = 0
            parts = self.index_batches(epoch) if batches is None else (self.part(*batch) for batch in batches_of(batches, limit))
            for done, part in enumerate(parts, start=1):
                self.hooks.call("on_train_batch_begin", done - 1, None)
                total = network.Sums(*(a + b for a, b in zip(total, self.step(part.rows), strict=True)))
                if batches is not None and self.keeps_outputs:
                    seen.append(part)
                self.hooks.call("on_train_batch_end", done - 1, self.logs(total, None))
                if self.bar is not None:
                    self.bar.update(done, self.logs(total, None))
            if not done:
                raise ValueError(f"expected a batch for epoch {epoch + 1}, got none: the generator is exhausted; make it endless and give steps_per_epoch")
            self.steps = done
            if seen:
                self.training = _joined(seen)
            held = None
            if self.validation is not None:
                held = network.evaluate_rows(self.plan, self.parameters, self.validation.rows, self.loss)
                held = held._replace(penalty=self.penalty() * held.rows)
            if self.end(epoch, total, held):
                return

    def index_batches(self, epoch: int) -> Any:
        rows = self.training.rows
        order = np.random.Generator(np.random.Philox([self.seed, epoch])).permutation(rows.chosen) if self.shuffle else rows.chosen
        for first in range(0, len(order), self.batch_size):
            yield Part(rows._replace(chosen=np.ascontiguousarray(order[first : first + self.batch_size])), self.training.truths)

    def step(self, rows: network.Rows) -> network.Sums:
        nothing = rows._replace(chosen=np.empty(0, np.int64), outputs=None)
        settings = network.Training(1, max(len(rows.chosen), 1), optimizer=self.model.optimizer.engine(), seed=self.seed, shuffle=False, restore_best=False)
        result = network.fit_rows(self.plan, self.parameters, rows, nothing, settings, self.loss, self.state, self.model.optimizer.rates(1))
        if result.stopped == "interrupted":
            raise KeyboardInterrupt
        return result.epochs[0][0]


def _joined(parts: list[Part]) -> Part:
    """What metrics need of all batches of an epoch: truths, outputs and weights, without the features."""
    truths = np.concatenate([part.truths for part in parts])
    weights = [part.rows.weights for part in parts if part.rows.weights is not None]
    outputs, every = np.concatenate([part.outputs() for part in parts]), np.arange(len(truths), dtype=np.int64)
    return Part(network.Rows(np.empty((len(truths), 0), np.float32), truths, every, np.concatenate(weights) if weights else None, outputs), truths)


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
