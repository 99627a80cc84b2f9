"""Arrays and data frames of Dask: computed to learn from; answered part by part, where and when somebody asks for the answers."""

import importlib
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

__all__ = ["by_parts", "in_memory"]

T = TypeVar("T")


def in_memory(*given: Any) -> tuple[Any, ...]:
    """Each as it is; what is Dask's is computed, all in one go."""
    if not any(map(_is_lazy, given)):
        return given
    compute: Any = importlib.import_module("dask").compute
    found: tuple[Any, ...] = compute(*given)
    return found


def by_parts(*names: str) -> Callable[[type[T]], type[T]]:
    """A class whose methods of these names, which take rows X and give an array a row, give a Dask array for a Dask collection."""

    def decorate(kind: type[T]) -> type[T]:
        for name in names:
            setattr(kind, name, _by_parts(getattr(kind, name)))
        return kind

    return decorate


def _by_parts(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def answered(self: Any, X: Any, *further: Any, **options: Any) -> Any:
        return _lazily(lambda rows: method(self, rows, *further, **options), X) if _is_lazy(X) else method(self, X, *further, **options)

    return answered


def _is_lazy(X: Any) -> bool:
    return type(X).__module__.startswith("dask.") and hasattr(X, "__dask_graph__")


def _lazily(answer: Callable[[Any], Any], X: Any) -> Any:
    """A Dask array of as many rows; what one row is answered says its type and shape."""
    if hasattr(X, "map_partitions"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of cells that are made up
            meta = answer(X._meta_nonempty.iloc[:1])[:0]
        return X.map_partitions(answer, meta=meta)
    if X.ndim != 2:
        raise ValueError(f"expected a Dask array of shape (n_samples, n_features), got one of shape {X.shape}")
    meta = answer(np.zeros((1, X.shape[1]), X.dtype))[:0]
    rows = X.rechunk({1: -1})
    if meta.ndim == 1:
        return rows.map_blocks(answer, dtype=meta.dtype, drop_axis=1, meta=meta)
    return rows.map_blocks(answer, dtype=meta.dtype, chunks=(rows.chunks[0], meta.shape[1:]), meta=meta)
