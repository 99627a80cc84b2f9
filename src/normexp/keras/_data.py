"""What users pass to fit, evaluate and predict, as the engine's arrays."""

import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import users_line

__all__ = ["batches_of", "features_of", "is_batches", "targets_of", "truths_of", "unpacked", "warn_of_not_finite", "weights_of"]


def _array(data: Any, name: str) -> NDArray[Any]:
    array = np.asarray(data.to_numpy() if hasattr(data, "to_numpy") else data)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"expected numbers in {name}, got an array of dtype {array.dtype}; encode text and categories first, or use SoftmaxClassifier, which does")
    return array


def features_of(x: Any, shape: tuple[int, ...] | None) -> NDArray[np.float32]:
    """Rows of float32, shape (n, numbers of a row); `shape` is that of a row, None: any."""
    array = _array(x, "x")
    if array.ndim < 2 and shape != ():
        array = array.reshape(len(array), 1) if array.ndim == 1 and shape in (None, (1,)) else array
    if array.ndim < 2 or (shape is not None and array.shape[1:] != shape):
        wanted = "(n, …)" if shape is None else f"(n, {', '.join(map(str, shape))})"
        raise ValueError(f"expected x of shape {wanted}, as the network's input layer says, got {array.shape}")
    return np.ascontiguousarray(array.reshape(len(array), -1), np.float32)


def truths_of(y: Any, loss: Any, width: int) -> NDArray[Any]:
    """Targets as the metrics see them: class indices of shape (n,), or float32 of shape (n, width)."""
    array = _array(y, "y")
    if loss.takes_classes:
        classes = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
        if classes.ndim != 1:
            raise ValueError(f"expected class indices of shape (n,) for {loss.name}, got targets of shape {array.shape}; use categorical_crossentropy for one-hot targets")
        wrong = np.flatnonzero((classes < 0) | (classes >= width) | (classes != np.floor(classes)))
        if wrong.size:
            raise ValueError(f"expected class indices from 0 to {width - 1}, got {classes[wrong[0]]} at index {wrong[0]}; the last layer has {width} outputs")
        return np.ascontiguousarray(classes, np.int32)
    dense = array[:, None] if array.ndim == 1 and width == 1 else array
    if dense.ndim != 2 or dense.shape[1] != width:
        hint = "; for class indices use sparse_categorical_crossentropy, or keras.utils.to_categorical" if array.ndim == 1 and loss.of_classes else ""
        raise ValueError(f"expected targets of shape (n, {width}) for {loss.name}, as the last layer has {width} outputs, got {array.shape}{hint}")
    if loss.of_probabilities and dense.size and not (dense.min() >= 0 and dense.max() <= 1):
        wrong = np.flatnonzero(~((dense >= 0) & (dense <= 1)))[0]
        warnings.warn(f"expected targets from 0 to 1 for {loss.name}, got {dense.flat[wrong]} in row {wrong // width}; the loss says nothing of others", stacklevel=users_line())
    return np.ascontiguousarray(dense, np.float32)


def warn_of_not_finite(values: NDArray[np.float32], name: str) -> None:
    """Of NaN and infinity, which make the loss and every weight NaN. The sum finds them without another array."""
    if values.size and not math.isfinite(float(values.sum(dtype=np.float64))) and (bad := np.flatnonzero(~np.isfinite(values).all(axis=1))).size:
        found = f"NaN or infinity in {bad.size} of {len(values)} rows, first {bad[0]}"
        warnings.warn(f"expected finite numbers in {name}, got {found}; fill or leave out such rows", stacklevel=users_line())


def targets_of(y: Any, loss: Any, width: int) -> NDArray[Any]:
    """Targets for the engine: one-hot rows become class indices where the loss is the same, and faster."""
    truths = y if isinstance(y, np.ndarray) and y.dtype in (np.int32, np.float32) and y.ndim == 1 + (not loss.takes_classes) else truths_of(y, loss, width)
    if truths.ndim == 1 or width == 1 or loss.squashes != "softmax":
        return truths
    classes: NDArray[Any] = truths.argmax(axis=1)
    if len(truths) and np.count_nonzero(truths) == len(truths) and (truths[np.arange(len(truths)), classes] == 1).all():
        return classes.astype(np.int32)
    return truths


def weights_of(
    sample_weight: Any, n: int, class_weight: Mapping[int, float] | None = None, truths: NDArray[Any] | None = None, n_classes: int = 2
) -> NDArray[np.float32] | None:  # fmt: skip
    """One weight a row, or None where all are 1."""
    weights = None if sample_weight is None else _array(sample_weight, "sample_weight").astype(np.float32).reshape(-1)
    if weights is not None and (weights.shape != (n,) or not np.isfinite(weights).all()):
        raise ValueError(f"expected {n} finite numbers in sample_weight, one a row, got {weights.shape}")
    if class_weight is not None:
        if truths is None:
            raise ValueError("expected targets with class_weight, got none")
        table = _by_class(class_weight, n_classes)
        classes = truths if truths.ndim == 1 else truths.argmax(axis=1) if truths.shape[1] > 1 else truths[:, 0].round()
        places = np.where((classes >= 0) & (classes < n_classes), classes, n_classes).astype(np.int64)
        weights = table[places] if weights is None else weights * table[places]
    return weights


def _by_class(class_weight: Any, n_classes: int) -> NDArray[np.float32]:
    """A weight for each class, 1 where none is given and for what is no class."""
    if not isinstance(class_weight, Mapping):
        raise TypeError(f"expected class_weight as a dict from class index to weight, such as {{0: 1.0, 1: 5.0}}, got {type(class_weight).__name__}")
    table = np.ones(n_classes + 1, np.float32)
    for key, weight in class_weight.items():
        if isinstance(key, bool) or not isinstance(key, (int, float, np.integer, np.floating)) or key not in range(n_classes):
            raise ValueError(f"expected classes from 0 to {n_classes - 1} as keys of class_weight, got {key!r}; use the class indices of the targets")
        if isinstance(weight, bool) or not isinstance(weight, (int, float, np.integer, np.floating)) or not 0 <= weight < math.inf:
            raise ValueError(f"expected finite weights of at least 0 in class_weight, got {weight!r} for class {key}")
        table[int(key)] = weight
    return table


def unpacked(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a tuple of one to three."""
    if not isinstance(data, (tuple, list)) or not 1 <= len(data) <= 3:
        raise ValueError(f"expected (x, y) or (x, y, sample_weight), got {type(data).__name__}" + (f" of {len(data)}" if hasattr(data, "__len__") else ""))
    return (*data, None, None)[:3]  # type: ignore[return-value]


def is_batches(x: Any) -> bool:
    """Does x give batches: a generator, an iterator, or a sequence of tuples as PyDataset is?"""
    is_array = isinstance(x, (list, tuple)) or hasattr(x, "shape") or hasattr(x, "to_numpy")
    return hasattr(x, "__next__") or (hasattr(x, "__getitem__") and hasattr(x, "__len__") and not is_array)


def batches_of(x: Any, limit: int | None) -> Iterator[tuple[Any, Any, Any]]:
    """The batches of one epoch: all, or as many as `limit` says."""
    if hasattr(x, "__next__"):
        source: Iterator[Any] = x
    else:
        source = (x[i] for i in range(len(x)))
    for i, batch in enumerate(source):
        yield unpacked(batch)
        if limit is not None and i + 1 >= limit:
            return
