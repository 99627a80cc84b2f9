"""Words as they are compared: folded, as the numbers that they are, met among cells."""

import math
from collections.abc import Iterable, Sequence

__all__ = ["folded", "folded_ascii", "met", "missing_numbers"]


def folded(word: str) -> str:
    """Without differences in case and spaces."""
    return " ".join(word.casefold().split())


def folded_ascii(word: str) -> str:
    """A word as the core compares it: without spaces around it, A to Z in lower case."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in word.strip())


def missing_numbers(words: Sequence[str]) -> list[float]:
    """Those of the words that are numbers: they also mean missing where they are written otherwise, or come as numbers."""
    found = []
    for word in words:
        try:
            number = float(word)
        except ValueError:
            continue
        if not math.isnan(number):
            found.append(number)
    return found


def met(words: Sequence[str], cells: Iterable[str]) -> set[str]:
    """Which of the words (in lower case) there are among cells; numbers may be written otherwise there."""
    found = {folded_ascii(cell) for cell in cells}
    written = set(missing_numbers(list(found)))
    return {word for word in words if word in found or not written.isdisjoint(missing_numbers([word]))}
