"""Drawing classes from logits, and the most probable ones."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import normexp._native as _native
from normexp._checks import integer_at_least
from normexp.functional._arrays import axes_of, incoming, with_last_axis
from normexp.functional._normalise import Axis, softmax, spread

__all__ = ["gumbel_softmax", "sample", "top_k"]

if TYPE_CHECKING:  # numpy.random takes 12 ms to import
    Seed = int | np.random.Generator | None


def top_k(logits: Any, k: int, axis: int = -1) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """The k most probable classes, most probable first, and their probabilities, without writing the others'.

    Parameters
    ----------
    logits : array of any shape with at least one axis
        float32 and float64 keep their dtype, float16 and bfloat16 are computed in float32, integers and booleans become float64.
    k : int
        From 1 to the number of classes.
    axis : int, default -1
        The axis of the classes.

    Returns
    -------
    indices : ndarray of int64, the shape of `logits` with `k` entries along `axis`
        Of equal logits the first comes first.
    probabilities : ndarray of the same shape
        Equal to those of `softmax` over all classes.

    Raises
    ------
    ValueError
        If k is out of range.

    Examples
    --------
    >>> top_k([0.7, 1.5, 4.8], 2)
    (array([2, 1]), array([0.94925668, 0.03501159]))
    """
    arrived = incoming(logits, "logits")
    x = arrived.values if arrived.valid is None else np.where(arrived.valid, arrived.values, arrived.values.dtype.type(-np.inf))
    if x.ndim == 0:
        raise ValueError("expected logits with an axis of classes, got a single number; pass one logit a class")
    dtype = np.float64 if x.dtype.itemsize == 8 else np.float32
    rows = np.moveaxis(x.astype(dtype, copy=False), axis, -1)
    n = rows.shape[-1]
    if integer_at_least(k, 1, "k") > n:
        raise ValueError(f"expected k from 1 to {n}, the number of classes, got {k}")
    shape = (*rows.shape[:-1], int(k))
    indices, probabilities = np.empty((int(np.prod(shape[:-1])), int(k)), np.int64), np.empty((int(np.prod(shape[:-1])), int(k)), dtype)
    if indices.size:
        (_native.top_k_f32 if dtype == np.float32 else _native.top_k_f64)(np.ascontiguousarray(rows.reshape(-1, n)), indices, probabilities)
    result = probabilities.reshape(shape).astype(arrived.values.dtype, copy=False)
    return np.moveaxis(indices.reshape(shape), -1, axis), np.moveaxis(result, -1, axis)


def gumbel_softmax(logits: Any, axis: Axis = -1, *, temperature: ArrayLike = 1.0, hard: bool = False, rng: "Seed" = None) -> Any:
    """Random probabilities near a one-hot vector: softmax of (logits + Gumbel noise) / temperature (Jang, Gu and Poole 2017; Maddison, Mnih and Teh 2017).

    Parameters
    ----------
    logits : array of any shape
        Unnormalised log-probabilities. The result has their dtype; float16 and bfloat16 are rounded once, after the noise.
    axis : int, tuple of int or None, default -1
        The axis of the classes; several axes are one set of classes, None takes all.
    temperature : float or array of the shape of `logits` without `axis`, default 1
        Towards 0 the result is one-hot, a draw from softmax(logits).
    hard : bool, default False
        Return the one-hot vector of the largest entry: a draw from softmax(logits) at any temperature.
    rng : None, int or numpy.random.Generator
        Where the noise comes from.

    Returns
    -------
    array of the shape of `logits`

    Raises
    ------
    ValueError
        If a temperature is negative or NaN.

    Examples
    --------
    >>> float(gumbel_softmax([0.0, 1.0, 2.0], rng=0).sum().round(6))
    1.0
    """
    arrived = incoming(logits, "logits")
    x, axes = arrived.values, axes_of(axis, arrived.values.ndim)
    wide = x.astype(np.float64)  # the noise is added and normalised in float64, and rounded with the result
    if arrived.valid is not None:
        wide[~arrived.valid] = -np.inf
    with np.errstate(invalid="ignore"):
        top = wide.max(axis=axes, keepdims=True, initial=-np.inf)
        wide = np.where(np.isfinite(top), wide - top, wide)  # beside large logits the noise would be rounded away
    noisy = wide + np.random.default_rng(rng).gumbel(size=x.shape)
    soft = np.asarray(softmax(noisy, axis, temperature=temperature, where=arrived.valid))
    return arrived.wrap((_one_hot(soft, noisy, axes) if hard else soft).astype(x.dtype))


def _one_hot(soft: NDArray[Any], noisy: NDArray[Any], axes: tuple[int, ...]) -> NDArray[Any]:
    """1 at the largest of each set of classes, 0 elsewhere; a NaN stays, a set that is masked is all 0."""
    if not soft.size:
        return soft
    rows, p = with_last_axis(noisy, axes), with_last_axis(soft, axes)
    chosen = np.arange(rows.shape[-1]) == rows.argmax(axis=-1)[..., None]
    return spread(np.where(np.isnan(p), p, chosen & (p.max(axis=-1, keepdims=True) > 0)), axes, soft)


def sample(
    logits: Any, *, axis: int = -1, temperature: ArrayLike = 1.0, top_k: int | None = None, top_p: float | None = None, min_p: float | None = None,
    size: int | None = None, rng: "Seed" = None,
) -> NDArray[np.int64]:  # fmt: skip
    """Draw a class for each row from softmax(logits / temperature), if wanted from the most probable classes alone.

    Parameters
    ----------
    logits : array of any shape with at least one axis
        Unnormalised log-probabilities.
    axis : int, default -1
        The axis of the classes.
    temperature : float or array of the shape of `logits` without `axis`, default 1
        0 takes the most probable class, at random among ties.
    top_k : int, optional
        Keep the k most probable classes, and ties of the last one.
    top_p : float in (0, 1], optional
        Keep the most probable classes that together reach this probability, and ties of the last one.
    min_p : float in [0, 1], optional
        Keep the classes with at least this share of the largest probability.
    size : int, optional
        Draw that many for each row, on a new last axis.
    rng : None, int or numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    ndarray of int64, the shape of `logits` without `axis`

    Raises
    ------
    ValueError
        If an option is out of its range, or a row has no class to draw (NaN, or -inf alone).

    Notes
    -----
    The filters apply one after the other, each to the probabilities that the one before left: top_k, top_p, min_p.

    Examples
    --------
    >>> sample([[0.0, 50.0], [50.0, 0.0]], rng=0)
    array([1, 0])
    """
    arrived = incoming(logits, "logits")
    if arrived.values.ndim == 0:
        raise ValueError("expected logits with an axis of classes, got a single number; pass one logit a class")
    p = np.moveaxis(np.asarray(softmax(arrived.values.astype(np.float64), axis, temperature=temperature, where=arrived.valid)), axis, -1)
    rows = _filtered(p.reshape(-1, p.shape[-1]), top_k, top_p, min_p)
    cumulative = rows.cumsum(axis=-1)
    bad = np.flatnonzero(~(cumulative[:, -1] > 0))
    if bad.size:
        raise ValueError(f"expected a class with a positive probability in each row, got none in row {bad[0]}; look for NaN and for rows of -inf")
    n_draws = 1 if size is None else integer_at_least(size, 0, "size")
    points = (1 - np.random.default_rng(rng).random((len(rows), n_draws))) * cumulative[:, -1:]  # in (0, total]
    drawn = np.stack([np.searchsorted(c, u) for c, u in zip(cumulative, points, strict=True)]) if len(rows) else np.empty((0, n_draws))
    shaped = drawn.astype(np.int64).reshape(*p.shape[:-1], n_draws)
    return shaped if size is not None else shaped[..., 0]


def _filtered(p: NDArray[np.float64], top_k: int | None, top_p: float | None, min_p: float | None) -> NDArray[np.float64]:
    n = p.shape[-1]
    if top_k is not None and integer_at_least(top_k, 1, "top_k") < n:
        least = np.partition(p, n - int(top_k), axis=-1)[:, n - int(top_k), None]
        p = np.where(p < least, 0, p)
    if top_p is not None:
        if not 0 < top_p <= 1:
            raise ValueError(f"expected top_p above 0 and at most 1, got {top_p!r}")
        descending = -np.sort(-p, axis=-1)
        reached = descending.cumsum(axis=-1) >= top_p * p.sum(axis=-1, keepdims=True)
        last = np.where(reached.any(axis=-1), reached.argmax(axis=-1), n - 1)
        p = np.where(p < np.take_along_axis(descending, last[:, None], axis=-1), 0, p)
    if min_p is not None:
        if not 0 <= min_p <= 1:
            raise ValueError(f"expected min_p from 0 to 1, got {min_p!r}")
        p = np.where(p < min_p * p.max(axis=-1, keepdims=True, initial=0), 0, p)
    return p
