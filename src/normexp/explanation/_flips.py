"""The smallest change of one feature that changes the answer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp.explanation._network import ReluNetwork

__all__ = ["Flip", "smallest_flip"]

SMALLEST, GREATEST, N_STEPS = 0.01, 6.0, 40  # interquartile ranges
N_REFINED = 5
OF_A_CATEGORY = 1.0  # what changing a category costs, in interquartile ranges


@dataclass(frozen=True)
class Flip:
    """Setting the matrix column to `value` (a code for a category) makes the model answer `predicted`; distance in interquartile ranges, 1 for a category."""

    column: int
    value: float
    predicted: int
    distance: float


def smallest_flip(model: Any, network: ReluNetwork, row: NDArray[Any]) -> Flip | None:
    """Of a matrix row: numbers up to six interquartile ranges away, every other category; None if no single change does it."""
    encoder = model.encoder_
    inputs = encoder.encode(row[None])[0].astype(np.float64)
    first = network.first(inputs)
    answer = int(network.logits(first[None])[0].argmax())
    found = [*_categories(encoder, network, row, first, inputs, answer), *_numbers(model, network, row, first, inputs, answer)]
    return min(found, key=lambda flip: flip.distance, default=None)


def _categories(encoder: Any, network: ReluNetwork, row: NDArray[Any], first: NDArray[Any], inputs: NDArray[Any], answer: int) -> list[Flip]:
    """Every other category, and the other side of every boolean."""
    owners, columns, values, changes = encoder.columns_of_inputs(), [], [], []
    for column in np.flatnonzero(encoder.n_codes).tolist():
        places = np.flatnonzero(owners == column)
        without = -inputs[places] @ network.weights[0][places]
        for code in range(encoder.n_codes[column]):
            if code != row[column]:
                columns.append(int(column))
                values.append(float(code))
                changes.append(without + network.weights[0][places[code]])
    for column in np.flatnonzero((encoder.n_codes == 0) & (encoder.centre == 0.5) & (encoder.scale == 2.0)).tolist():
        if row[column] in (0.0, 1.0):
            place = np.flatnonzero(owners == column)[0]
            other = 1 - float(row[column])
            columns.append(int(column))
            values.append(other)
            changes.append((_encoded(encoder, column, np.array([other]))[0] - inputs[place]) * network.weights[0][place])
    if not changes:
        return []
    logits = network.logits(first + np.array(changes))
    flips = np.flatnonzero(logits.argmax(axis=1) != answer)
    if not len(flips):
        return []
    surest = flips[logits[flips].max(axis=1).argmax()]
    return [Flip(columns[surest], values[surest], int(logits[surest].argmax()), OF_A_CATEGORY)]


def _numbers(model: Any, network: ReluNetwork, row: NDArray[Any], first: NDArray[Any], inputs: NDArray[Any], answer: int) -> list[Flip]:
    """The nearest steps that flip, a column each, and the least change between them and the step before for the best few."""
    encoder, owners = model.encoder_, model.encoder_.columns_of_inputs()
    is_boolean = (encoder.centre == 0.5) & (encoder.scale == 2.0)
    steps = np.geomspace(SMALLEST, GREATEST, N_STEPS)
    best: list[tuple[float, int, int]] = []  # step, sign, column
    columns = np.flatnonzero((encoder.n_codes == 0) & (encoder.scale > 0) & ~np.isnan(row) & ~is_boolean).tolist()
    for column in columns:
        place = np.flatnonzero(owners == column)[0]
        values = row[column] + np.concatenate([steps, -steps]) / encoder.scale[column]
        change = _encoded(encoder, column, values) - inputs[place]
        flips = (encoder.low[column] <= values) & (values <= encoder.high[column])  # nothing beyond what training has seen
        flips &= network.logits(first + change[:, None] * network.weights[0][place]).argmax(axis=1) != answer
        for sign, part in ((1, flips[:N_STEPS]), (-1, flips[N_STEPS:])):
            if part.any():
                best.append((float(steps[part.argmax()]), sign, int(column)))
    found = []
    for step, sign, column in sorted(best)[:N_REFINED]:
        place = np.flatnonzero(owners == column)[0]

        def answer_at(value: float, column: int = column, place: int = int(place)) -> int:
            change = _encoded(encoder, column, np.array([value]))[0] - inputs[place]
            return int(network.logits((first + change * network.weights[0][place])[None])[0].argmax())

        value = _least(float(row[column]), step / float(encoder.scale[column]), sign, answer_at, answer, _offset(model, column), encoder.low[column], encoder.high[column])
        found.append(Flip(column, value, answer_at(value), abs(value - float(row[column])) * float(encoder.scale[column])))
    return found


def _least(start: float, reach: float, sign: int, answer_at: Any, answer: int, offset: float, low: float, high: float) -> float:
    """The nearest value to start that flips, written with as few digits as the flip allows; `offset` is what the table's column has on top."""
    near, far = 0.0, reach
    for _ in range(40):
        middle = (near + far) / 2
        near, far = (middle, far) if answer_at(start + sign * middle) == answer else (near, middle)
    exact = start + sign * far
    digits = range(8) if (start + offset).is_integer() else range(int(np.floor(-np.log10(max(far, 1e-12)))), 12)
    for n in digits:
        rounded = np.ceil((exact + offset) * 10.0**n) / 10.0**n if sign > 0 else np.floor((exact + offset) * 10.0**n) / 10.0**n
        value = float(np.float32(rounded - offset))
        if low <= value <= high and abs(value - start) <= max(1.1 * far, 1.0 if n == 0 and (start + offset).is_integer() else 0) and answer_at(value) != answer:
            return value
    return exact


def _encoded(encoder: Any, column: int, values: NDArray[Any]) -> NDArray[np.float64]:
    """What the encoder makes of values of one number or boolean column."""
    from normexp.classifier import Encoder

    part = Encoder(encoder.centre[[column]], encoder.scale[[column]], np.zeros(1, np.int64), np.zeros(1, bool))
    return part.encode(values[:, None])[:, 0].astype(np.float64)


def _offset(model: Any, column: int) -> float:
    """What the table's number is above the matrix's."""
    if model.schema_ is None:
        return 0.0
    owners = [c for c in model.schema_.columns for _ in range(5 if c.kind == "date" else 1)]
    return float(owners[column].centre) if owners[column].kind == "number" else 0.0
