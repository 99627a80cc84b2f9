"""Layers and losses in float64, written for reading.

A layer function takes inputs of shape (rows, n) and its variables; it returns the outputs and `back`, which makes of the gradient with respect to the outputs
(gradient with respect to the inputs, [those with respect to the variables]). A loss function returns the loss of a batch and its gradient with respect to the outputs.
"""

from functools import partial

import numpy as np
from scipy.special import expit, log_softmax, ndtr, softmax

LEAST = 1e-7  # Keras clips probabilities here
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017


# ---- activations: (value, slope) of every entry


def elu(x, alpha=1.0):
    below = alpha * np.exp(np.minimum(x, 0))
    return np.where(x > 0, x, below - alpha), np.where(x > 0, 1, below)


def selu(x):
    value, slope = elu(x, SELU_ALPHA)
    return SELU_SCALE * value, SELU_SCALE * slope


def gelu(x):
    return x * ndtr(x), ndtr(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def sigmoid(x):
    p = expit(x)
    return p, p * (1 - p)


def silu(x):
    p, slope = sigmoid(x)
    return x * p, p + x * slope


def softplus(x):
    return np.logaddexp(0, x), expit(x)


def mish(x):
    soft, slope = softplus(x)
    gate = np.tanh(soft)
    return x * gate, gate + x * (1 - gate**2) * slope


def tanh(x):
    return np.tanh(x), np.cosh(x) ** -2.0


def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1), np.where(np.abs(x) < 3, 1 / 6, 0)


def softsign(x):
    return x / (1 + np.abs(x)), (1 + np.abs(x)) ** -2.0


def rectifier(x, max_value=np.inf, negative_slope=0.0, threshold=0.0):
    above = x > threshold
    return np.where(above, np.minimum(x, max_value), negative_slope * (x - threshold)), np.where(above, x < max_value, negative_slope)


def exponential(x):
    return np.exp(x), np.exp(x)


def linear(x):
    return x, np.ones_like(x)


ACTIVATIONS = {
    "elu": elu, "selu": selu, "gelu": gelu, "silu": silu, "mish": mish, "tanh": tanh, "sigmoid": sigmoid, "hard_sigmoid": hard_sigmoid, "softplus": softplus,
    "softsign": softsign, "leaky_relu": partial(rectifier, negative_slope=0.2), "relu": rectifier, "exponential": exponential, "linear": linear,
}  # fmt: skip


# ---- layers


def activate(x, function):
    """One of the functions above, or its name."""
    value, slope = ACTIVATIONS.get(function, function)(x)
    return value, lambda g: (g * slope, [])


def soft_maximum(x):
    p = softmax(x, axis=1)
    return p, lambda g: (p * (g - (p * g).sum(axis=1, keepdims=True)), [])


def dense(x, weights, bias=None):
    def back(g):
        return g @ weights.T, [x.T @ g] if bias is None else [x.T @ g, g.sum(axis=0)]

    return x @ weights + (0 if bias is None else bias), back


def parametric_relu(x, slopes):
    return np.where(x > 0, x, slopes * x), lambda g: (np.where(x > 0, g, slopes * g), [np.where(x > 0, 0, x * g).sum(axis=0)])


def scale(x, factors, shifts):
    """Neither is trained."""
    return x * factors + shifts, lambda g: (g * factors, [])


def _normalize(x, axis, epsilon):
    """(x - mean) / sqrt(variance + epsilon) along an axis, the variance divided by n; from its gradient that of x."""
    mean, variance = x.mean(axis, keepdims=True), x.var(axis, keepdims=True)
    root = np.sqrt(variance + epsilon)
    normal = (x - mean) / root
    return normal, lambda g: (g - g.mean(axis, keepdims=True) - normal * (g * normal).mean(axis, keepdims=True)) / root


def _normalization(x, variables, axis, epsilon, with_scale=True, with_shift=True):
    """`variables`: gamma where there is a scale, beta where there is a shift."""
    normal, below = _normalize(x, axis, epsilon)
    gamma, beta = variables[0] if with_scale else 1.0, variables[-1] if with_shift else 0.0

    def back(g):
        return below(g * gamma), [(g * normal).sum(axis=0)] * with_scale + [g.sum(axis=0)] * with_shift

    return normal * gamma + beta, back


def batch_normalization(x, *variables, epsilon=1e-3, **options):
    """By the moments of the batch."""
    return _normalization(x, variables, 0, epsilon, **options)


def layer_normalization(x, *variables, epsilon=1e-3, **options):
    """By the moments of each row."""
    return _normalization(x, variables, 1, epsilon, **options)


def fixed_normalization(x, gamma, beta, mean, variance, epsilon=1e-3):
    """Batch normalisation that is not trained: by the moving moments."""
    root = np.sqrt(variance + epsilon)
    return (x - mean) / root * gamma + beta, lambda g: (g * gamma / root, [])


def moved_moments(x, mean, variance, momentum=0.99):
    """The moving mean and variance after a batch."""
    return mean * momentum + x.mean(axis=0) * (1 - momentum), variance * momentum + x.var(axis=0) * (1 - momentum)


def chain(x, layers):
    """Layers one after the other, each a function of inputs alone; `back` gives the gradients of the inputs and of all variables in order."""
    backs = []
    for layer in layers:
        x, back = layer(x)
        backs.append(back)

    def back_through_all(g):
        gradients = []
        for back in backs[::-1]:
            g, own = back(g)
            gradients = [*own, *gradients]
        return g, gradients

    return x, back_through_all


# ---- losses: the mean over the rows of weight x loss


def one_hot(classes, n_classes):
    return np.eye(n_classes)[classes]


def smoothed(targets, smoothing):
    return targets * (1 - smoothing) + smoothing / targets.shape[1]


def _mean(losses, slopes, weights):
    """Of the rows' losses and their gradients; weights are not divided by their sum."""
    weights = np.ones(len(losses)) if weights is None else weights
    return float(weights @ losses) / len(losses), slopes * weights[:, None] / len(losses)


def _clip(p, largest=1 - LEAST):
    """p within [1e-7, largest] and where it was."""
    return np.clip(p, LEAST, largest), (p >= LEAST) & (p <= largest)


def _of_shares(outputs, terms, slopes_of):
    """The loss of outputs divided by their sum: terms of each entry and their slopes with respect to the shares."""
    total = outputs.sum(axis=1, keepdims=True)
    shares = outputs / total
    p, inside = _clip(shares)
    slopes = slopes_of(p) * inside
    return terms(p).sum(axis=1), (slopes - (slopes * shares).sum(axis=1, keepdims=True)) / total


def categorical_cross_entropy(outputs, targets, weights=None, smoothing=0.0):
    t = smoothed(targets, smoothing)
    return _mean(*_of_shares(outputs, lambda p: -t * np.log(p), lambda p: -t / p), weights)


def cross_entropy_of_logits(logits, targets, weights=None, smoothing=0.0):
    """Not clipped."""
    t, log_p = smoothed(targets, smoothing), log_softmax(logits, axis=1)
    return _mean(-(t * log_p).sum(axis=1), np.exp(log_p) * t.sum(axis=1, keepdims=True) - t, weights)


def sparse_cross_entropy(outputs, classes, weights=None):
    return categorical_cross_entropy(outputs, one_hot(classes, outputs.shape[1]), weights)


def focal_cross_entropy(outputs, targets, weights=None, smoothing=0.0, alpha=0.25, gamma=2.0):
    """-sum alpha (1 - p)^gamma t log p (Lin et al. 2017, over all classes as Keras does)."""
    t = smoothed(targets, smoothing)

    def slopes(p):
        return alpha * t * (gamma * (1 - p) ** (gamma - 1) * np.log(p) - (1 - p) ** gamma / p)

    return _mean(*_of_shares(outputs, lambda p: -alpha * (1 - p) ** gamma * t * np.log(p), slopes), weights)


def focal_cross_entropy_of_logits(logits, targets, weights=None, **options):
    """Clipped, as Keras makes probabilities first."""
    p, back = soft_maximum(logits)
    loss, slopes = focal_cross_entropy(p, targets, weights, **options)
    return loss, back(slopes)[0]


def binary_cross_entropy(outputs, targets, weights=None, smoothing=0.0):
    """The mean over the outputs; smoothing goes towards one half."""
    t = targets * (1 - smoothing) + smoothing / 2
    p, inside = _clip(outputs)
    losses = -(t * np.log(p) + (1 - t) * np.log1p(-p)).mean(axis=1)
    return _mean(losses, ((1 - t) / (1 - p) - t / p) * inside / outputs.shape[1], weights)


def binary_cross_entropy_of_logits(logits, targets, weights=None, smoothing=0.0):
    """Not clipped."""
    t = targets * (1 - smoothing) + smoothing / 2
    return _mean((np.logaddexp(0, logits) - t * logits).mean(axis=1), (expit(logits) - t) / logits.shape[1], weights)


def squared_error(outputs, targets, weights=None):
    """(y - t)^2, the mean over the outputs."""
    error = outputs - targets
    return _mean((error**2).mean(axis=1), 2 * error / error.shape[1], weights)


def absolute_error(outputs, targets, weights=None):
    """|y - t|, the mean over the outputs."""
    error = outputs - targets
    return _mean(np.abs(error).mean(axis=1), np.sign(error) / error.shape[1], weights)


def divergence(outputs, targets, weights=None):
    """sum t log(t / p), both within [1e-7, 1]."""
    t, (p, inside) = np.clip(targets, LEAST, 1), _clip(outputs, 1.0)
    return _mean((t * np.log(t / p)).sum(axis=1), -t / p * inside, weights)
