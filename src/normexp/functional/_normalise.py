"""softmax, log_softmax, softmin and logsumexp along one or several axes."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import normexp._native as _native
from normexp.functional import _foreign
from normexp.functional._arrays import Incoming, axes_of, incoming, is_bfloat16, real_numbers, with_last_axis

__all__ = ["Axis", "log_softmax", "logsumexp", "softmax", "softmin", "spread"]

Axis = int | tuple[int, ...] | None


def softmax(x: Any, axis: Axis = -1, *, temperature: ArrayLike | None = None, where: ArrayLike | None = None, out: NDArray[Any] | None = None) -> Any:
    """Probabilities that are proportional to the exponentials of the logits.

    Parameters
    ----------
    x : array of any shape
        Logits. float16, float32, float64 and bfloat16 keep their dtype, integers and booleans become float64. Masked arrays, pandas objects and
        arrays of other libraries come out as they went in.
    axis : int, tuple of int or None, default -1
        The axis of the classes; several axes are one set of classes, None takes all.
    temperature : float or array of the shape of `x` without `axis`, optional
        What the logits are divided by: above 1 flatter, below 1 sharper; 0 is argmax, shared among ties. Infinity is uniform.
    where : array of bool, optional
        Broadcast to `x`; False masks an entry: its probability is 0 whatever its logit, a row without entries is all 0.
    out : ndarray, optional
        Where to write the result; may be `x` itself.

    Returns
    -------
    array of the shape of `x`
        Non-negative, sums to 1 along `axis`; each entry within 2 ULP (float32) or 3 ULP (float64) of the exact value for x / temperature. A NaN
        makes its row NaN; `+inf` gets all the probability, shared among its ties; a row of `-inf` alone is NaN; an empty axis gives an empty result.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.
    ValueError
        If a temperature is negative or NaN.

    Notes
    -----
    softmax(x)_i = exp(x_i - m) / sum_k exp(x_k - m) with m = max(x) (Blanchard, Higham and Higham 2021).

    Examples
    --------
    >>> softmax([0.7, 1.5, 4.8])
    array([0.01573172, 0.03501159, 0.94925668])
    >>> softmax([0.7, 1.5, 4.8], temperature=10)
    array([0.2785434 , 0.30174246, 0.41971414])
    """
    if axis == -1 and temperature is None and where is None and (plain := _native.plain_softmax(x, out)) is not None:
        return plain
    if (xp := _foreign.own_operations(x)) is not None:
        return _foreign.softmax(xp, _prepared_foreign(xp, x, temperature, where, out), axis)
    return _normalised(_native.softmax, incoming(x, "x"), axis, temperature, where, out, 0)


def log_softmax(x: Any, axis: Axis = -1, *, temperature: ArrayLike | None = None, where: ArrayLike | None = None, out: NDArray[Any] | None = None) -> Any:
    """Logarithms of the softmax probabilities, accurate where the probabilities round to 0 or 1.

    Parameters
    ----------
    x : array of any shape
        Logits. float16, float32, float64 and bfloat16 keep their dtype, integers and booleans become float64. Masked arrays, pandas objects and
        arrays of other libraries come out as they went in.
    axis : int, tuple of int or None, default -1
        The axis of the classes; several axes are one set of classes, None takes all.
    temperature : float or array of the shape of `x` without `axis`, optional
        What the logits are divided by; 0 is argmax, shared among ties.
    where : array of bool, optional
        Broadcast to `x`; the result is -inf where it is False.
    out : ndarray, optional
        Where to write the result; may be `x` itself.

    Returns
    -------
    array of the shape of `x`
        At most 0; each entry within 2 ULP. A NaN makes its row NaN; beside `+inf` every finite logit gets `-inf`; a row of `-inf` alone is NaN.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.
    ValueError
        If a temperature is negative or NaN.

    Notes
    -----
    log_softmax(x)_i = (x_i - m) - log S with log S = log1p(S - 1), the maximum's own 1 left out of the sum
    (Blanchard, Higham and Higham 2021): the smallest loss of a confident row is not rounded to 0.

    Examples
    --------
    >>> log_softmax([40.0, 0.0])
    array([-4.24835426e-18, -4.00000000e+01])
    """
    if axis == -1 and temperature is None and where is None and (plain := _native.plain_log_softmax(x, out)) is not None:
        return plain
    if (xp := _foreign.own_operations(x)) is not None:
        return _foreign.log_softmax(xp, _prepared_foreign(xp, x, temperature, where, out), axis)
    return _normalised(_native.log_softmax, incoming(x, "x"), axis, temperature, where, out, -np.inf)


def softmin(x: Any, axis: Axis = -1, *, temperature: ArrayLike | None = None, where: ArrayLike | None = None, out: NDArray[Any] | None = None) -> Any:
    """softmax(-x): the smallest entry gets the largest probability. Parameters, result and errors are those of `softmax`.

    Examples
    --------
    >>> softmin([0.7, 1.5, 4.8])
    array([0.68217401, 0.30652054, 0.01130545])
    """
    if _foreign.own_operations(x) is not None:
        return softmax(-x, axis, temperature=temperature, where=where, out=out)
    arrived = incoming(x, "x")
    return _normalised(_native.softmax, arrived._replace(values=-arrived.values), axis, temperature, where, out, 0)


def logsumexp(x: Any, axis: Axis = -1, *, b: ArrayLike | None = None, keepdims: bool = False, return_sign: bool = False, where: ArrayLike | None = None) -> Any:
    """Logarithm of the sum of the exponentials, without overflow.

    Parameters
    ----------
    x : array of any shape
        Logits. float16, float32, float64 and bfloat16 keep their dtype, integers and booleans become float64.
    axis : int, tuple of int or None, default -1
        What is summed over; None takes all.
    b : array, optional
        Weights of the exponentials, broadcast against `x`; may be negative. Where 0, `x` does not count, whatever it is.
    keepdims : bool, default False
        Keep the summed axes with length 1.
    return_sign : bool, default False
        Also return the sign of the sum; without it a negative sum gives NaN.
    where : array of bool, optional
        Broadcast to `x`; where False, `x` does not count.

    Returns
    -------
    array or scalar, the shape of `x` without `axis`
        Within 2 ULP of the greater of the largest logit and the result. A NaN makes its row NaN; `+inf` gives `+inf`; a row of `-inf` alone, or an
        empty one, gives `-inf`. With `return_sign`, log of the absolute value of the sum, and its sign.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    Notes
    -----
    logsumexp(x) = m + log1p(sum over the others of exp(x_i - m)), m = max(x) (Blanchard, Higham and Higham 2021). With weights, m is the x of the
    largest |b_i| exp(x_i), so that no term overflows and none that matters underflows.

    Examples
    --------
    >>> float(logsumexp([1000.0, 1000.0]))
    1000.6931471805599
    """
    if axis == -1 and b is None and not keepdims and not return_sign and where is None and (plain := _native.plain_logsumexp(x)) is not None:
        return plain
    if (xp := _foreign.own_operations(x)) is not None:
        if b is not None or return_sign:
            raise TypeError("expected no weights and no sign for an array that is left to its own library; convert it to NumPy first")
        return _foreign.logsumexp(xp, _prepared_foreign(xp, x, None, where, None), axis, keepdims)
    arrived = incoming(x, "x")
    weights = None if b is None else real_numbers(np.asarray(b), "b")
    if weights is not None:
        arrived = arrived._replace(values=np.broadcast_to(arrived.values, np.broadcast_shapes(arrived.values.shape, weights.shape)))
    axes = axes_of(axis, arrived.values.ndim)
    rows = _rows(arrived.values, _valid(arrived, where), axes, None)
    dtype, sign = rows.dtype, None
    if weights is None:
        result = _native.logsumexp(rows.astype(np.float32) if is_bfloat16(dtype) else rows)
    else:
        dtype = np.result_type(dtype, weights.dtype)
        result, sign = _weighted_logsumexp(rows, with_last_axis(np.broadcast_to(weights, arrived.values.shape), axes))
    if return_sign and sign is None:
        sign = np.where(np.isneginf(result), 0, np.where(np.isnan(result), np.nan, 1))
    elif sign is not None and not return_sign:
        result = np.where(sign < 0, np.nan, result)
    out = [arrived.wrap_reduced(_kept(np.asarray(part, dtype), axes, keepdims), axes) for part in ((result,) if not return_sign else (result, sign))]
    return tuple(out) if return_sign else out[0]


def _kept(result: NDArray[Any], axes: tuple[int, ...], keepdims: bool) -> NDArray[Any]:
    return np.expand_dims(result, axes) if keepdims else result


def _rows(x: NDArray[Any], valid: NDArray[np.bool_] | None, axes: tuple[int, ...], temperature: ArrayLike | None) -> NDArray[Any]:
    """The logits with the classes on the last axis, divided and masked."""
    if valid is not None:
        x = np.where(valid, x, x.dtype.type(-np.inf))
    rows = with_last_axis(x, axes)
    return rows if temperature is None else _divided(rows, _row_temperatures(temperature, x, axes))


def _valid(arrived: Incoming, where: ArrayLike | None) -> NDArray[np.bool_] | None:
    if where is None:
        return arrived.valid
    mask = np.asarray(where)
    if mask.dtype != bool:
        raise TypeError(f"expected where to hold booleans, got dtype {mask.dtype}; pass for example where=mask.astype(bool)")
    mask = np.broadcast_to(mask, arrived.values.shape)
    return mask if arrived.valid is None else mask & arrived.valid


def _row_temperatures(temperature: ArrayLike, x: NDArray[Any], axes: tuple[int, ...]) -> NDArray[Any]:
    """One temperature a row, with a last axis of length 1; or a scalar."""
    given = real_numbers(np.asarray(temperature), "temperature").astype(np.float32 if x.dtype.itemsize == 2 else x.dtype)  # rounded once, at the end
    wrong = np.flatnonzero(~(given >= 0))
    if wrong.size:
        raise ValueError(f"expected a temperature of at least 0, got {given.flat[wrong[0]]}" + (f" at index {wrong[0]}" if given.ndim else ""))
    if given.ndim == x.ndim and given.ndim and all(given.shape[i] == 1 for i in axes):
        given = given.reshape([given.shape[i] for i in range(x.ndim) if i not in axes])
    kept = tuple(x.shape[i] for i in range(x.ndim) if i not in axes)
    try:
        return np.broadcast_to(given, kept)[..., None]
    except ValueError:
        raise ValueError(f"expected a single temperature or one a row, shape {kept}, got shape {given.shape}") from None


def _divided(rows: NDArray[Any], temperatures: NDArray[Any]) -> NDArray[Any]:
    """rows / temperatures; where that overflows, or the temperature is 0, relative to the maximum: the quotient that softmax needs is the same."""
    with np.errstate(all="ignore"):
        divided: NDArray[Any] = rows / temperatures
        overflowed = ~np.isfinite(divided).all(axis=-1, keepdims=True) if rows.size else np.zeros_like(temperatures, bool)
        if not overflowed.any():
            return divided
        top = rows.max(axis=-1, keepdims=True)
        relative = np.where(rows == top, np.where(np.isneginf(top), top, 0), np.where(np.isnan(rows), rows, (rows - top) / temperatures))
        return np.where(overflowed, relative, divided).astype(divided.dtype, copy=False)


def _normalised(
    kernel: Any, arrived: Incoming, axis: Axis, temperature: ArrayLike | None, where: ArrayLike | None, out: NDArray[Any] | None, masked_value: float
) -> Any:
    x, valid = arrived.values, _valid(arrived, where)
    axes = axes_of(axis, x.ndim)
    rows = _rows(x, valid, axes, temperature)
    if len(axes) == 1 and out is not None and out.dtype == rows.dtype == x.dtype and out.shape == x.shape and not is_bfloat16(x.dtype):
        result = kernel(rows, out=np.moveaxis(out, axes[0], -1))
        result = out
    else:
        result = kernel(rows.astype(np.float32)) if is_bfloat16(rows.dtype) else kernel(rows)
        result = spread(result, axes, x)
    if valid is not None:
        np.copyto(result, masked_value, where=~valid)
    if out is None:
        result = result.astype(x.dtype, copy=False)
        return arrived.wrap(result) if x.ndim else arrived.wrap(result)[()]
    if out is not result:
        np.copyto(out, result, casting="same_kind")
    return out


def spread(result: NDArray[Any], axes: tuple[int, ...], x: NDArray[Any]) -> NDArray[Any]:
    """The reverse of with_last_axis, to the shape of `x`."""
    if len(axes) <= 1:
        return np.moveaxis(result, -1, axes[0]) if axes else result.reshape(x.shape)
    order = [i for i in range(x.ndim) if i not in axes] + list(axes)
    return result.reshape([x.shape[i] for i in order]).transpose(np.argsort(order))


def _weighted_logsumexp(rows: NDArray[Any], weights: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """log |sum b exp(x)| and the sign of the sum, in float64, relative to the largest term |b| exp(x), not to the largest x.

    Entries with that term's x are summed apart, the rest enters through log1p. Weights beyond 2^500 either way are scaled by a power of two, and terms
    whose exponential or scaled weight could overflow are exp(x + log |b|).
    """
    if not rows.shape[-1]:
        return np.full(rows.shape[:-1], -np.inf), np.zeros(rows.shape[:-1])
    with np.errstate(all="ignore"):
        b = weights.astype(np.float64)
        x = np.where(b == 0, -np.inf, rows.astype(np.float64))
        logs = np.where(b == 0, 0, np.log(np.abs(b)))
        largest = (x + logs).argmax(axis=-1, keepdims=True)
        top, exponent = np.take_along_axis(x, largest, axis=-1), np.frexp(np.take_along_axis(b, largest, axis=-1))[1]
        exponent = np.where(np.abs(exponent) > 500, exponent, 0)
        away = x - np.where(np.isfinite(top), top, 0)
        terms = np.where(np.abs(away) < 600, np.ldexp(b, -exponent) * np.exp(away), np.sign(b) * np.exp(away + logs - exponent * math.log(2)))
        first = np.sum(np.ldexp(b, -exponent), axis=-1, where=x == top)
        rest = np.sum(terms, axis=-1, where=x != top)
        total = first + rest
        near = np.log(np.abs(first)) + np.log1p(rest / first)
        logarithm = np.where((first != 0) & (rest / first > -0.5), near, np.log(np.abs(total))) + exponent[..., 0] * math.log(2)
        top = top[..., 0]
        result = np.where(np.isinf(top), np.where(first == 0, np.where(top > 0, np.nan, -np.inf), top), logarithm + top)
        sign = np.where(np.isinf(top), np.where(top > 0, np.sign(first), 0), np.sign(total))
        return result, np.where(np.isnan(result), np.nan, sign)


def _prepared_foreign(xp: Any, x: Any, temperature: Any, where: Any, out: Any) -> Any:
    """An array of another library, divided and masked by its own operations."""
    if out is not None:
        raise TypeError("expected no out= for an array that is left to its own library; assign the result instead")
    if where is not None:
        x = xp.where(where, x, xp.full_like(x, -float("inf")))
    if temperature is None:
        return x
    if not bool((xp.asarray(temperature) > 0).all()):
        raise ValueError(f"expected a temperature above 0 for an array that is differentiated or on a device, got {temperature}")
    return x / temperature
