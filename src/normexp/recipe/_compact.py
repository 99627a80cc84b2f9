"""One network in place of many members: it is taught what they answer."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.model import Member, Model
from normexp.network import History, Loss, Network, Optimizer, OptimizerState, Rows, Training, fit_rows, initial_parameters
from normexp.recipe._schedule import cosine_rates

__all__ = ["compact"]

SWAPPED = 0.1  # of the cells of a made-up row
N_COPIES, MOST_ROWS = 3, 200_000  # made-up rows to a given one; of both, beyond which none are made up
MOST_VALUES = 2**28  # of the encoded rows: a gigabyte
NO_ROWS = np.empty(0, np.int64)


def compact(model: Model, matrix: NDArray[Any], rows: NDArray[np.int64] | None = None, *, seed: int = 0, n_threads: int = 0) -> Model:
    """A model of one network that gives about the probabilities of `model`, in a fraction of its time and size (Bucila, Caruana and Niculescu-Mizil 2006).

    The network learns the model's own probabilities, as a soft target, of these rows and of three rows for each that are made up from it: a tenth of the cells are those of
    other rows, so that it is also taught what the members say between the rows. No labels are needed; the rows should be those that the model has learnt from, or like them.
    What is known of the training rows stays; prediction sets keep the members' thresholds.

    Parameters
    ----------
    model : Model
    matrix : ndarray of shape (n, n_columns), float32 or float64
        As those that it was fitted on.
    rows : ndarray of int, optional
        Those of the matrix to learn from; default all.
    seed : int
        Of first weights, made-up rows and order; the same seed gives the same bits on any number of threads.
    n_threads : int
        0 is the default number.

    Raises
    ------
    ValueError
        For a model of one member, or without rows.
    KeyboardInterrupt
        On Ctrl-C: `model` is what there is.
    """
    rows = np.arange(len(matrix)) if rows is None else rows
    if len(model.members) == 1:
        raise ValueError("expected a model of several members to make one network of, got one of a single member: it is compact already")
    if not len(rows):
        raise ValueError("expected rows to teach a network on, got none")
    encoder, n = model.encoder, len(rows)
    copies = N_COPIES if n * (N_COPIES + 1) <= MOST_ROWS and n * (N_COPIES + 1) * encoder.n_inputs <= MOST_VALUES else 0
    taught = _with_made_up(matrix[rows], copies, seed)
    hidden, batch, epochs = _size(n)
    targets = np.ascontiguousarray(model.probabilities(taught, n_threads), np.float32)
    network = Network.classifier(encoder.n_inputs, hidden, len(model.classes))
    parameters, optimizer = initial_parameters(network, seed), Optimizer(second=0.95, weight_decay=0.01)
    epochs = 2 * epochs // (copies + 1) if copies else epochs
    training = Training(epochs, batch, 0.004, optimizer, seed=seed, restore_best=False, n_threads=n_threads)
    part = Rows(encoder.encode(taught), targets, np.arange(len(taught)))
    result = fit_rows(
        network.plan(), parameters, part, part._replace(chosen=NO_ROWS), training, Loss(), OptimizerState.fresh(parameters, optimizer),
        cosine_rates(0.004, epochs * -(-len(taught) // batch)),
    )  # fmt: skip
    if result.stopped == "interrupted":
        raise KeyboardInterrupt
    if not np.isfinite(parameters.values).all():
        raise ValueError("expected members that a network can be taught, got some whose answers made its training diverge; use the members")
    return _of_one(model, Member(encoder, network, parameters), [seen.mean_loss for seen, _ in result.epochs])


def _with_made_up(given: NDArray[Any], copies: int, seed: int) -> NDArray[Any]:
    """The rows, then those that are made up from them."""
    if not copies:
        return given
    rng, n = np.random.Generator(np.random.Philox(seed)), len(given)
    found = np.tile(given, (copies + 1, 1))
    for k in range(1, copies + 1):
        for column in range(given.shape[1]):
            swapped = np.flatnonzero(rng.random(n) < SWAPPED)
            found[k * n + swapped, column] = given[rng.integers(0, n, len(swapped)), column]
    return found


def _size(n_rows: int) -> tuple[tuple[int, ...], int, int]:
    """Hidden layers, rows a step, and epochs of the given rows alone."""
    if n_rows < 1_000:
        return (128, 64), 16, 100
    if n_rows < 5_000:
        return (128, 64), 64, 60
    return (256, 128), 128, max(3, round(30 * min(1.0, 20_000 / n_rows)))


def _of_one(model: Model, member: Member, losses: list[float]) -> Model:
    unknown = (float("nan"),) * len(losses)
    history = History(tuple(losses), unknown, unknown, unknown, len(losses) - 1, model.history.stopped)
    return replace(model, members=(member,), weights=(1.0,), kinds=(), bias=None, temperature=1.0, history=history, scores={}, out_of_fold=None)
