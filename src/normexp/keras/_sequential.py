"""Sequential: layers, weights in one flat vector, and Keras's methods."""

import math
from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import network
from normexp.keras import _fit, losses, metrics, optimizers
from normexp.keras import layers as known_layers
from normexp.keras._data import features_of
from normexp.keras._layer import Layer, Shape, next_name
from normexp.keras._names import Described, resolved, unsupported
from normexp.keras._progress import Bar
from normexp.keras._summary import summary_of

__all__ = ["Sequential"]

_LAYERS: dict[str, type] = {
    name: getattr(known_layers, name) for name in known_layers.__all__ if name not in ("Input", "Layer") and isinstance(getattr(known_layers, name), type)
}  # fmt: skip


class Sequential:
    """Layers one after the other, as Keras's: add, compile, fit, evaluate, predict, save.

    Parameters
    ----------
    layers : list of layers, optional
        The first may be an Input; without one the network is built when it first sees data.
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        self.name = name or next_name("sequential")
        self.trainable = trainable
        self.layers: list[Layer] = []
        self.input_shape_: Shape | None = None
        self.stop_training = False
        self.optimizer: Any = None
        self.loss: Any = None
        self.metrics_compiled: list[tuple[metrics.Metric, bool]] = []
        self._parameters: network.Parameters | None = None
        for layer in layers or []:
            self.add(layer)

    def add(self, layer: Any) -> None:
        """One more layer at the end."""
        if isinstance(layer, known_layers.InputLayer):
            if self.layers or self.input_shape_:
                raise ValueError("expected Input as the first of the layers, got it after others")
            self.input_shape_ = layer.shape
            return
        if not isinstance(layer, Layer):
            raise TypeError(f"expected a layer of normexp.keras.layers, got {type(layer).__module__}.{type(layer).__name__}")
        if any(layer is other for other in self.layers):
            raise ValueError(f"expected each layer once, got '{layer.name}' again; make another layer")
        if not self.layers and layer.wanted_shape is not None:
            self.input_shape_ = layer.wanted_shape
        self.layers.append(layer)
        self._forget()

    def pop(self) -> Layer:
        """Take the last layer off."""
        if not self.layers:
            raise ValueError("expected layers to take one off, got none")
        last = self.layers.pop()
        self._forget()
        return last

    def _forget(self) -> None:
        self._parameters = None
        if self.input_shape_ is not None and self.layers:
            self.build()

    @property
    def built(self) -> bool:
        return self._parameters is not None

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; `input_shape` is (None, *shape of a row)."""
        if input_shape is not None:
            self.input_shape_ = tuple(int(n) for n in input_shape[1:])
        if not self.input_shape_ or not self.layers:
            raise ValueError(f"expected the shape of a row and layers to build the network, got {self.input_shape_} and {len(self.layers)} layers; begin with Input")
        kept = [layer.get_weights() for layer in self.layers]
        engine = self._network()
        self._parameters = parameters = network.initial_parameters(engine, 0)
        places = iter(parameters.segments)
        for layer, made, before in zip(self.layers, self._made(), kept, strict=True):
            views = [parameters.view(next(places)) for part in made[1] for _ in part.variables(made[0])]
            for view, start in zip(views, layer.starts(), strict=False):
                view[...] = start(view.shape)
            layer.hold(views)
            if before and [np.shape(w) for w in before] == [np.shape(w) for w in layer.get_weights()]:
                layer.set_weights(before)

    def _made(self) -> list[tuple[int, tuple[Any, ...], Shape]]:
        """Of each layer: how many inputs, what the engine does, the shape of its outputs."""
        shape: Shape = self.input_shape_ or ()
        made = []
        for layer in self.layers:
            n, parts = math.prod(shape), layer.engine(shape)
            if not self.trainable:
                parts = tuple(replace(part, trained=False) if part.trained else part for part in parts)
            shape = layer.output_shape(shape)
            made.append((n, parts, shape))
        return made

    def _network(self) -> network.Network:
        parts = tuple(part for _, parts, _ in self._made() for part in parts)
        return network.Network(math.prod(self.input_shape_ or ()), parts or (network.Dropout(0.0),))

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        return (None, *self._made()[-1][2])

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        return (None, *(self.input_shape_ or ()))

    def plan(self) -> list[Any]:
        """What the engine needs, as the layers are now."""
        return self._network().plan()

    def parameters(self) -> network.Parameters:
        """The flat vector, its segments treated as the layers say now: all decayed, as in Keras."""
        if self._parameters is None:
            raise ValueError("expected a built network, got one without weights; begin with Input, or call build((None, n_inputs)) or fit")
        variables = [v for n, parts, _ in self._made() for part in parts for v in part.variables(n)]
        treatments = [
            t for layer, (n, parts, _) in zip(self.layers, self._made(), strict=True)
            for t in (*layer.treatments(), *[{}] * (sum(len(part.variables(n)) for part in parts) - len(layer.treatments())))
        ]  # fmt: skip
        segments = tuple(
            replace(s, trained=v.trained, decayed=True, **t) for s, v, t in zip(self._parameters.segments, variables, treatments, strict=True)
        )  # fmt: skip
        return network.Parameters(self._parameters.values, segments)

    # ---- weights

    def get_weights(self) -> list[NDArray[Any]]:
        return [w for layer in self.layers for w in layer.get_weights()]

    def set_weights(self, weights: list[Any]) -> None:
        counts = [len(layer.get_weights()) for layer in self.layers]
        if len(weights) != sum(counts):
            raise ValueError(f"expected {sum(counts)} arrays of weights, got {len(weights)}")
        rest = list(weights)
        for layer, count in zip(self.layers, counts, strict=True):
            layer.set_weights([rest.pop(0) for _ in range(count)])

    @property
    def weights(self) -> list[NDArray[Any]]:
        return self.get_weights()

    def count_params(self) -> int:
        return sum(layer.count_params() for layer in self.layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        for i, layer in enumerate(self.layers):
            if layer.name == name or i == index:
                return layer
        raise ValueError(f"expected the name of a layer out of {', '.join(layer.name for layer in self.layers)}, got {name if index is None else index!r}")

    def summary(self, print_fn: Callable[[str], Any] | None = None, **others: Any) -> None:
        """Print the layers, the shapes of their outputs and how many parameters they have."""
        unsupported("summary", **{key: (value, (None, False)) for key, value in others.items()})
        summary_of(self, print_fn)

    # ---- description

    def get_config(self) -> dict[str, Any]:
        shape = {"name": "input_layer", "batch_shape": [None, *(self.input_shape_ or ())], "dtype": "float32"}
        first = [] if self.input_shape_ is None else [{"class_name": "InputLayer", "config": shape}]
        return {"name": self.name, "trainable": self.trainable, "layers": [*first, *({"class_name": type(layer).__name__, "config": layer.get_config()} for layer in self.layers)]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Sequential":
        """The network that `get_config` described, with fresh weights."""
        model = cls(name=config.get("name"), trainable=config.get("trainable", True))
        for entry in config["layers"]:
            model.add(resolved(entry, _LAYERS, "a layer"))
        return model

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
        self._wanted = [[m if m in ("accuracy", "acc") else _metric(m) for m in ([wanted] if isinstance(wanted, str) else wanted or [])] for wanted in (metrics, weighted_metrics)]
        self.stop_training = False

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
        bar = Bar(_fit.verbosity(verbose), -(-len(features) // (batch_size or 32)))
        outputs = network.predict_outputs(self.plan(), self.parameters(), features)
        bar.close({})
        return outputs.reshape(len(outputs), *self._made()[-1][2])

    def predict_on_batch(self, x: Any) -> NDArray[np.float32]:
        return self.predict(x, verbose=0)

    def __call__(self, x: Any, training: bool | None = None) -> NDArray[np.float32]:
        unsupported("calling a model", training=(training, (None, False)))
        return self.predict(x, verbose=0)

    # ---- files

    def save(self, filepath: Any, overwrite: bool = True, **others: Any) -> None:
        """Write a .keras file, which Keras reads too."""
        unsupported("save", **{key: (value, None) for key, value in others.items()})
        from normexp.keras._files import save_model

        save_model(self, filepath, overwrite)


def _metric(metric: Any) -> Any:
    return metrics.get(metric)
