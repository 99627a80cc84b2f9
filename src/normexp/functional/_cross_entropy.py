"""Softmax cross-entropy from logits, with its gradient."""

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

import normexp._native as _native
from normexp._checks import class_indices, floating_array

__all__ = ["cross_entropy"]

Reduction = Literal["mean", "sum", "none"]


@overload
def cross_entropy(logits: ArrayLike, targets: ArrayLike, *, axis: int = -1, reduction: Reduction = "mean", with_gradient: Literal[False] = False) -> Any: ...
@overload
def cross_entropy(logits: ArrayLike, targets: ArrayLike, *, axis: int = -1, reduction: Reduction = "mean", with_gradient: Literal[True]) -> tuple[Any, NDArray[Any]]: ...
def cross_entropy(logits: ArrayLike, targets: ArrayLike, *, axis: int = -1, reduction: Reduction = "mean", with_gradient: bool = False) -> Any:
    """Negative log-probability that softmax gives the target classes.

    Parameters
    ----------
    logits : array_like, any shape with at least one axis
        Unnormalised scores. float32 and float64 keep their dtype, integers and booleans become float64.
    targets : array_like of int, the shape of `logits` without `axis`
        Class indices from 0.
    axis : int, default -1
        The axis of the classes.
    reduction : {"mean", "sum", "none"}, default "mean"
        What to do with the losses of the rows; the mean over no rows is NaN.
    with_gradient : bool, default False
        Also return the gradient of the reduced loss with respect to the logits, from the same pass.

    Returns
    -------
    loss : scalar, or for "none" an array of the shape of `targets`
        In natural-logarithm units (nats). A NaN in a row makes its loss NaN.
    gradient : ndarray of the shape of `logits`
        Only with `with_gradient=True`; rows sum to 0.

    Raises
    ------
    TypeError
        If the logits are not real numbers or the targets not integers.
    ValueError
        If a target is out of range (the message names its index) or the shapes do not fit.

    Notes
    -----
    loss = logsumexp(x) - x_target, gradient_i = softmax(x)_i - [i = target].

    Examples
    --------
    >>> round(float(cross_entropy([-3.44, 1.16, -0.81, 3.91], 3)), 4)
    0.0709
    """
    x = floating_array(logits, "logits")
    if x.ndim == 0:
        raise ValueError("expected logits with an axis of classes, got a single number; pass one logit a class")
    if x.dtype == np.float16:
        x = x.astype(np.float32)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"expected reduction 'mean', 'sum' or 'none', got {reduction!r}")
    rows = np.moveaxis(x, axis, -1)
    indices = class_indices(targets, rows.shape[:-1], rows.shape[-1])
    if not with_gradient:
        return _reduced(_native.cross_entropy(rows, indices), reduction)
    losses, gradient = _native.cross_entropy_gradient(rows, indices)
    if reduction == "mean" and indices.size:
        gradient *= gradient.dtype.type(1 / indices.size)
    return _reduced(losses, reduction), np.moveaxis(gradient, -1, axis)


def _reduced(losses: NDArray[Any], reduction: Reduction) -> Any:
    if reduction == "none":
        return losses
    total = np.sum(losses, dtype=np.float64)
    if reduction == "sum":
        return losses.dtype.type(total)
    return losses.dtype.type(total / losses.size) if losses.size else losses.dtype.type("nan")
