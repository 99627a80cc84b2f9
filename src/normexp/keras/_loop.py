"""The loop of one fit around the engine, which does all epochs in one call where no callback wants each batch."""

from typing import Any

import numpy as np

from normexp import network
from normexp.keras._data import batches_of
from normexp.keras._progress import Bar, verbosity, write
from normexp.keras._random import generator
from normexp.keras._task import Part, Task, joined
from normexp.keras.callbacks import CallbackList, History

__all__ = ["Fit"]


class Fit(Task):
    """One call of fit."""

    def __init__(self, model: Any, verbose: Any, callbacks: Any, epochs: int, initial_epoch: int, batch_size: int, shuffle: bool) -> None:
        super().__init__(model)
        self.verbose, self.epochs, self.first, self.batch_size, self.shuffle = verbosity(verbose), epochs, initial_epoch, batch_size, shuffle
        self.history = model.history = History()
        self.hooks = CallbackList([*(callbacks or []), self.history], model)
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
                self.training = joined(seen)
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
