"""The family by the operations of another array library: for tensors that need gradients, tracers and arrays on a device.

The results stay where the logits are and can be differentiated by their library; the bounds of the compiled core do not hold for them.
torch is tested; JAX, CuPy and dask go the same way, by the array-API names, and could not be tested here.
"""

from typing import Any

__all__ = ["own_operations", "log_softmax", "logsumexp", "softmax"]


def own_operations(x: Any) -> Any:
    """The namespace that must compute `x`, or None where the compiled core can."""
    library = type(x).__module__.partition(".")[0]
    if library == "torch":
        import torch

        differentiated = x.requires_grad and torch.is_grad_enabled()
        return torch if differentiated or x.device.type != "cpu" or x.dtype == torch.bfloat16 else None
    if library in ("jax", "jaxlib"):
        import jax

        on_device = isinstance(x, jax.core.Tracer) or x.dtype.name == "bfloat16" or next(iter(x.devices())).platform != "cpu"
        return jax.numpy if on_device else None
    if library in ("cupy", "dask"):
        import importlib

        return importlib.import_module("cupy" if library == "cupy" else "dask.array")
    return None


def _exponentials(xp: Any, x: Any, axis: Any) -> tuple[Any, Any]:
    """x - maximum and exp of it; +inf becomes one-hot, shared among its ties."""
    top = xp.amax(x, axis, keepdims=True)
    finite = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    shifted = xp.where((top == x) & (x > 0) & ~xp.isfinite(x), xp.zeros_like(x), x - xp.where(x == x, top, finite))
    return shifted, xp.exp(shifted)


def softmax(xp: Any, x: Any, axis: Any) -> Any:
    """As normexp.softmax."""
    _, exponentials = _exponentials(xp, x, axis)
    return exponentials / xp.sum(exponentials, axis, keepdims=True)


def log_softmax(xp: Any, x: Any, axis: Any) -> Any:
    """As normexp.log_softmax."""
    shifted, exponentials = _exponentials(xp, x, axis)
    return shifted - xp.log(xp.sum(exponentials, axis, keepdims=True))


def logsumexp(xp: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """As normexp.logsumexp."""
    top = xp.amax(x, axis, keepdims=True)
    finite = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    total = xp.log(xp.sum(xp.exp(x - finite), axis, keepdims=True)) + finite
    return total if keepdims else total.squeeze(axis)
