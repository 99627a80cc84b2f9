"""What all layers share: a name, arguments that describe them, and variables that lie in the flat vector of the model."""

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.keras._names import FUNCTIONAL, Described, snake_case, unsupported

__all__ = ["Layer", "Shape", "flat", "forget_names", "next_name", "treatment"]

Shape = tuple[int, ...]
_names: Counter[str] = Counter()


def forget_names() -> None:
    _names.clear()


def next_name(kind: str) -> str:
    _names[kind] += 1
    return kind if _names[kind] == 1 else f"{kind}_{_names[kind] - 1}"


class Layer(Described):
    """The base of all layers; not itself a layer.

    `name`, `trainable` and `input_shape` (of the first layer, without the batch axis) are arguments of every layer.
    """

    def __init__(
        self, *, name: str | None = None, trainable: bool = True, dtype: Any = None, input_shape: Shape | None = None, input_dim: int | None = None, **others: Any
    ) -> None:
        if others:
            raise TypeError(f"expected arguments of {type(self).__name__} that Keras and normexp.keras share, got {', '.join(others)}; use Keras itself for these")
        policy = dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype
        unsupported(type(self).__name__, dtype=(policy, (None, "float32")))
        self.name = name or next_name(snake_case(type(self).__name__))
        self.trainable = trainable
        self.wanted_shape: Shape | None = (input_dim,) if input_dim is not None else None if input_shape is None else tuple(input_shape)
        self._views: list[NDArray[np.float32]] = []

    def get_config(self) -> dict[str, Any]:
        plain = {name: {"class_name": type(v).__name__, "config": v.get_config()} if isinstance(v, Described) else v for name, v in self._arguments.items()}
        return {"name": self.name, "trainable": self.trainable, **plain}

    def __call__(self, *inputs: Any, **others: Any) -> Any:
        raise TypeError(f"expected '{self.name}' as a layer of a model, got it called on {', '.join(type(x).__name__ for x in inputs) or 'nothing'}: {FUNCTIONAL}")

    @property
    def built(self) -> bool:
        return bool(self._views) or not self.starts()

    def shape_after(self, shape: Shape) -> Shape:
        return shape

    def engine(self, shape: Shape) -> tuple[Any, ...]:
        """The engine's layers for inputs of that shape."""
        return ()

    def starts(self) -> tuple[Any, ...]:
        """An initializer for each variable, in Keras's order."""
        return ()

    def treatments(self) -> tuple[dict[str, Any], ...]:
        """Regularizers and constraints of each variable."""
        return tuple({} for _ in self.starts())

    def hold(self, views: list[NDArray[np.float32]]) -> None:
        """The layer's variables lie in the model's vector."""
        self._views = views

    def get_weights(self) -> list[NDArray[Any]]:
        return [view.copy() for view in self._views]

    def set_weights(self, weights: list[Any]) -> None:
        shapes = [np.shape(w) for w in self.get_weights()]
        if [np.shape(w) for w in weights] != shapes:
            raise ValueError(f"expected weights of shapes {shapes} for layer '{self.name}', got {[np.shape(w) for w in weights]}")
        for view, w in zip(self._views, weights, strict=True):
            view[...] = w

    @property
    def weights(self) -> list[NDArray[Any]]:
        return self.get_weights()

    def count_params(self) -> int:
        return sum(int(np.size(w)) for w in self.get_weights())


def flat(shape: Shape, layer: Layer) -> int:
    if len(shape) != 1:
        raise ValueError(f"expected inputs of shape (n,) for layer '{layer.name}', got {shape}: only elementwise layers take more axes here; put Flatten before it")
    return shape[0]


def treatment(regularizer: Any, constraint: Any) -> dict[str, Any]:
    return {
        "l1": getattr(regularizer, "l1", 0.0), "l2": getattr(regularizer, "l2", 0.0), "largest_norm": float(getattr(constraint, "max_value", 0.0)),
        "of_rows": bool(getattr(constraint, "axis", 0)),
    }  # fmt: skip
