"""A dense relu network with softmax cross-entropy and Adam in float64, written for reading."""

import numpy as np


def layers_of(network, values):
    """[(weights, bias, is_relu)] as views into a float64 copy of the flat vector."""
    flat = np.array(values, np.float64)
    layers = []
    for s in network.shapes():
        weights = flat[s.places[0] : s.places[0] + s.n_inputs * s.layer.units].reshape(s.n_inputs, s.layer.units)
        bias = flat[s.places[1] : s.places[1] + s.layer.units] if s.layer.use_bias else np.zeros(s.layer.units)
        layers.append((weights, bias, s.layer.activation == "relu"))
    return flat, layers


def forward(layers, x):
    activations = [np.asarray(x, np.float64)]
    for weights, bias, is_relu in layers:
        z = activations[-1] @ weights + bias
        activations.append(np.maximum(z, 0) if is_relu else z)
    return activations


def losses_of(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(targets)), targets], np.exp(log_p)


def loss_and_gradient(network, values, x, targets, weights=None):
    """Weighted sum of the losses divided by the number of rows, and its gradient as a flat vector."""
    _, layers = layers_of(network, values)
    weights = np.ones(len(x)) if weights is None else weights
    activations = forward(layers, x)
    losses, p = losses_of(activations[-1], targets)
    p[np.arange(len(targets)), targets] -= 1
    delta = p * weights[:, None] / len(x)
    gradient = np.zeros(len(values))
    for s, (w, _, _), below in list(zip(network.shapes(), layers, activations, strict=False))[::-1]:
        gradient[s.places[0] : s.places[0] + w.size] = (below.T @ delta).ravel()
        if s.layer.use_bias:
            gradient[s.places[1] : s.places[1] + s.layer.units] = delta.sum(axis=0)
        delta = (delta @ w.T) * (below > 0)
    return float(weights @ losses / len(x)), gradient


def adam_steps(network, values, x, targets, training, n_steps, weights=None, factors=1.0, decays=0.0):
    """The parameters after n_steps unshuffled batches."""
    p = np.array(values, np.float64)
    beta1, beta2, epsilon = training.optimizer.first, training.optimizer.second, training.optimizer.epsilon
    mean, square = np.zeros_like(p), np.zeros_like(p)
    first = 0
    for step in range(1, n_steps + 1):
        rows = slice(first, first + training.batch_size)
        _, g = loss_and_gradient(network, p, x[rows], targets[rows], None if weights is None else weights[rows])
        mean = beta1 * mean + (1 - beta1) * g
        square = beta2 * square + (1 - beta2) * g * g
        rate = training.learning_rate * factors
        correction = np.sqrt(1 - beta2**step) / (1 - beta1**step)
        p = p * (1 - rate * decays) - rate * correction * mean / (np.sqrt(square) + epsilon)
        first = first + training.batch_size if first + training.batch_size < len(x) else 0
    return p
