"""Cross-entropy from logits, of classes and of independent labels, with gradients."""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

import normexp._native as _native
from normexp._checks import class_indices
from normexp.functional._arrays import incoming, is_bfloat16, real_numbers

__all__ = ["binary_cross_entropy", "cross_entropy"]

Reduction = Literal["mean", "sum", "none"]


def cross_entropy(
    logits: Any, targets: ArrayLike, *, axis: int = -1, class_weights: ArrayLike | None = None, sample_weights: ArrayLike | None = None,
    label_smoothing: float = 0.0, ignore_index: int | None = None, reduction: Reduction = "mean", z_loss: float = 0.0, with_gradient: bool = False,
    out: NDArray[Any] | None = None,
) -> Any:  # fmt: skip
    """Negative log-probability that softmax gives the target classes.

    Parameters
    ----------
    logits : array of any shape with at least one axis
        Unnormalised scores. float32 and float64 keep their dtype, float16 and bfloat16 are computed in float32, integers and booleans become float64.
    targets : array of int, the shape of `logits` without `axis`; or of float, the shape of `logits`
        Class indices from 0, or a weight (probability) for each class.
    axis : int, default -1
        The axis of the classes.
    class_weights : array of shape (n_classes,), optional
        Weights of the classes' terms.
    sample_weights : array, broadcast to the shape of the losses, optional
        Weights of the rows.
    label_smoothing : float in [0, 1], default 0
        How much of each target is spread evenly over all classes.
    ignore_index : int, optional
        Integer targets of this value have a loss and a gradient of exactly 0 and do not count in the mean.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean divides by the sum of the weights: of the rows, times that of each row's target class for integer targets. Over no rows it is NaN.
    z_loss : float, default 0
        Adds z_loss * logsumexp(logits)^2 to the loss of each row, which keeps the logits from drifting.
    with_gradient : bool, default False
        Also return the gradient of the reduced loss (for "none": of the sum) with respect to the logits, from the same pass.
    out : ndarray of the shape and dtype of `logits`, optional
        Where to write the gradient; may be `logits` itself.

    Returns
    -------
    loss : scalar, or for "none" an array of the shape of `logits` without `axis`
        In natural-logarithm units (nats). A NaN in a row makes its loss NaN.
    gradient : array of the shape of `logits`
        Only with `with_gradient=True`.

    Raises
    ------
    TypeError
        If logits or weights are not real numbers.
    ValueError
        If a target is out of range (the message names its index), the shapes do not fit, or an option is out of its range.

    Notes
    -----
    For weights q of the classes: loss = sum_k q_k (logsumexp(x) - x_k), where 0 times infinity is 0, and gradient_i = softmax(x)_i sum(q) - q_i. A class index t
    is q = [k = t]. Smoothing makes q into (1 - s) q + s / n_classes, class weights multiply it.

    Examples
    --------
    >>> round(float(cross_entropy([-3.44, 1.16, -0.81, 3.91], 3)), 4)
    0.0709
    """
    arrived = incoming(logits, "logits")
    x = arrived.values
    if x.ndim == 0:
        raise ValueError("expected logits with an axis of classes, got a single number; pass one logit a class")
    if x.dtype == np.float16 or is_bfloat16(x.dtype):
        x = x.astype(np.float32)
    _check(reduction, label_smoothing, z_loss, with_gradient, out, arrived.values)
    rows = np.moveaxis(x, axis, -1)
    if arrived.valid is not None:
        rows = np.where(np.moveaxis(arrived.valid, axis, -1), rows, rows.dtype.type(-np.inf))
    terms = _terms(np.asarray(targets), rows, axis, class_weights, sample_weights, label_smoothing, ignore_index, z_loss == 0)
    scales, total = terms.row_weights, None
    if reduction == "mean":
        total = terms.total
        scales = scales / scales.dtype.type(total) if total else scales
    operands: tuple[Any, ...] = (rows, terms.targets, scales)
    plain = terms.base is None and z_loss == 0
    if not plain:
        base = np.zeros(rows.shape[-1], rows.dtype) if terms.base is None else terms.base
        operands = (rows, base, terms.targets, terms.hots, rows.dtype.type(z_loss), scales)
    if not with_gradient:
        losses = (_native.cross_entropy if plain else _native.weighted_cross_entropy)(*operands)
        return _reduced(losses, reduction, total)
    into = np.moveaxis(out, axis, -1) if out is not None and out.dtype == rows.dtype else None
    losses, gradient = (_native.cross_entropy_gradient if plain else _native.weighted_cross_entropy_gradient)(*operands, out=(None, into))
    gradient = np.moveaxis(gradient, -1, axis)
    if out is None:
        return _reduced(losses, reduction, total), arrived.wrap(gradient.astype(arrived.values.dtype, copy=False))
    if into is None:
        np.copyto(out, gradient, casting="same_kind")
    return _reduced(losses, reduction, total), out


class _Terms(NamedTuple):
    """What the kernels take: class indices (-1: ignored), the weight of that class, weights of all classes or None, weights of the rows; the sum for the mean."""

    targets: NDArray[np.int64]
    hots: Any
    base: NDArray[Any] | None
    row_weights: NDArray[Any]
    total: float


def _terms(
    targets: NDArray[Any], rows: NDArray[Any], axis: int, class_weights: ArrayLike | None, sample_weights: ArrayLike | None, smoothing: float, ignore_index: int | None,
    plain: bool,
) -> _Terms:
    shape, n, dtype = rows.shape[:-1], rows.shape[-1], rows.dtype
    by_class = None if class_weights is None else _weights(class_weights, (n,), "class_weights", dtype)
    by_row = np.ones((), dtype) if sample_weights is None else _weights(sample_weights, shape, "sample_weights", dtype)
    if targets.dtype.kind not in "iu":
        if ignore_index is not None:
            raise ValueError("expected integer targets with ignore_index, got weights of the classes; give rows a sample weight of 0 instead")
        indices = np.zeros((), np.int64) if sample_weights is None else np.where(by_row == 0, -1, 0)
        base = _class_probabilities(targets, rows, axis, by_class, smoothing)
        return _Terms(indices, dtype.type(0), base, by_row, float(np.broadcast_to(by_row, shape).sum(dtype=np.float64)))
    indices, ignored = class_indices(targets, shape, n, ignore_index), None
    if ignore_index is not None:
        ignored = targets == ignore_index
    if sample_weights is not None:
        ignored = (by_row == 0) if ignored is None else ignored | (by_row == 0)
    if ignored is not None:
        indices = np.where(ignored, -1, indices)
        by_row = np.where(ignored, dtype.type(0), by_row)
    counted = by_row if by_class is None else by_row * by_class[np.maximum(indices, 0)]
    total = float(np.broadcast_to(counted, shape).sum(dtype=np.float64)) if counted.ndim else float(counted) * indices.size
    if smoothing == 0 and plain:  # the class weight is a row weight
        return _Terms(indices, dtype.type(1), None, counted, total)
    spread = np.full(n, smoothing / n, dtype) if by_class is None else (by_class * dtype.type(smoothing / n))
    hots = dtype.type(1 - smoothing) if by_class is None else (1 - dtype.type(smoothing)) * by_class[np.maximum(indices, 0)]
    return _Terms(indices, hots, spread, by_row, total)


def _class_probabilities(targets: NDArray[Any], rows: NDArray[Any], axis: int, by_class: NDArray[Any] | None, smoothing: float) -> NDArray[Any]:
    if targets.dtype.kind != "f":
        raise TypeError(f"expected targets to be class indices (integers) or weights of the classes (floats), got dtype {targets.dtype}; encode the labels first")
    if targets.ndim != rows.ndim or np.moveaxis(targets, axis, -1).shape != rows.shape:
        raise ValueError(f"expected class weights as targets in the shape of the logits, got shape {targets.shape}; for class indices pass integers")
    base = np.moveaxis(targets, axis, -1).astype(rows.dtype, copy=False)
    if base.size and not base.min() >= 0:
        raise ValueError(f"expected targets of at least 0, got {base.min()}")
    if smoothing:
        base = base * rows.dtype.type(1 - smoothing) + rows.dtype.type(smoothing / rows.shape[-1])
    return base if by_class is None else base * by_class


def _weights(weights: ArrayLike, shape: tuple[int, ...], name: str, dtype: Any) -> NDArray[Any]:
    array = real_numbers(np.asarray(weights), name)
    if name == "class_weights" and array.shape != shape:
        raise ValueError(f"expected class_weights of shape {shape}, one a class, got shape {array.shape}")
    try:
        array = np.broadcast_to(array, shape).astype(dtype)
    except ValueError:
        raise ValueError(f"expected {name} of shape {shape}, one a row, got shape {array.shape}") from None
    if array.size and not (array.min() >= 0 and array.max() < np.inf):
        raise ValueError(f"expected finite {name} of at least 0, got {array.min()} to {array.max()}")
    return array


def _check(reduction: str, smoothing: float, z_loss: float, with_gradient: bool, out: NDArray[Any] | None, x: NDArray[Any]) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"expected reduction 'mean', 'sum' or 'none', got {reduction!r}")
    if not 0 <= smoothing <= 1:
        raise ValueError(f"expected label_smoothing from 0 to 1, got {smoothing!r}")
    if not 0 <= z_loss < np.inf:
        raise ValueError(f"expected a finite z_loss of at least 0, got {z_loss!r}")
    if out is not None and not with_gradient:
        raise ValueError("expected with_gradient=True with out=, which takes the gradient; leave out= away or add with_gradient=True")
    if out is not None and out.shape != x.shape:
        raise ValueError(f"expected out of shape {x.shape}, that of the logits, got {out.shape}")


def _reduced(losses: NDArray[Any], reduction: str, total: float | None) -> Any:
    if reduction == "none":
        return losses
    if reduction == "mean" and not total:
        return losses.dtype.type("nan")
    return losses.dtype.type(losses.astype(np.float64, copy=False).sum())


def binary_cross_entropy(
    logits: Any, targets: ArrayLike, *, sample_weights: ArrayLike | None = None, label_smoothing: float = 0.0, reduction: Reduction = "mean", with_gradient: bool = False
) -> Any:
    """Negative log-probability of independent yes-or-no labels, from logits.

    Parameters
    ----------
    logits : array of any shape
        Log-odds. float32 and float64 keep their dtype, float16 and bfloat16 are computed in float32, integers and booleans become float64.
    targets : array in [0, 1], broadcast to the shape of `logits`
        Labels or probabilities.
    sample_weights : array, broadcast to the shape of `logits`, optional
        Weights of the entries.
    label_smoothing : float in [0, 1], default 0
        Moves the targets towards 1/2.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean divides by the sum of the weights.
    with_gradient : bool, default False
        Also return the gradient of the reduced loss (for "none": of the sum).

    Returns
    -------
    loss : scalar, or an array of the shape of `logits`
    gradient : array of the shape of `logits`

    Raises
    ------
    ValueError
        If a target is not in [0, 1] or an option is out of its range.

    Notes
    -----
    loss = t softplus(-x) + (1 - t) softplus(x), where 0 times infinity is 0; gradient = (1 - t) sigmoid(x) - t sigmoid(-x).

    Examples
    --------
    >>> binary_cross_entropy([0.0, 1000.0], [1, 1], reduction="none")
    array([0.69314718, 0.        ])
    """
    arrived = incoming(logits, "logits")
    x = arrived.values
    if x.dtype == np.float16 or is_bfloat16(x.dtype):
        x = x.astype(np.float32)
    _check(reduction, label_smoothing, 0, with_gradient, None, x)
    t = np.broadcast_to(real_numbers(np.asarray(targets), "targets").astype(x.dtype), x.shape)
    if t.size and not (t.min() >= 0 and t.max() <= 1):
        raise ValueError(f"expected targets from 0 to 1, got {t.min()} to {t.max()}")
    t = t * x.dtype.type(1 - label_smoothing) + x.dtype.type(label_smoothing / 2)
    weights = np.ones((), x.dtype) if sample_weights is None else _weights(sample_weights, x.shape, "sample_weights", x.dtype)
    total = float(np.broadcast_to(weights, x.shape).sum(dtype=np.float64))
    scale = weights / x.dtype.type(total) if reduction == "mean" and total else weights
    with np.errstate(invalid="ignore"):
        losses = np.asarray((np.where(t == 0, 0, t * _native.softplus(-x)) + np.where(t == 1, 0, (1 - t) * _native.softplus(x))) * scale, x.dtype)
        losses = np.where(np.isnan(x), x, losses)
    loss = _reduced(losses, reduction, total)
    if not with_gradient:
        return arrived.wrap(loss) if reduction == "none" else loss
    gradient = ((1 - t) * _native.sigmoid(x) - t * _native.sigmoid(-x)) * scale
    return (arrived.wrap(loss) if reduction == "none" else loss), arrived.wrap(gradient.astype(arrived.values.dtype, copy=False))
