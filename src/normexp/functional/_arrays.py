"""What comes in as an array of any kind goes out as it came in.

NumPy arrays and sequences, masked arrays, pandas Series and DataFrames, and CPU arrays of other libraries (through DLPack, without a copy) are
computed here. Tensors that need gradients, tracers and arrays on a device are left to their own library (`normexp.functional._foreign`).
"""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Incoming", "axes_of", "incoming", "is_bfloat16", "real_numbers", "with_last_axis"]

Wrap = Callable[[NDArray[Any]], Any]


class Incoming(NamedTuple):
    """The values, where they are valid (None: everywhere), and how results go out: of the same shape, or without the given axes."""

    values: NDArray[Any]
    valid: NDArray[np.bool_] | None
    wrap: Wrap
    wrap_reduced: Callable[[NDArray[Any], tuple[int, ...]], Any]


def incoming(x: Any, name: str) -> Incoming:
    """Values of `x` as real numbers (see real_numbers)."""
    if isinstance(x, np.matrix):
        raise TypeError(f"expected {name} to be an array, got numpy.matrix, whose axes never go away; pass numpy.asarray({name})")
    if isinstance(x, np.ma.MaskedArray):
        return Incoming(real_numbers(x.data, name), ~np.ma.getmaskarray(x), lambda result: np.ma.MaskedArray(result, mask=x.mask), lambda result, axes: _masked(result, x, axes))
    if isinstance(x, (np.ndarray, np.generic, list, tuple, int, float)):
        return Incoming(real_numbers(np.asarray(x), name), None, _as_is, _as_is_reduced)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(x, (pandas.Series, pandas.DataFrame)):
        return Incoming(real_numbers(x.to_numpy(), name), None, lambda result: _like(x, result), lambda result, axes: _labelled(pandas, result, x, axes))
    if hasattr(x, "__dlpack__"):
        values = real_numbers(np.from_dlpack(x), name)
        wrap = _wrap_of(x)
        return Incoming(values, None, wrap, lambda result, _axes: wrap(result))
    return Incoming(real_numbers(np.asarray(x), name), None, _as_is, _as_is_reduced)


def _as_is(result: NDArray[Any]) -> Any:
    return result


def _as_is_reduced(result: NDArray[Any], _axes: tuple[int, ...]) -> Any:
    return result[()]


def _masked(result: NDArray[Any], x: Any, axes: tuple[int, ...]) -> Any:
    return np.ma.MaskedArray(result, mask=np.ma.getmaskarray(x).all(axis=axes, keepdims=result.ndim == x.ndim))


def _like(x: Any, result: NDArray[Any]) -> Any:
    """A Series or DataFrame with the labels of `x`."""
    return type(x)(result, index=x.index, name=x.name) if x.ndim == 1 else type(x)(result, index=x.index, columns=x.columns)


def _labelled(pandas: Any, result: NDArray[Any], x: Any, axes: tuple[int, ...]) -> Any:
    """A Series over the axis of a DataFrame that is left."""
    if result.ndim == 1 and x.ndim == 2 and len(axes) == 1:
        return pandas.Series(result, index=x.axes[1 - axes[0]])
    return result[()]


def _wrap_of(x: Any) -> Wrap:
    library = type(x).__module__.partition(".")[0]
    if library == "torch":
        import torch

        return lambda result: torch.from_numpy(np.asarray(result))
    if hasattr(x, "__array_namespace__"):
        return lambda result: x.__array_namespace__().asarray(result)
    return _as_is


def real_numbers(array: NDArray[Any], name: str) -> NDArray[Any]:
    """float16, float32, float64 and bfloat16 stay, integers and booleans become float64 before anything is subtracted."""
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if (array.dtype.kind == "f" and array.dtype.itemsize <= 8) or is_bfloat16(array.dtype):
        return array
    hint = "; convert it to float32 or float64 first"
    raise TypeError(f"expected {name} to hold real numbers, got dtype {array.dtype}{hint}")


def is_bfloat16(dtype: np.dtype[Any]) -> bool:
    """bfloat16 of ml_dtypes; computed in float32 and rounded once."""
    return dtype.name == "bfloat16"


def axes_of(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """The axes as sorted non-negative integers."""
    if axis is None or ndim == 0:  # a single number is one class
        return tuple(range(ndim))
    return tuple(sorted(np.lib.array_utils.normalize_axis_tuple(axis, ndim)))


def with_last_axis(x: NDArray[Any], axes: tuple[int, ...]) -> NDArray[Any]:
    """`x` with the axes moved to the end and joined to one: a view where there is one axis, else often a copy."""
    if len(axes) == 1:
        return np.moveaxis(x, axes[0], -1)
    if not axes:
        return x[..., None]
    kept = [i for i in range(x.ndim) if i not in axes]
    return x.transpose(*kept, *axes).reshape([x.shape[i] for i in kept] + [-1 if x.size else int(np.prod([x.shape[i] for i in axes]))])
