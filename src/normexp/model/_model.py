"""A fitted classifier as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.functional import softmax
from normexp.model._encoder import Encoder
from normexp.model._held_out import HeldOut, OutOfFold
from normexp.model._member import AnyMember, Encoded, Member
from normexp.model._profile import Profile
from normexp.network import History, Network, Parameters
from normexp.tables import Schema

__all__ = ["Model", "as_model", "averaged"]

PIECE_ROWS = 8_192
LEAST_PROBABILITY = 1e-300  # of a mean, whose logarithm is finite


@dataclass(frozen=True, eq=False)
class Model:
    """What predicts, what is saved, and what is told of it; it knows neither scikit-learn nor files.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels in their own type.
    members : tuple of Member or TreeMember
        Each from a matrix to logits.
    weights : tuple of float, one a kind
        Of the combination, a log-linear pool: p is proportional to the product of each kind's p to the power of its weight.
    temperature : float
        What the combined logits are divided by, above 0.
    class_shares : ndarray of shape (n_classes,), or None
        Shares of the classes among the training rows.
    history : History
        Of the training.
    n_features : int
        Columns of the table or array, before a schema leaves some out.
    feature_names : tuple of str, or None
        Their names, where they have some.
    schema : Schema or None
        The columns of the table or data frame that it was trained on; None for plain arrays.
    scores : mapping of str to float
        On rows that were held out.
    params : mapping of str to Any
        Arguments of the estimator that made it.
    class_weights : ndarray of shape (n_classes,), or None
        What a row of each class counted in training, and counts when the model answers.
    profile : Profile or None
        What is kept of the training rows, for later ones to be compared with.
    kinds : tuple of int, one a member
        Which kind it is one of, 0, 0, 1, …; those of a kind are of one shape, and are averaged as probabilities. () where each is a kind by itself.
    bias : ndarray of shape (n_classes,), or None
        Added to the combined logits: the part of the class shares that the members leave (see `normexp.recipe`).
    held_out : HeldOut or None
        What rows that were not learnt from were given.
    out_of_fold : OutOfFold or None
        Of a portfolio: its kinds of members and how they were combined.
    positive : int or None
        Of two classes the one that is looked for, where it was said or found; None is the second.
    """

    classes: NDArray[Any]
    members: tuple[AnyMember, ...]
    weights: tuple[float, ...]
    temperature: float
    class_shares: NDArray[np.float64] | None
    history: History
    n_features: int
    feature_names: tuple[str, ...] | None = None
    schema: Schema | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    class_weights: NDArray[np.float64] | None = None
    profile: Profile | None = None
    positive: int | None = None
    kinds: tuple[int, ...] = ()
    bias: NDArray[np.float64] | None = None
    held_out: HeldOut | None = None
    out_of_fold: OutOfFold | None = None

    def __post_init__(self) -> None:
        kinds = self.kind_of_members
        if not self.members or len(kinds) != len(self.members) or sorted(set(kinds)) != list(range(len(self.weights))):
            raise ValueError(f"expected members and a weight for each kind, got {len(self.members)} members of {len(set(kinds))} kinds and {len(self.weights)} weights")
        for member in self.members:
            if member.n_outputs != len(self.classes):
                raise ValueError(f"expected members with a logit a class, got one of {member.n_outputs} logits for {len(self.classes)} classes")
        for _, members in self.by_kind():
            if any(type(member) is not type(members[0]) or member.shape != members[0].shape for member in members):
                raise ValueError("expected members of a kind whose networks or forests are alike, got others")

    @property
    def member(self) -> AnyMember:
        """The only member, of weight 1; raises ValueError where there are several, or another weight."""
        if self.weights != (1.0,) or len(self.members) > 1:
            raise ValueError(f"expected a model of one member, of weight 1, got one of {len(self.members)}, of weights {', '.join(map(str, self.weights))}")
        return self.members[0]

    @property
    def encoder(self) -> Encoder:
        """That of all members: those without bins take the first of its inputs."""
        return max((member.encoder for member in self.members), key=lambda encoder: encoder.n_inputs)

    @property
    def network(self) -> Network:
        """Of the only member, as are `parameters`; raises ValueError where that is none, or a forest."""
        return self._only_network.network

    @property
    def parameters(self) -> Parameters:
        return self._only_network.parameters

    @property
    def _only_network(self) -> Member:
        if not isinstance(self.member, Member):
            raise ValueError("expected a model of one network, got one of a forest")
        return self.member

    def logits(self, matrix: NDArray[Any], n_threads: int = 0, *, dtype: type[np.floating[Any]] | None = None) -> NDArray[Any]:
        """Calibrated logits, divided by the temperature, of shape (n_rows, n_classes).

        Parameters
        ----------
        matrix : ndarray of shape (n_rows, n_matrix_columns)
            float32 or float64; NaN is missing, categories are codes, as in `Table.matrix`.
        n_threads : int
            0 is the default number; the bits do not depend on it.
        dtype : float32 or float64, optional
            Of the answer, of the combination and of the division; by default that of the matrix.
        """
        dtype = dtype or (np.float32 if matrix.dtype == np.float32 else np.float64)
        alone = self.weights == (1.0,) and len(self.members) == 1
        logits = self.member.logits(matrix, n_threads, dtype=dtype) if alone else self._combined(matrix, n_threads).astype(dtype)
        if self.bias is not None:
            logits += self.bias.astype(dtype)
        logits /= dtype(self.temperature)
        return logits

    def _combined(self, matrix: NDArray[Any], n_threads: int) -> NDArray[np.float64]:
        """The weighted sum of the kinds' logits; rows are encoded once, a piece at a time."""
        combined, encoder = np.zeros((len(matrix), len(self.classes))), self.encoder
        for first in range(0, len(matrix), PIECE_ROWS):
            piece = slice(first, first + PIECE_ROWS)
            rows = Encoded(encoder, matrix[piece])
            for weight, members in self.by_kind():
                combined[piece] += weight * averaged([member.of_rows(rows, n_threads).astype(np.float64) for member in members])
        return combined

    @property
    def kind_of_members(self) -> tuple[int, ...]:
        """Of each member, whether said or not."""
        return self.kinds or tuple(range(len(self.members)))

    def by_kind(self) -> list[tuple[float, list[AnyMember]]]:
        """The weight of each kind and its members."""
        return [(weight, [member for member, kind in zip(self.members, self.kind_of_members, strict=True) if kind == i]) for i, weight in enumerate(self.weights)]

    def probabilities(self, matrix: NDArray[Any], n_threads: int = 0, *, dtype: type[np.floating[Any]] | None = None) -> NDArray[Any]:
        """The softmax of the logits, of shape (n_rows, n_classes), columns as in `classes`; arguments as those of `logits`."""
        probabilities: NDArray[Any] = softmax(self.logits(matrix, n_threads, dtype=dtype))
        return probabilities

    def coefficients(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of a linear model: by how much each encoded input (see `Encoder`) raises each calibrated logit, shape (n_classes, n_inputs), and the logits where all are 0, shape
        (n_classes,). Raises ValueError for a network with hidden layers."""
        if not self.is_linear:
            raise ValueError("expected a linear model, got one with hidden layers; fit with hidden_layer_sizes=()")
        weights, bias = np.zeros((self.encoder.n_inputs, len(self.classes))), np.zeros(len(self.classes)) if self.bias is None else self.bias.copy()
        for weight, (member,) in self.by_kind():
            assert isinstance(member, Member)
            weights[: member.network.n_inputs] += weight * member.parameters["dense_0/weights"]
            bias += weight * member.parameters["dense_0/bias"]
        return weights.T / self.temperature, bias / self.temperature

    @property
    def is_linear(self) -> bool:
        """Has no member a hidden layer, and every kind one member?"""
        return len(self.members) == len(self.weights) and all(member.is_linear for member in self.members)

    def answers(self, probabilities: NDArray[Any]) -> NDArray[np.intp]:
        """The class that each row is given, as an index: the most probable one or, with class weights, that of the largest weight x probability.

        A weight says how much a missed row of the class costs; the answer is the one of the least expected cost.
        """
        found: NDArray[np.intp] = (probabilities if self.class_weights is None else probabilities * self.class_weights).argmax(axis=1)
        return found


def averaged(logits: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Logits of the mean of several members' probabilities; those of a single one are its own."""
    if len(logits) == 1:
        return logits[0]
    mean = np.zeros_like(logits[0])
    for one in logits:
        mean += softmax(one)
    found: NDArray[np.float64] = np.log(np.maximum(mean / len(logits), LEAST_PROBABILITY))
    return found


def as_model(fitted: Any) -> Model:
    """A Model as it is, and what a fitted SoftmaxClassifier holds (anything with `to_model()`); raises TypeError for anything else."""
    if isinstance(fitted, Model):
        return fitted
    if not hasattr(fitted, "to_model") or isinstance(fitted, type):
        raise TypeError(f"expected a SoftmaxClassifier, got {type(fitted).__name__}")
    model: Model = fitted.to_model()
    return model
