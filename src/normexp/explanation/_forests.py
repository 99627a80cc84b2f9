"""A classifier's forests, for the questions that need their inside: what each number did, one column changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.explanation._averages import directions
from normexp.model import Model, TreeMember, averaged
from normexp.trees import Forest

__all__ = ["Forests"]

Array = NDArray[np.float64]
N_STEPS = 64
FAR = 1e6  # what a missing value is taken to have moved
TINY = 1e-300


@dataclass(frozen=True)
class _Kind:
    """Forests that are averaged, all of one depth, and their trees one after the other."""

    weight: float
    forests: tuple[Forest, ...]
    joined: Forest
    member_of_tree: NDArray[np.intp]

    def logits(self, numbers: Array) -> list[Array]:
        """Of each forest, shape (n, n_classes)."""
        return [forest.logits(numbers, 1).astype(np.float64) for forest in self.forests]


@dataclass(frozen=True)
class Forests:
    """Those of a model, over the same numbers; kinds are combined as in `Model`, without its bias. `owners` says which two matrix columns a number comes from, which are one but
    for differences, shape (n_numbers, 2); `scale` is that of the matrix columns."""

    kinds: tuple[_Kind, ...]
    owners: NDArray[np.intp]
    scale: Array
    n_classes: int
    _asking: dict[tuple[int, ...], list[list[NDArray[np.int32]]]] = field(default_factory=dict)

    @staticmethod
    def of(model: Model) -> "Forests":
        kinds = list[_Kind]()
        for weight, members in model.by_kind():
            forests = tuple(member.forest for member in members if isinstance(member, TreeMember))
            if forests:
                kinds.append(_Kind(weight / model.temperature, forests, _joined(forests), np.repeat(np.arange(len(forests)), [len(forest) for forest in forests])))
        return Forests(tuple(kinds), model.encoder.columns_of_numbers if kinds else np.empty((0, 2), np.intp), model.encoder.scale, len(model.classes))

    def logits(self, numbers: Array) -> Array:
        """Of rows of numbers, shape (n, n_classes)."""
        found = np.zeros((len(numbers), self.n_classes))
        for kind in self.kinds:
            found += kind.weight * averaged(kind.logits(numbers))
        return found

    def changed(self, columns: Sequence[int], rows: Array, before: "Sequence[Sequence[Array]]", after: Array, n_threads: int = 1) -> Array:
        """Logits where some matrix columns are changed: only trees that ask about them are asked again.

        `rows` are numbers of one row, or of as many as `after` has, `before` their logits of each kind and forest (`parts`).
        """
        found = np.zeros((len(after), self.n_classes))
        for kind, of_kind, asking in zip(self.kinds, before, self._trees_that_ask(tuple(columns)), strict=True):
            logits = []
            for forest, own, trees in zip(kind.forests, of_kind, asking, strict=True):
                asked = np.zeros((len(after) + len(rows), self.n_classes))
                if len(trees):
                    asked[:] = forest.logits(np.concatenate([after, rows]), n_threads, trees)
                logits.append(own + asked[: len(after)] - asked[len(after) :])
            found += kind.weight * averaged(logits)
        return found

    def parts(self, numbers: Array) -> list[list[Array]]:
        """The logits of each kind and forest, shape (n, n_classes) each."""
        return [kind.logits(numbers) for kind in self.kinds]

    def contributions(self, start: Array, end: Array, direction: Array) -> Array:
        """What each matrix column contributes to the change of logits @ direction from one row of numbers to another, shape (n_columns,).

        In every tree the exact Shapley value of each column, over all orders in which they could have changed; a difference counts as a column, whose value is then
        shared between its two by how far each moved. Where forests are averaged as probabilities their logits are weighed by the mean slope along the straight path between
        them; what its 64 steps miss is shared out by the size of the contributions.
        """
        players, player_of_number = np.unique(self.owners, axis=0, return_inverse=True)
        found = np.zeros(len(players))
        for kind in self.kinds:
            before, after = (np.stack(kind.logits(row[None])) for row in (start, end))  # (n_forests, 1, n_classes)
            t = (np.arange(N_STEPS)[None, :, None] + 0.5) / N_STEPS
            slopes = directions(before + t * (after - before), direction).mean(axis=1)
            values = _of_trees(kind.joined, slopes[kind.member_of_tree])
            shares = _shapley_values(kind.joined, values, start, end, player_of_number.ravel(), len(found))
            change = float((averaged(list(after)) - averaged(list(before)))[0] @ direction)
            sizes = np.abs(shares)
            found += kind.weight * (shares + (change - shares.sum()) * sizes / max(float(sizes.sum()), TINY))
        first = self._share_of_the_first(players, start, end)
        n_columns = len(self.scale)
        return np.add(np.bincount(players[:, 0], found * first, n_columns), np.bincount(players[:, 1], found * (1 - first), n_columns), dtype=np.float64)

    def _share_of_the_first(self, players: NDArray[np.intp], start: Array, end: Array) -> Array:
        """Of the two columns of each player, by how far they moved in interquartile ranges."""
        alone = np.flatnonzero(self.owners[:, 0] == self.owners[:, 1])
        moved = np.zeros(len(self.scale))
        np.maximum.at(moved, self.owners[alone, 0], np.nan_to_num(np.abs(end - start)[alone] * self.scale[self.owners[alone, 0]], nan=FAR))
        one, other = moved[players[:, 0]], moved[players[:, 1]]
        found: Array = np.divide(one, one + other, out=np.full(len(players), 0.5), where=one + other > 0)
        return found

    def _trees_that_ask(self, columns: tuple[int, ...]) -> list[list[NDArray[np.int32]]]:
        """About matrix columns, of each kind and forest."""
        if columns not in self._asking:
            numbers = np.append(np.isin(self.owners, columns).any(axis=1), False)  # a feature of -1 is no question
            self._asking[columns] = [[np.flatnonzero(numbers[forest.features].any(axis=1)).astype(np.int32) for forest in kind.forests] for kind in self.kinds]
        return self._asking[columns]


def _joined(forests: Sequence[Forest]) -> Forest:
    names = ("features", "thresholds", "missing", "leaves")
    joined: dict[str, Any] = {name: np.concatenate([getattr(forest, name) for forest in forests]) for name in names}
    return Forest(**joined, base=forests[0].base, gains=np.concatenate([forest.gains for forest in forests]))


def _of_trees(forest: Forest, slopes: Array) -> Array:
    """What each leaf of each tree adds to the slopes' sum of logits, shape (n_trees, n_leaves)."""
    used = slopes[:, 1:] if forest.leaves.shape[2] == 1 else slopes
    found: Array = np.einsum("tlk,tk->tl", forest.leaves, used, optimize=True)
    return found


def _shapley_values(forest: Forest, values: Array, start: Array, end: Array, players: NDArray[np.intp], n_players: int) -> Array:
    """Of each player, summed over trees: a tree's value for a set of them is that of the leaf of a row that is `end` in these and `start` in the others."""
    n_trees, depth = forest.features.shape
    powers = 2 ** np.arange(depth)
    below, above = _answers(forest, start), _answers(forest, end)
    differs = below != above
    player = np.where(forest.features < 0, -1, players[forest.features])
    same = (player[:, :, None] == player[:, None, :]) & differs[:, :, None] & differs[:, None, :]  # levels that change together
    first = differs & ~np.tril(same, -1).any(axis=2)
    masks = (same * powers).sum(axis=2) * first  # of the leaf's digits that change with a player, at its first level
    n_changing = first.sum(axis=1)
    sets = np.arange(2**depth)
    member = (sets[:, None] >> np.arange(depth)) & 1  # which levels a set has
    of_sets = values[np.arange(n_trees)[:, None], (below @ powers)[:, None] ^ (masks @ member.T)]
    sizes, valid = member.sum(axis=1), ((~first[:, None, :]) & (member[None] == 1)).sum(axis=2) == 0
    weights = np.array([[factorial(s) * factorial(max(p - s - 1, 0)) / factorial(p) if p else 0.0 for s in range(depth + 1)] for p in range(depth + 1)])
    found = np.zeros(n_players)
    for level in range(depth):
        without = np.flatnonzero(member[:, level] == 0)
        weight = weights[n_changing[:, None], sizes[without]] * valid[:, without] * first[:, [level]]
        gained = (weight * (of_sets[:, without | 1 << level] - of_sets[:, without])).sum(axis=1)
        np.add.at(found, player[first[:, level], level], gained[first[:, level]])
    return found


def _answers(forest: Forest, row: Array) -> NDArray[np.bool_]:
    """What the row says to each question, shape (n_trees, depth)."""
    values = np.append(row, np.nan)[forest.features]
    known = ~np.isnan(values)
    found: NDArray[np.bool_] = np.where(known, (values > forest.thresholds) | (forest.thresholds == -np.inf), forest.missing) & (forest.features >= 0)
    return found
