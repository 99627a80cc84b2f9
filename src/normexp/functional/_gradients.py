"""Backward forms: from the gradient of a loss with respect to a result to the gradient with respect to the logits."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normexp.functional._arrays import Incoming, incoming, real_numbers
from normexp.functional._normalise import Axis, softmax

__all__ = ["log_softmax_backward", "logsumexp_backward", "softmax_backward", "softmax_jacobian", "softmin_backward"]


def softmax_backward(probabilities: Any, upstream: ArrayLike, axis: Axis = -1, *, temperature: ArrayLike = 1.0) -> Any:
    """Gradient with respect to the logits, given `upstream`, the gradient with respect to the probabilities.

    Parameters
    ----------
    probabilities : array of any shape
        What `softmax` returned.
    upstream : array, broadcast to the shape of `probabilities`
        The gradient with respect to them. Where a probability is 0 it does not count, even if it is not finite.
    axis : int, tuple of int or None, default -1
        The axis of the classes.
    temperature : float or array of the shape of `probabilities` without `axis`, default 1
        That of the forward call, above 0: argmax has no gradient.

    Returns
    -------
    array of the shape of `probabilities`
        Sums to 0 along `axis`.

    Raises
    ------
    ValueError
        If a temperature is not above 0.

    Notes
    -----
    gradient_i = p_i (u_i - sum_k p_k u_k) / temperature.

    Examples
    --------
    >>> softmax_backward([0.5, 0.5], [1.0, 0.0])
    array([ 0.25, -0.25])
    """
    arrived, p, u = _pair(probabilities, upstream, "probabilities")
    kept = np.where(p == 0, 0, u)
    gradient = p * (kept - _sum(p * kept, axis)) / _positive(temperature, p, axis)
    return _out(arrived, np.where(p == 0, 0, gradient))


def softmin_backward(probabilities: Any, upstream: ArrayLike, axis: Axis = -1, *, temperature: ArrayLike = 1.0) -> Any:
    """As `softmax_backward`, for the result of `softmin`: the gradient has the opposite sign.

    Examples
    --------
    >>> softmin_backward([0.5, 0.5], [1.0, 0.0])
    array([-0.25,  0.25])
    """
    arrived = incoming(probabilities, "probabilities")
    return arrived.wrap(-np.asarray(softmax_backward(arrived.values, upstream, axis, temperature=temperature)))


def log_softmax_backward(log_probabilities: Any, upstream: ArrayLike, axis: Axis = -1, *, temperature: ArrayLike = 1.0) -> Any:
    """Gradient with respect to the logits, given `upstream`, the gradient with respect to the log-probabilities.

    Parameters
    ----------
    log_probabilities : array of any shape
        What `log_softmax` returned. Where it is -inf, `upstream` does not count and the gradient is 0.
    upstream, axis, temperature
        As in `softmax_backward`.

    Returns
    -------
    array of the shape of `log_probabilities`

    Raises
    ------
    ValueError
        If a temperature is not above 0.

    Notes
    -----
    gradient_i = (u_i - p_i sum_k u_k) / temperature.

    Examples
    --------
    >>> log_softmax_backward(np.log([0.5, 0.5]), [1.0, 0.0])
    array([ 0.5, -0.5])
    """
    arrived, logs, u = _pair(log_probabilities, upstream, "log_probabilities")
    nothing = np.isneginf(logs)
    kept = np.where(nothing, 0, u)
    gradient = (kept - np.exp(logs) * _sum(kept, axis)) / _positive(temperature, logs, axis)
    return _out(arrived, np.where(nothing, 0, gradient))


def logsumexp_backward(x: Any, upstream: ArrayLike = 1.0, axis: Axis = -1) -> Any:
    """Gradient of `logsumexp` with respect to `x`: softmax(x) times `upstream`, which has the shape of the result; 0 for a row of -inf alone.

    Examples
    --------
    >>> logsumexp_backward([0.0, 0.0])
    array([0.5, 0.5])
    """
    arrived = incoming(x, "x")
    u = real_numbers(np.asarray(upstream), "upstream")
    axes = tuple(range(arrived.values.ndim)) if axis is None else axis
    p = np.asarray(softmax(arrived.values, axes))
    empty = np.isneginf(arrived.values).all(axis=axes, keepdims=True)
    return _out(arrived, np.where(empty, 0, p * (np.expand_dims(u, axes) if u.ndim else u)))


def softmax_jacobian(x: Any, *, temperature: ArrayLike | None = None) -> NDArray[Any]:
    """All derivatives of the probabilities: entry [..., i, j] is d softmax_i / d x_j, along the last axis.

    Parameters
    ----------
    x : array of shape (..., n)
        Logits.
    temperature : float or array of shape (...), optional
        What the logits are divided by, above 0.

    Returns
    -------
    ndarray of shape (..., n, n)
        Symmetric, rows sum to 0.

    Raises
    ------
    ValueError
        If a temperature is not above 0.

    Notes
    -----
    p_i ([i = j] - p_j) / temperature. The backward form, which never makes this matrix, is `softmax_backward`.

    Examples
    --------
    >>> softmax_jacobian([0.0, 0.0])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    p = np.asarray(softmax(x, temperature=temperature))
    jacobian: NDArray[Any] = p[..., :, None] * (np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :])
    return jacobian if temperature is None else (jacobian / _positive(temperature, p, -1)[..., None]).astype(p.dtype, copy=False)


def _pair(result: Any, upstream: ArrayLike, name: str) -> tuple[Incoming, NDArray[Any], NDArray[Any]]:
    """Both in float64 or wider than they came."""
    arrived = incoming(result, name)
    u = real_numbers(np.asarray(upstream), "upstream")
    return arrived, arrived.values.astype(np.float64), np.broadcast_to(u.astype(np.float64), arrived.values.shape)


def _out(arrived: Incoming, gradient: NDArray[Any]) -> Any:
    return arrived.wrap(gradient.astype(arrived.values.dtype, copy=False))


def _sum(x: NDArray[Any], axis: Axis) -> NDArray[Any]:
    total: NDArray[Any] = x.sum(axis=axis, keepdims=True)
    return total


def _positive(temperature: ArrayLike, x: NDArray[Any], axis: Axis) -> NDArray[Any]:
    given = real_numbers(np.asarray(temperature), "temperature").astype(np.float64)
    if not (given > 0).all():
        raise ValueError(f"expected temperatures above 0, got {given.min()}: at 0 softmax is argmax, which has no gradient")
    axes = tuple(range(x.ndim)) if axis is None else axis
    return np.expand_dims(given, axes) if given.ndim and given.ndim < x.ndim else given
