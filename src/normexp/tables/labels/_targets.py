"""Each row's place among known classes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normexp._checks import listing
from normexp.tables._words import folded
from normexp.tables.labels._labels import Labels
from normexp.tables.labels._numbers import number_of

__all__ = ["targets_of", "unknown_labels"]

TRUE, FALSE = ("true", "t", "1", "yes", "y"), ("false", "f", "0", "no", "n")


def targets_of(labels: Labels, classes: NDArray[Any], match_case: bool = True) -> NDArray[np.int32]:
    """The index of each row's class, -1 for a label that is not among the classes or missing; without `match_case`, case and spaces do not tell labels apart."""
    match = _matcher(classes)
    places = [match(value) for value in labels.values]
    if not match_case:
        known = _by_folded(classes)
        places = [known.get(folded(str(value)), -1) if place < 0 else place for place, value in zip(places, labels.values, strict=True)]
    return np.array([*places, -1], np.int32)[labels.numbers]


def _by_folded(classes: NDArray[Any]) -> dict[str, int]:
    return {folded(str(label)): i for i, label in reversed(list(enumerate(classes.tolist())))}


def unknown_labels(labels: Labels, targets: NDArray[np.int32], classes: NDArray[Any], match_case: bool) -> list[str]:
    """A note on labels that are no classes."""
    unknown = np.unique(labels.numbers[(targets < 0) & (labels.numbers >= 0)])
    if not len(unknown):
        return []
    words = [str(labels.values[i]) for i in unknown.tolist()]
    nearly = [word for word in words if folded(word) in _by_folded(classes)] if match_case else []
    advice = f"; {listing(nearly, 3)}: in case or spaces only, --match-case no (match_case=False) takes such for the class" if nearly else ""
    return [f"labels {listing(words, 3)} are none of the classes {listing(classes.tolist(), 4)}{advice}"]


def _matcher(classes: NDArray[Any]) -> Callable[[Any], int]:
    """Text by its spelling, numbers and booleans by their value, whatever the type that a label comes in."""
    known = classes.tolist()
    exact = {(isinstance(label, str), label): i for i, label in enumerate(known)}
    texts = {str(label): i for i, label in enumerate(known)}
    if classes.dtype.kind == "b":
        return lambda value: {**dict.fromkeys(TRUE, known.index(True)), **dict.fromkeys(FALSE, known.index(False))}.get(str(value).lower().removesuffix(".0"), -1)
    numbers: dict[Any, int] = {}
    for i, label in enumerate(known):
        if (number := number_of(label)) is not None:
            numbers[number] = -1 if number in numbers else i  # '1' and '1.0' are two classes: a number is neither

    def match(value: Any) -> int:
        if isinstance(value, str):
            if classes.dtype.kind in "iuf":
                return numbers.get(number_of(value), -1)
            return texts.get(value, -1)
        return exact.get((False, value), numbers.get(number_of(value), texts.get(str(value), -1)))

    return match
