"""Sparse relatives of softmax: probabilities that can be exactly 0.

entmax with alpha: argmax over the simplex of p . x + H(p), H(p) = (1 - sum p^alpha) / (alpha (alpha - 1)) the Tsallis entropy. alpha = 1 is softmax, 2 sparsemax
(Martins and Astudillo 2016), 1.5 entmax15 (Peters, Niculae and Martins 2019). The solution is p = max((alpha - 1) x - tau, 0)^(1 / (alpha - 1)).
Everything is computed in float64 and rounded once.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normexp._checks import class_indices
from normexp.functional._arrays import incoming, real_numbers
from normexp.functional._normalise import softmax

__all__ = ["entmax", "entmax15", "entmax15_loss", "entmax_backward", "entmax_loss", "sparsemax", "sparsemax_loss"]

MAX_STEPS = 100


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex that is nearest to the logits: entmax with alpha = 2.

    Parameters
    ----------
    x : array of any shape
        Logits. float16, float32, float64 and bfloat16 keep their dtype, integers and booleans become float64.
    axis : int, default -1
        The axis of the classes.

    Returns
    -------
    array of the shape of `x`
        Non-negative, sums to 1 along `axis`. A NaN makes its row NaN; `+inf` gets all, shared among its ties; a row of `-inf` alone is NaN.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    Examples
    --------
    >>> sparsemax([1.0, 0.5, -1.0])
    array([0.75, 0.25, 0.  ])
    """
    return entmax(x, 2.0, axis)


def entmax15(x: Any, axis: int = -1) -> Any:
    """entmax with alpha = 1.5, between softmax and sparsemax. Parameters, result and errors are those of `sparsemax`.

    Examples
    --------
    >>> entmax15([1.0, 0.5, -2.0]).round(4)
    array([0.674, 0.326, 0.   ])
    """
    return entmax(x, 1.5, axis)


def entmax(x: Any, alpha: float, axis: int = -1) -> Any:
    """Probabilities that grow sparser with alpha: softmax at 1, sparsemax at 2.

    Parameters
    ----------
    x : array of any shape
        Logits. float16, float32, float64 and bfloat16 keep their dtype, integers and booleans become float64.
    alpha : float of at least 1
        Exponent of the entropy.
    axis : int, default -1
        The axis of the classes.

    Returns
    -------
    array of the shape of `x`
        Non-negative, sums to 1 along `axis`; special values as in `sparsemax`.

    Raises
    ------
    ValueError
        If alpha is below 1 or not finite.

    Examples
    --------
    >>> entmax([1.0, 0.5, -1.0], 2)
    array([0.75, 0.25, 0.  ])
    """
    alpha = _checked_alpha(alpha)
    if alpha == 1:
        return softmax(x, axis)
    arrived = incoming(x, "x")
    if arrived.values.ndim == 0:
        return arrived.wrap(np.asarray(entmax(arrived.values.reshape(1), alpha)).reshape(()))
    values = arrived.values if arrived.valid is None else np.where(arrived.valid, arrived.values, -np.inf)
    p = np.moveaxis(_rows(np.moveaxis(values, axis, -1).astype(np.float64), alpha), -1, axis)
    if arrived.valid is not None:
        p = np.where(arrived.valid, p, 0)
    return arrived.wrap(p.astype(arrived.values.dtype))


def entmax_backward(probabilities: Any, upstream: ArrayLike, alpha: float, axis: int = -1) -> Any:
    """Gradient with respect to the logits, given `upstream`, the gradient with respect to the probabilities that `entmax` returned.

    Parameters
    ----------
    probabilities : array of any shape
        What `entmax`, `entmax15` (alpha 1.5) or `sparsemax` (alpha 2) returned.
    upstream : array, broadcast to the shape of `probabilities`
        The gradient with respect to them.
    alpha : float of at least 1
        That of the forward call.
    axis : int, default -1
        The axis of the classes.

    Returns
    -------
    array of the shape of `probabilities`
        0 outside the support, sums to 0 along `axis`.

    Raises
    ------
    ValueError
        If alpha is below 1 or not finite.

    Notes
    -----
    With s_i = p_i^(2 - alpha) on the support and 0 elsewhere: gradient = s (u - sum s u / sum s).

    Examples
    --------
    >>> entmax_backward([0.75, 0.25, 0.0], [1.0, 0.0, 5.0], 2)
    array([ 0.5, -0.5,  0. ])
    """
    alpha = _checked_alpha(alpha)
    arrived = incoming(probabilities, "probabilities")
    p = arrived.values.astype(np.float64)
    u = np.where(p == 0, 0, np.broadcast_to(real_numbers(np.asarray(upstream), "upstream"), p.shape))
    s = np.where(p > 0, np.power(np.where(p > 0, p, 1), 2 - alpha), np.where(p == 0, 0, p))
    gradient = np.where(s == 0, 0, s * (u - (s * u).sum(axis=axis, keepdims=True) / s.sum(axis=axis, keepdims=True)))
    return arrived.wrap(gradient.astype(arrived.values.dtype))


def entmax_loss(
    logits: Any, targets: ArrayLike, alpha: float, *, axis: int = -1, reduction: Literal["mean", "sum", "none"] = "mean", with_gradient: bool = False
) -> Any:
    """Fenchel-Young loss of entmax: what cross-entropy is to softmax (Blondel, Martins and Niculae 2020). It is 0 once the target has all the probability.

    Parameters
    ----------
    logits : array of any shape with at least one axis
        Unnormalised scores.
    targets : array of int, the shape of `logits` without `axis`; or of float, the shape of `logits`
        Class indices from 0, or probabilities.
    alpha : float of at least 1
        1 is cross-entropy (less the entropy of the targets), 2 the sparsemax loss.
    axis : int, default -1
        The axis of the classes.
    reduction : {"mean", "sum", "none"}, default "mean"
        What to do with the losses of the rows; the mean over no rows is NaN.
    with_gradient : bool, default False
        Also return the gradient of the reduced loss (for "none": of the sum): entmax(logits) - targets.

    Returns
    -------
    loss : scalar, or for "none" an array of the shape of `logits` without `axis`
    gradient : array of the shape of `logits`

    Raises
    ------
    ValueError
        If alpha is below 1, a target is out of range or the shapes do not fit.

    Notes
    -----
    loss = (p - y) . x + H(p) - H(y) with p = entmax(x).

    Examples
    --------
    >>> float(entmax_loss([3.0, 0.0], 0, 2))
    0.0
    """
    alpha = _checked_alpha(alpha)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"expected reduction 'mean', 'sum' or 'none', got {reduction!r}")
    arrived = incoming(logits, "logits")
    if arrived.values.ndim == 0:
        raise ValueError("expected logits with an axis of classes, got a single number; pass one logit a class")
    x = np.moveaxis(arrived.values, axis, -1).astype(np.float64)
    y = _one_hot(np.asarray(targets), x, axis)
    p = np.asarray(softmax(x)) if alpha == 1 else _rows(x, alpha)
    difference = p - y
    terms = np.where(difference == 0, 0, difference * np.where(difference == 0, 0, x))  # 0 times infinity is 0
    losses = np.maximum(terms.sum(axis=-1) + _entropy(p, alpha) - _entropy(y, alpha), 0)
    dtype = arrived.values.dtype
    loss = losses.astype(dtype) if reduction == "none" else dtype.type(losses.sum() if reduction == "sum" else losses.mean() if losses.size else np.nan)
    if not with_gradient:
        return loss
    gradient = np.moveaxis(difference / losses.size if reduction == "mean" and losses.size else difference, -1, axis)
    return loss, arrived.wrap(gradient.astype(dtype))


def sparsemax_loss(logits: Any, targets: ArrayLike, *, axis: int = -1, reduction: Literal["mean", "sum", "none"] = "mean", with_gradient: bool = False) -> Any:
    """entmax_loss with alpha = 2.

    Examples
    --------
    >>> float(sparsemax_loss([0.0, 0.0], 0))
    0.25
    """
    return entmax_loss(logits, targets, 2.0, axis=axis, reduction=reduction, with_gradient=with_gradient)


def entmax15_loss(logits: Any, targets: ArrayLike, *, axis: int = -1, reduction: Literal["mean", "sum", "none"] = "mean", with_gradient: bool = False) -> Any:
    """entmax_loss with alpha = 1.5.

    Examples
    --------
    >>> round(float(entmax15_loss([0.0, 0.0], 0)), 4)
    0.3905
    """
    return entmax_loss(logits, targets, 1.5, axis=axis, reduction=reduction, with_gradient=with_gradient)


def _checked_alpha(alpha: float) -> float:
    if not 1 <= alpha < np.inf:
        raise ValueError(f"expected a finite alpha of at least 1, got {alpha!r}; softmax is 1, sparsemax 2")
    return float(alpha)


def _rows(x: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """entmax along the last axis. tau is found by Newton's method from below (above alpha = 2 the sum is not convex: by bisection)."""
    if x.shape[-1] == 0 or x.size == 0:
        return x.copy()
    with np.errstate(invalid="ignore"):
        top = x.max(axis=-1, keepdims=True)
        shifted = np.where(x == top, 0, x - top)  # also where both are infinite
    shifted = np.where(np.isneginf(top) | np.isnan(top), np.nan, shifted) * (alpha - 1)
    power = 1 / (alpha - 1)
    tau = _bisected(shifted, power) if alpha > 2 else _newton(shifted, power)
    p = np.maximum(shifted - tau, 0) ** power
    normalised: NDArray[np.float64] = p / p.sum(axis=-1, keepdims=True)
    return normalised


def _newton(x: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    """The root of sum max(x - tau, 0)^power - 1, convex and decreasing for power >= 1: from the left Newton's steps never pass it."""
    tau = np.full((*x.shape[:-1], 1), -1.0)
    for _ in range(MAX_STEPS):
        above = np.maximum(x - tau, 0)
        slope = power * np.sum(np.where(above > 0, above, 1) ** (power - 1), axis=-1, keepdims=True, where=above > 0)
        step = (np.sum(above**power, axis=-1, keepdims=True) - 1) / np.where(slope > 0, slope, 1)
        following = tau + np.maximum(step, 0)
        if not (following > tau).any():
            break
        tau = following
    return tau


def _bisected(x: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    low = np.full((*x.shape[:-1], 1), -1.0)
    high = np.zeros_like(low)
    for _ in range(MAX_STEPS):
        middle = (low + high) / 2
        enough = np.sum(np.maximum(x - middle, 0) ** power, axis=-1, keepdims=True) >= 1
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    return low


def _entropy(p: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    if alpha == 1:
        shannon: NDArray[np.float64] = -np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), np.where(p == 0, 0, p)), axis=-1)
        return shannon
    tsallis: NDArray[np.float64] = (1 - np.sum(p**alpha, axis=-1)) / (alpha * (alpha - 1))
    return tsallis


def _one_hot(targets: NDArray[Any], x: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    if targets.dtype.kind in "iu":
        hot: NDArray[np.bool_] = np.arange(x.shape[-1]) == class_indices(targets, x.shape[:-1], x.shape[-1])[..., None]
        return hot.astype(np.float64)
    y = np.moveaxis(real_numbers(targets, "targets"), axis, -1) if targets.ndim == x.ndim else targets
    if y.shape != x.shape:
        raise ValueError(f"expected class indices (integers) or probabilities in the shape of the logits, got {targets.dtype} of shape {targets.shape}")
    return y.astype(np.float64)
