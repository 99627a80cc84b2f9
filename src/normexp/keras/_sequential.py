"""Sequential: a stack of layers with Keras's methods to train, judge, ask and save it."""

from collections import Counter
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import network
from normexp.keras import _fit, _saving, losses, metrics, optimizers
from normexp.keras._data import features_of
from normexp.keras._layer import Layer
from normexp.keras._names import FUNCTIONAL, Described, unsupported
from normexp.keras._progress import Bar, verbosity
from normexp.keras._stack import Stack

__all__ = ["Sequential"]


class Sequential(Stack):
    """Layers one after the other, as Keras's: add, compile, fit, evaluate, predict, save.

    Parameters
    ----------
    layers : list of layers, optional
        The first may be an Input; without one the network is built when it first sees data. A Sequential may be a layer of another.
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        self.stop_training = False
        self.optimizer: Any = None
        self.loss: Any = None
        self.history: Any = None
        self._wanted: list[list[Any]] = [[], []]
        super().__init__(layers, trainable, name)

    def get_compile_config(self) -> dict[str, Any] | None:
        """How the network was compiled, or None."""
        if self.optimizer is None:
            return None

        def described(thing: Any) -> Any:
            return {"class_name": type(thing).__name__, "config": thing.get_config()} if isinstance(thing, Described) else thing

        return {
            "optimizer": described(self.optimizer), "loss": described(self.loss), "loss_weights": None, "metrics": [described(m) for m in self._wanted[0]],
            "weighted_metrics": [described(m) for m in self._wanted[1]] or None, "run_eagerly": False, "steps_per_execution": 1, "jit_compile": False,
        }  # fmt: skip

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as `get_compile_config` described."""
        self.compile(config.get("optimizer") or "rmsprop", config.get("loss"), metrics=config.get("metrics"), weighted_metrics=config.get("weighted_metrics"))
        self.optimizer.build(self.parameters())

    # ---- training

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None, metrics: Any = None, weighted_metrics: Any = None, run_eagerly: bool = False,
        steps_per_execution: int = 1, jit_compile: Any = "auto", auto_scale_loss: bool = True,
    ) -> None:  # fmt: skip
        """Say how to train: optimizer, loss and metrics, by name or as objects of normexp.keras."""
        unsupported(
            "compile", loss_weights=(loss_weights, None), run_eagerly=(run_eagerly, False), steps_per_execution=(steps_per_execution, 1),
            jit_compile=(jit_compile, ("auto", True, False)), auto_scale_loss=(auto_scale_loss, True),
        )  # fmt: skip
        self.optimizer, self.loss = optimizers.get(optimizer), losses.get(loss)
        self._wanted = [[_metric(m) for m in (wanted if isinstance(wanted, (list, tuple)) else [wanted] if wanted else [])] for wanted in (metrics, weighted_metrics)]
        self.stop_training = False

    @property
    def metrics_names(self) -> list[str]:
        """What `evaluate` gives, in its order: loss, then the metrics."""
        return [] if self.loss is None else ["loss", *(metric.name for metric, _ in self.metrics_of(1))]

    def metrics_of(self, width: int) -> list[tuple[Any, bool]]:
        """The compiled metrics for that many outputs, and whether each is weighted."""
        compiled: list[tuple[Any, bool]] = []
        seen: Counter[str] = Counter()
        for wanted, weighted in zip(self._wanted, (False, True), strict=True):
            for m in wanted:
                metric = copy(metrics.accuracy_for(self.loss, width, m) if isinstance(m, str) else m)
                seen[metric.name] += 1
                metric.name += f"_{seen[metric.name] - 1}" if seen[metric.name] > 1 else ""
                compiled.append((metric, weighted))
        return compiled

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1, verbose: Any = "auto", callbacks: Any = None, validation_split: float = 0.0,
        validation_data: Any = None, shuffle: bool = True, class_weight: Any = None, sample_weight: Any = None, initial_epoch: int = 0, steps_per_epoch: int | None = None,
        validation_steps: int | None = None, validation_batch_size: int | None = None, validation_freq: int = 1,
    ) -> Any:  # fmt: skip
        """Train for so many epochs; returns a History whose `history` holds loss and metrics of each.

        `validation_split` takes the last rows, before any shuffling, as Keras does; `validation_batch_size` does not change what validation gives.
        x may also be a generator of batches (x, y) or (x, y, sample_weight), with `steps_per_epoch`.
        """
        unsupported(
            "fit", validation_steps=(validation_steps, None), validation_freq=(validation_freq, 1), shuffle=(shuffle, (True, False))
        )
        return _fit.fit(
            self, x, y, batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=callbacks, validation_split=validation_split,
            validation_data=validation_data, shuffle=shuffle, class_weight=class_weight, sample_weight=sample_weight, initial_epoch=initial_epoch, steps_per_epoch=steps_per_epoch,
        )  # fmt: skip

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: Any = "auto", sample_weight: Any = None, steps: int | None = None, callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:  # fmt: skip
        """The loss, or [loss, *metrics] where there are metrics."""
        unsupported("evaluate", steps=(steps, None), callbacks=(callbacks, (None, [])))
        return _fit.evaluate(self, x, y, batch_size, verbose, sample_weight, return_dict)

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False) -> Any:
        """One step on one batch; its loss, or [loss, *metrics] where there are metrics."""
        return _fit.train_on_batch(self, x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss and metrics of one batch, nothing learnt."""
        return _fit.evaluate(self, x, y, None, 0, sample_weight, return_dict)

    def predict(self, x: Any, batch_size: int | None = None, verbose: Any = "auto", steps: int | None = None, callbacks: Any = None) -> NDArray[np.float32]:
        """Outputs of all rows, shape (n, *output shape); a row's bits do not depend on the others."""
        unsupported("predict", steps=(steps, None), callbacks=(callbacks, (None, [])))
        features = features_of(x, self.input_shape_)
        if not self.built:
            self.build((None, *np.shape(x)[1:]) if np.ndim(x) > 1 else (None, 1))
        bar = Bar(verbosity(verbose), -(-len(features) // (batch_size or 32)))
        outputs = network.predict_outputs(self.plan(), self.parameters(), features)
        bar.close({})
        return outputs.reshape(len(outputs), *self._made()[-1][2])

    def predict_on_batch(self, x: Any) -> NDArray[np.float32]:
        return self.predict(x, verbose=0)

    def __call__(self, x: Any, training: bool | None = None) -> NDArray[np.float32]:
        unsupported("calling a model", training=(training, (None, False)))
        if isinstance(x, Layer):
            raise TypeError(f"expected rows to call model '{self.name}' on, got {type(x).__name__}: {FUNCTIONAL}")
        return self.predict(x, verbose=0)

    # ---- files

    def save(self, filepath: Any, overwrite: bool = True, **others: Any) -> None:
        """Write a .keras file, which Keras reads too."""
        unsupported("save", **{key: (value, None) for key, value in others.items()})
        _saving.save_model(self, filepath, overwrite)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights alone to a `.weights.h5` file, which Keras reads too."""
        _saving.save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Take the weights of a `.weights.h5` file that a model of the same layers wrote, here or in Keras."""
        unsupported("load_weights", skip_mismatch=(skip_mismatch, False))
        _saving.load_weights(self, filepath)


def _metric(metric: Any) -> Any:
    """As Keras: a metric given by name has that name, and what accuracy is depends on the targets."""
    if metric in ("accuracy", "acc"):
        return metric
    known = metrics.get(metric)
    if isinstance(metric, str):
        known.name = metric
    return known
