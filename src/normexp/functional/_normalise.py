"""softmax, log_softmax and logsumexp along an axis."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import normexp._native as _native
from normexp._checks import floating_array

__all__ = ["log_softmax", "logsumexp", "softmax"]


def _along(function: Any, x: ArrayLike, axis: int, out: NDArray[Any] | None, name: str) -> NDArray[Any]:
    logits = floating_array(x, name)
    if logits.ndim == 0:  # one class: an axis of length 1 that is taken away again
        logits = logits.reshape(1)
        result = _along(function, logits, 0, None, name)
        result = result.reshape(())
    elif logits.dtype == np.float16:  # computed in float32, rounded once
        result = function(logits.astype(np.float32), axis=axis).astype(np.float16)
    elif out is None or out.dtype == logits.dtype:
        return function(logits, axis=axis, out=out)  # type: ignore[no-any-return]
    else:
        result = function(logits, axis=axis)
    if out is None:
        return result
    np.copyto(out, result, casting="same_kind")
    return out


def softmax(x: ArrayLike, axis: int = -1, *, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Probabilities that are proportional to the exponentials of the logits.

    Parameters
    ----------
    x : array_like, any shape
        Logits. float32 and float64 keep their dtype, float16 is computed in float32, integers and booleans become float64.
    axis : int, default -1
        The axis of the classes.
    out : ndarray, optional
        Where to write the result; may be `x` itself.

    Returns
    -------
    ndarray of the shape of `x`
        Non-negative, sums to 1 along `axis`; each entry within 2 ULP (float32) or 3 ULP (float64). A NaN makes its row NaN; `+inf` gets all
        the probability, shared among its ties; a row of `-inf` alone is NaN; an empty axis gives an empty result.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    Notes
    -----
    softmax(x)_i = exp(x_i - m) / sum_k exp(x_k - m) with m = max(x) (Blanchard, Higham and Higham 2021).

    Examples
    --------
    >>> softmax([0.7, 1.5, 4.8])
    array([0.01573172, 0.03501159, 0.94925668])
    """
    return _along(_native.softmax, x, axis, out, "x")


def log_softmax(x: ArrayLike, axis: int = -1, *, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Logarithms of the softmax probabilities, accurate where the probabilities round to 0 or 1.

    Parameters
    ----------
    x : array_like, any shape
        Logits. float32 and float64 keep their dtype, float16 is computed in float32, integers and booleans become float64.
    axis : int, default -1
        The axis of the classes.
    out : ndarray, optional
        Where to write the result; may be `x` itself.

    Returns
    -------
    ndarray of the shape of `x`
        At most 0. A NaN makes its row NaN; beside `+inf` every finite logit gets `-inf`; a row of `-inf` alone is NaN.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    Notes
    -----
    log_softmax(x)_i = (x_i - m) - log S with log S = log1p(S - 1), the maximum's own 1 left out of the sum
    (Blanchard, Higham and Higham 2021): the smallest loss of a confident row is not rounded to 0.

    Examples
    --------
    >>> log_softmax([40.0, 0.0])
    array([-4.24835426e-18, -4.00000000e+01])
    """
    return _along(_native.log_softmax, x, axis, out, "x")


def logsumexp(x: ArrayLike, axis: int = -1, *, keepdims: bool = False) -> NDArray[Any]:
    """Logarithm of the sum of the exponentials, without overflow.

    Parameters
    ----------
    x : array_like, any shape
        Logits. float32 and float64 keep their dtype, float16 is computed in float32, integers and booleans become float64.
    axis : int, default -1
        The axis that is summed.
    keepdims : bool, default False
        Keep the summed axis with length 1.

    Returns
    -------
    ndarray or scalar, the shape of `x` without `axis`
        A NaN makes its row NaN; `+inf` gives `+inf`; a row of `-inf` alone, or an empty one, gives `-inf`.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    Notes
    -----
    logsumexp(x) = m + log1p(sum over the others of exp(x_i - m)), m = max(x) (Blanchard, Higham and Higham 2021).

    Examples
    --------
    >>> float(logsumexp([1000.0, 1000.0]))
    1000.6931471805599
    """
    logits = floating_array(x, "x")
    if logits.ndim == 0:
        return logits.copy()  # the logarithm of one exponential
    if logits.dtype == np.float16:
        return _native.logsumexp(logits.astype(np.float32), axis=axis, keepdims=keepdims).astype(np.float16)  # type: ignore[no-any-return]
    return _native.logsumexp(logits, axis=axis, keepdims=keepdims)  # type: ignore[no-any-return]
