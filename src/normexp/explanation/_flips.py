"""The smallest change of one feature that changes the answer, among the changes that are tried."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.explanation._network import ReluNetworks

__all__ = ["Flip", "smallest_flip"]

NEAREST, FARTHEST, N_NEAR, N_ACROSS = 0.01, 6.0, 40, 65  # steps in interquartile ranges around the value; values across the range of training
N_REFINED = 5
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

    def logits(self, column: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits with other values in a column."""
        places = self.places[column]
        weights = self.network.weights[places]
        if self.encoder.n_codes[column]:
            return self.network.logits(self.first - self.inputs[places] @ weights + weights[values.astype(np.int64)])
        inputs = self.encoder.encode_number(column, values)
        changed = np.r_[0, len(places) - inputs.shape[1] + 1 : len(places)]  # the number and its bins: an indicator between them stays
        return self.network.logits(self.first + (inputs - self.inputs[places[changed]]) @ weights[changed])

    def answer_at(self, column: int, value: float) -> int:
        return int(self.logits(column, np.array([value]))[0].argmax())


def smallest_flip(encoder: Any, network: ReluNetworks, row: NDArray[Any], offsets: NDArray[np.float64]) -> Flip | None:
    """Of a matrix row; None if no change that was tried does it.

    Tried are every other category, the other side of a boolean, and for numbers 80 steps around the value and 65 values across the range of training, never
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
        values = np.array([v for v in range(2 if encoder.is_boolean[column] else encoder.n_codes[column]) if v != row[column]], np.float64)
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
    nearest: list[tuple[float, int, float]] = []  # distance, column, value that flips
    for column in np.flatnonzero((encoder.n_codes == 0) & ~encoder.is_boolean & (encoder.scale > 0) & ~np.isnan(row) & ~np.isnan(offsets)).tolist():
        around = row[column] + np.concatenate([steps, -steps]) / encoder.scale[column]
        values = np.concatenate([around, np.linspace(encoder.low[column], encoder.high[column], N_ACROSS)])
        values = values[(encoder.low[column] <= values) & (values <= encoder.high[column])]
        flips = values[asked.logits(column, values).argmax(axis=1) != asked.answer] if len(values) else values
        if len(flips):
            value = float(flips[abs(flips - row[column]).argmin()])
            nearest.append((abs(value - row[column]) * float(encoder.scale[column]), column, value))
    for _, column, value in sorted(nearest)[:N_REFINED]:
        refined = _refined(asked, column, value, float(offsets[column]))
        yield Flip(column, refined, asked.answer_at(column, refined), abs(refined - row[column]) * float(encoder.scale[column]))


def _refined(asked: _Row, column: int, value: float, offset: float) -> float:
    """Nearer to the row's own value than `value`, written with as few digits as the flip allows."""
    start, far = float(asked.row[column]), value
    near = start
    for _ in range(40):
        middle = (near + far) / 2
        near, far = (middle, far) if asked.answer_at(column, middle) == asked.answer else (near, middle)
    up, whole = far > start, (start + offset).is_integer()
    for n in range(0 if whole else int(np.floor(-np.log10(max(abs(far - start), 1e-12)))), 12):
        scaled = (far + offset) * 10.0**n
        rounded = float(np.float32((np.ceil(scaled) if up else np.floor(scaled)) / 10.0**n - offset))
        near_enough = abs(rounded - start) <= max(1.1 * abs(far - start), 1.0 if whole and n == 0 else 0)
        if near_enough and asked.encoder.low[column] <= rounded <= asked.encoder.high[column] and asked.answer_at(column, rounded) != asked.answer:
            return rounded
    return far
