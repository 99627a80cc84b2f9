"""The smallest change of one feature that changes the answer, among the changes that are tried."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.explanation._forests import Forests
from normexp.explanation._network import DenseNetworks, linear_layer
from normexp.network import NativeLayer, Parameters, predict_outputs

__all__ = ["Columns", "Flip", "smallest_flip"]

NEAREST, FARTHEST, N_NEAR, N_ACROSS = 0.01, 6.0, 18, 25  # steps in interquartile ranges around the value; values across the range of training
N_REFINED, N_PARTS, N_ROUNDS = 4, 48, 4  # 48 ** 4 parts of a way
MOST_DIGITS = 12
MOST_AT_ONCE = 300  # rows
MOST_CODES = 256  # the most frequent, that are tried
OF_A_CATEGORY = 1.0  # what changing a category costs, in interquartile ranges


@dataclass(frozen=True)
class Flip:
    """Setting the matrix column to `value` (a code for a category) makes the model answer `predicted`; distance in interquartile ranges, 1 for a category."""

    column: int
    value: float
    predicted: int
    distance: float


class Columns:
    """What a change of each column makes of the first layers of a model's networks, and of the numbers that its forests see.

    By the engine, on one thread: there are many small products, for which threads would wait longer than they take.
    """

    def __init__(self, encoder: Any, network: DenseNetworks, forests: Forests) -> None:
        self.encoder, self.network, self.forests = encoder, network, forests
        owners = encoder.columns_of_inputs()
        self.places = {int(column): np.flatnonzero(owners == column) for column in np.unique(owners)}
        for column in np.flatnonzero(encoder.has_indicator).tolist():
            self.places[column] = np.delete(self.places[column], 1)  # a number and its bins: the indicator between them stays
        self.layers: dict[int, tuple[list[NativeLayer], Parameters]] = {}

    def inputs(self, column: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the values of a column, none of them missing, shape (n_values, inputs of the column)."""
        encode = self.encoder.encode_code if self.encoder.n_codes[column] else self.encoder.encode_number
        found: NDArray[np.float64] = encode(column, values.astype(np.int64) if self.encoder.n_codes[column] else values)
        return found

    def numbers(self, column: int, row: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What forests see of a matrix row with these values in a column, shape (n_values, n_numbers)."""
        rows = np.tile(row, (len(values), 1))
        rows[:, column] = values
        found: NDArray[np.float64] = self.encoder.numbers(rows)
        return found

    def moved(self, column: int, changes: NDArray[np.float64]) -> NDArray[np.float32]:
        """How far changes of the column's inputs move the units, shape (n_changes, n_units)."""
        if not self.network.kinds:
            return np.empty((len(changes), 0), np.float32)
        if column not in self.layers:
            self.layers[column] = linear_layer(self.network.weights[self.places[column]])
        plan, parameters = self.layers[column]
        return predict_outputs(plan, parameters, changes.astype(np.float32), 1)


class _Row:
    """A matrix row and the answers to it with one column changed."""

    def __init__(self, columns: Columns, network: DenseNetworks, row: NDArray[Any]) -> None:
        self.columns, self.encoder, self.network, self.row = columns, columns.encoder, network, row.astype(np.float64)
        self.inputs = self.encoder.encode(row[None])[0].astype(np.float64)
        self.first = network.first(self.inputs)
        self.numbers = self.encoder.numbers(self.row[None]) if columns.forests.kinds else np.empty((1, 0))
        self.parts = columns.forests.parts(self.numbers)
        self.answer = int((network.logits(self.first[None]) + columns.forests.logits(self.numbers))[0].argmax())

    def logits(self, column: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """With other values in a column, in float64."""
        places = self.columns.places[column]
        found = self.network.logits(self.first + (self.columns.inputs(column, values) - self.inputs[places]) @ self.network.weights[places])
        return found + self._of_forests(column, values)

    def _of_forests(self, column: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        forests = self.columns.forests
        if not forests.kinds:
            return np.zeros((len(values), forests.n_classes))
        return forests.changed((column,), self.numbers, self.parts, self.columns.numbers(column, self.row, values))

    def quick_answers(self, columns: list[int], values: list[NDArray[np.float64]]) -> list[NDArray[np.intp]]:
        """The answers with other values in each of several columns, in float32: for thousands of values."""
        ends = np.cumsum([len(one) for one in values])
        cuts = np.flatnonzero(np.diff(ends // MOST_AT_ONCE, prepend=0))  # so many values at a time, about
        pieces = [range(start, end) for start, end in pairwise([0, *cuts[cuts > 0].tolist(), len(columns)])]
        return [answers for piece in pieces if piece for answers in self._answers(columns, values, piece)]

    def _answers(self, columns: list[int], values: list[NDArray[np.float64]], piece: range) -> list[NDArray[np.intp]]:
        moved = [self.columns.moved(columns[i], self.columns.inputs(columns[i], values[i]) - self.inputs[self.columns.places[columns[i]]]) for i in piece]
        changed = np.concatenate(moved)
        changed += self.first.astype(np.float32)
        logits = self.network.quick_logits(changed)
        if self.columns.forests.kinds:
            logits += np.concatenate([self._of_forests(columns[i], values[i]) for i in piece])
        return np.split(logits.argmax(axis=1), np.cumsum([len(one) for one in moved])[:-1])


def smallest_flip(columns: Columns, network: DenseNetworks, row: NDArray[Any], offsets: NDArray[np.float64]) -> Flip | None:
    """Of a matrix row; None if no change that was tried does it. `network` is that of the columns, or what is `raised` above it.

    Tried are every other category, the other side of a boolean, and for numbers 36 steps around the value and 25 values across the range of training, never
    beyond it; the nearest that flips is then refined. Missing cells stay missing. `offsets` is what the table's number is above the matrix's, NaN for columns not to be tried.
    """
    asked = _Row(columns, network, row)
    found = [*_categories(asked), *_numbers(asked, offsets)]
    return min(found, key=lambda flip: flip.distance, default=None)


def _categories(asked: _Row) -> Iterator[Flip]:
    """Of each category and boolean the change that is surest of its answer."""
    encoder, row = asked.encoder, asked.row
    for column in np.flatnonzero((encoder.n_codes > 0) | encoder.is_boolean).tolist():
        if encoder.is_boolean[column] and row[column] not in (0.0, 1.0):
            continue
        values = np.arange(2) if encoder.is_boolean[column] else np.sort(np.argsort(-encoder.shares_of_codes(column), kind="stable")[:MOST_CODES])
        values = values[values != row[column]].astype(np.float64)
        if not len(values):
            continue
        logits = asked.logits(column, values)
        flips = np.flatnonzero(logits.argmax(axis=1) != asked.answer)
        if len(flips):
            surest = flips[logits[flips].max(axis=1).argmax()]
            yield Flip(column, float(values[surest]), int(logits[surest].argmax()), OF_A_CATEGORY)


def _numbers(asked: _Row, offsets: NDArray[np.float64]) -> Iterator[Flip]:
    """The least change of each of the few columns that flip soonest."""
    encoder, row = asked.encoder, asked.row
    steps = np.geomspace(NEAREST, FARTHEST, N_NEAR)
    columns = np.flatnonzero((encoder.n_codes == 0) & ~encoder.is_boolean & (encoder.scale > 0) & ~np.isnan(row) & ~np.isnan(offsets)).tolist()
    tried = list[NDArray[np.float64]]()
    for column in columns:
        values = np.concatenate([row[column] + np.concatenate([steps, -steps]) / encoder.scale[column], np.linspace(encoder.low[column], encoder.high[column], N_ACROSS)])
        tried.append(values[(encoder.low[column] <= values) & (values <= encoder.high[column])])
    nearest: list[tuple[float, int, float]] = []  # distance, column, value that flips
    for column, values, answers in zip(columns, tried, asked.quick_answers(columns, tried), strict=True):
        flips = values[answers != asked.answer]
        if len(flips):
            value = float(flips[abs(flips - row[column]).argmin()])
            nearest.append((abs(value - row[column]) * float(encoder.scale[column]), column, value))
    nearest = sorted(nearest)[:N_REFINED]
    for (_, column, _), near_by in zip(nearest, _nearer(asked, nearest), strict=True):
        refined = _rounded(asked, column, near_by, float(offsets[column]))
        answer = int(asked.logits(column, np.array([refined]))[0].argmax())
        if answer != asked.answer:
            yield Flip(column, refined, answer, abs(refined - row[column]) * float(encoder.scale[column]))


def _nearer(asked: _Row, flips: list[tuple[float, int, float]]) -> list[float]:
    """For each flip a value hardly farther from the row's own than it must be."""
    columns = [column for _, column, _ in flips]
    ways = [(float(asked.row[column]), value) for _, column, value in flips]
    for _ in range(N_ROUNDS if flips else 0):
        between = [np.linspace(near, far, N_PARTS + 1) for near, far in ways]
        for i, answers in enumerate(asked.quick_answers(columns, [values[1:] for values in between])):
            flipped = np.flatnonzero(answers != asked.answer)
            at = int(flipped[0]) if len(flipped) else N_PARTS - 1
            ways[i] = float(between[i][at]), float(between[i][at + 1])
    return [far for _, far in ways]


def _rounded(asked: _Row, column: int, far: float, offset: float) -> float:
    """A value that flips, written with as few digits as that allows."""
    start = float(asked.row[column])
    up, whole = far > start, (start + offset).is_integer()
    digits = np.arange(0 if whole else int(np.floor(-np.log10(max(abs(far - start), 1e-12)))), MOST_DIGITS)
    scaled, powers = (far + offset) * 10.0**digits, 10.0**digits
    rounded = ((np.ceil(scaled) if up else np.floor(scaled)) / powers - offset).astype(np.float32).astype(np.float64)
    near_enough = abs(rounded - start) <= np.maximum(1.1 * abs(far - start), np.where(whole & (digits == 0), 1.0, 0.0))
    rounded = rounded[near_enough & (asked.encoder.low[column] <= rounded) & (rounded <= asked.encoder.high[column])]
    flips = np.flatnonzero(asked.logits(column, rounded).argmax(axis=1) != asked.answer) if len(rounded) else rounded
    return float(rounded[flips[0]]) if len(flips) else far
