"""The smallest change of one feature that changes the answer, among the changes that are tried."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.explanation._network import ReluNetworks

__all__ = ["Flip", "smallest_flip"]

NEAREST, FARTHEST, N_NEAR, N_ACROSS = 0.01, 6.0, 24, 33  # steps in interquartile ranges around the value; values across the range of training
N_REFINED, N_PARTS, N_ROUNDS = 5, 32, 8  # 32 ** 8 parts of a way
MOST_DIGITS = 12
MOST_AT_ONCE = 1_000  # rows
MOST_CODES = 256  # the most frequent, that are tried
OF_A_CATEGORY = 1.0  # what changing a category costs, in interquartile ranges


@dataclass(frozen=True)
class Flip:
    """Setting the matrix column to `value` (a code for a category) makes the model answer `predicted`; distance in interquartile ranges, 1 for a category."""

    column: int
    value: float
    predicted: int
    distance: float


class _Row:
    """A matrix row and the answers to it with one column changed."""

    def __init__(self, encoder: Any, network: ReluNetworks, row: NDArray[Any]) -> None:
        self.encoder, self.network, self.row = encoder, network, row.astype(np.float64)
        self.inputs = encoder.encode(row[None])[0].astype(np.float64)
        self.first = network.first(self.inputs)
        self.answer = int(network.logits(self.first[None])[0].argmax())
        owners = encoder.columns_of_inputs()
        self.places = {int(column): np.flatnonzero(owners == column) for column in np.unique(owners)}

    def changed(self, column: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the first layers make of the row with other values in a column, shape (n_values, n_units)."""
        places = self.places[column]
        weights = self.network.weights[places]
        if self.encoder.n_codes[column]:
            inputs, moved = self.encoder.encode_code(column, values.astype(np.int64)), np.arange(len(places))
        else:
            inputs = self.encoder.encode_number(column, values)
            moved = np.r_[0, len(places) - inputs.shape[1] + 1 : len(places)]  # the number and its bins: an indicator between them stays
        changed: NDArray[np.float64] = self.first + (inputs - self.inputs[places[moved]]) @ weights[moved]
        return changed

    def answers(self, column: int, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """The answer with each of the values in a column."""
        found: NDArray[np.intp] = self.network.logits(self.changed(column, values)).argmax(axis=1)
        return found

    def many_answers(self, columns: list[int], values: list[NDArray[np.float64]]) -> list[NDArray[np.intp]]:
        """The same for several columns, in float32."""
        found, first = list[NDArray[np.intp]](), 0
        while first < len(columns):
            n_columns = int(np.searchsorted(np.cumsum([len(one) for one in values[first:]]), MOST_AT_ONCE)) + 1
            piece = range(first, min(first + n_columns, len(columns)))
            changed = np.concatenate([self.changed(columns[i], values[i]).astype(np.float32) for i in piece])
            answers = self.network.quick_logits(changed).argmax(axis=1)
            found += np.split(answers, np.cumsum([len(values[i]) for i in piece])[:-1])
            first = piece.stop
        return found


def smallest_flip(encoder: Any, network: ReluNetworks, row: NDArray[Any], offsets: NDArray[np.float64]) -> Flip | None:
    """Of a matrix row; None if no change that was tried does it.

    Tried are every other category, the other side of a boolean, and for numbers 48 steps around the value and 33 values across the range of training, never
    beyond it; the nearest that flips is then refined. Missing cells stay missing. `offsets` is what the table's number is above the matrix's, NaN for columns not to be tried.
    """
    asked = _Row(encoder, network, row)
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
        logits = asked.network.logits(asked.changed(column, values))
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
    for column, values, answers in zip(columns, tried, asked.many_answers(columns, tried), strict=True):
        flips = values[answers != asked.answer]
        if len(flips):
            value = float(flips[abs(flips - row[column]).argmin()])
            nearest.append((abs(value - row[column]) * float(encoder.scale[column]), column, value))
    for _, column, value in sorted(nearest)[:N_REFINED]:
        refined = _refined(asked, column, value, float(offsets[column]))
        answer = int(asked.answers(column, np.array([refined]))[0])
        if answer != asked.answer:
            yield Flip(column, refined, answer, abs(refined - row[column]) * float(encoder.scale[column]))


def _refined(asked: _Row, column: int, value: float, offset: float) -> float:
    """Nearer to the row's own value than `value`, written with as few digits as the flip allows."""
    start = float(asked.row[column])
    near, far = start, value
    for _ in range(N_ROUNDS):
        between = np.linspace(near, far, N_PARTS + 1)
        flips = np.flatnonzero(asked.answers(column, between[1:]) != asked.answer)
        at = int(flips[0]) if len(flips) else N_PARTS - 1
        near, far = float(between[at]), float(between[at + 1])
    up, whole = far > start, (start + offset).is_integer()
    digits = np.arange(0 if whole else int(np.floor(-np.log10(max(abs(far - start), 1e-12)))), MOST_DIGITS)
    scaled, powers = (far + offset) * 10.0**digits, 10.0**digits
    rounded = ((np.ceil(scaled) if up else np.floor(scaled)) / powers - offset).astype(np.float32).astype(np.float64)
    near_enough = abs(rounded - start) <= np.maximum(1.1 * abs(far - start), np.where(whole & (digits == 0), 1.0, 0.0))
    rounded = rounded[near_enough & (asked.encoder.low[column] <= rounded) & (rounded <= asked.encoder.high[column])]
    flips = np.flatnonzero(asked.answers(column, rounded) != asked.answer) if len(rounded) else rounded
    return float(rounded[flips[0]]) if len(flips) else far
