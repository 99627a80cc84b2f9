"""Keras's activations, as functions of arrays and by name in layers."""

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp import network
from normexp._checks import did_you_mean, users_line
from normexp.keras._names import absent

__all__ = [
    "elu", "exponential", "gelu", "get", "hard_sigmoid", "leaky_relu", "linear", "mish", "relu", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip

Engine = network.Activate | network.Softmax | None  # None: linear


def _apply(layer: Engine, x: Any) -> NDArray[np.float32]:
    array = np.asarray(x, np.float32)
    if layer is None or not array.size:
        return array
    rows = np.ascontiguousarray(array.reshape(-1, array.shape[-1] if array.ndim else 1))
    plan = network.Network(rows.shape[1], (layer,)).plan()
    return network.predict_outputs(plan, network.Parameters(np.empty(0, np.float32), ()), rows).reshape(array.shape)


def rectifier(negative_slope: float, max_value: float | None, threshold: float) -> Engine:
    """relu in its general form, for the engine."""
    if negative_slope == 0 and max_value is None and threshold == 0:
        return network.Activate("relu")
    return network.Activate("rectifier", (negative_slope, math.inf if max_value is None else max_value, threshold))


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x above the threshold and at most max_value; below it negative_slope * (x - threshold)."""
    return _apply(rectifier(negative_slope, max_value, threshold), x)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x above 0, negative_slope * x below."""
    return _apply(rectifier(negative_slope, None, 0.0), x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, alpha (e^x - 1) below."""
    return _apply(network.Activate("elu", (alpha,)), x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """x Phi(x), Phi the normal distribution; the approximation is by tanh."""
    return _apply(network.Activate("gelu_tanh" if approximate else "gelu"), x)


def selu(x: Any) -> Any:
    """Scaled elu, which keeps mean 0 and variance 1."""
    return _apply(network.Activate("selu"), x)


def silu(x: Any) -> Any:
    """x sigmoid(x), also called swish."""
    return _apply(network.Activate("silu"), x)


def mish(x: Any) -> Any:
    """x tanh(softplus(x))."""
    return _apply(network.Activate("mish"), x)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return _apply(network.Activate("tanh"), x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return _apply(network.Activate("sigmoid"), x)


def hard_sigmoid(x: Any) -> Any:
    """x / 6 + 1/2 within [0, 1]."""
    return _apply(network.Activate("hard_sigmoid"), x)


def softplus(x: Any) -> Any:
    """log(1 + e^x)."""
    return _apply(network.Activate("softplus"), x)


def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return _apply(network.Activate("softsign"), x)


def exponential(x: Any) -> Any:
    """e^x."""
    return _apply(network.Activate("exponential"), x)


def linear(x: Any) -> Any:
    """x."""
    return _apply(None, x)


def softmax(x: Any, axis: int = -1) -> Any:
    """Probabilities along the last axis."""
    if axis not in (-1, np.ndim(x) - 1):
        raise ValueError(f"expected axis -1 of softmax, got {axis}; normexp.softmax takes any axis")
    if np.ndim(x) and np.shape(x)[-1] == 1:
        warnings.warn("expected a softmax over more than one unit, got one: it always gives 1; did you mean sigmoid?", stacklevel=users_line())
    return _apply(network.Softmax(), x)


swish = silu

_ENGINES: dict[str, Engine] = {
    "relu": network.Activate("relu"), "leaky_relu": rectifier(0.2, None, 0.0), "elu": network.Activate("elu", (1.0,)), "linear": None, "softmax": network.Softmax(),
    **{name: network.Activate(name) for name in ("selu", "gelu", "silu", "mish", "tanh", "sigmoid", "hard_sigmoid", "softplus", "softsign", "exponential")},
}  # fmt: skip
_FUNCTIONS = {name: globals()[name] for name in _ENGINES}


def name_of(activation: Any) -> str:
    """The name that a layer's `activation` argument means: None is linear, swish silu; a function of this module is its name."""
    if activation is None:
        return "linear"
    own = next((known for known, function in _FUNCTIONS.items() if function is activation), None)
    name: str = activation if isinstance(activation, str) else own or str(getattr(activation, "__name__", repr(activation)))
    name = "silu" if name == "swish" else name
    if name not in _ENGINES or not (isinstance(activation, str) or own):
        raise ValueError(f"expected an activation out of {', '.join(sorted(_ENGINES))}, got {name!r}{did_you_mean(name, _ENGINES)}; functions of your own need Keras itself")
    return name


def engine_of(name: str) -> Engine:
    """What the engine does for it."""
    return _ENGINES[name]


def get(identifier: Any) -> Any:
    """The function of that name."""
    return _FUNCTIONS[name_of(identifier)]


__getattr__ = absent(__name__, __all__)
