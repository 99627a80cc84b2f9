"""Columns of categories by their words: the frequent ones are kept, identifiers and free text left out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import normexp._native as _native
from normexp.tables._schema import MAX_CATEGORIES, Column
from normexp.tables._words import met
from normexp.tables.inference._forms import Reading
from normexp.tables.inference._identifiers import text_left_out
from normexp.tables.inference._readings import nearly_numbers
from normexp.tables.inference._survey import Survey
from normexp.tables.sources import Codes

__all__ = ["by_words"]

MOST_WORDS = 1 << 22
ALL_ARE_KEPT = 255  # of so many categories
LEAST_ROWS = 2  # of one that is kept beyond


def by_words(survey: Survey, indices: Sequence[int], scanned: dict[int, tuple[Any, Reading]]) -> dict[int, Column | None]:
    """Columns of categories by their words."""
    found: dict[int, Column | None] = {}
    missing = _native.MissingWords(list(survey.words[0]))
    for group in survey.data.groups(indices, survey.data.n_rows):
        words = {i: _native.Words(missing, MOST_WORDS) for i in group}
        declared: dict[int, dict[str, int]] = {i: {} for i in group}
        for first, n, batch in survey.data.batches(group):
            keep = survey.part(first, n)
            for i, cells in zip(group, batch, strict=True):
                if isinstance(cells, Codes):
                    survey.found_missing |= met(survey.words[0], _count_codes(cells, keep, missing, declared[i]))
                else:
                    _native.count_words(words[i], cells, keep)
        for i in group:
            counts = declared[i] | {word: n for word, n, _ in words[i].words}
            found[i] = _category(survey, i, counts, len(counts) + words[i].others)
            if found[i] is not None and i in scanned and (note := nearly_numbers(*scanned[i], list(counts))):
                survey.say(i, note)
    return found


def _category(survey: Survey, i: int, counts: dict[str, int], n_distinct: int) -> Column | None:
    name, filled = survey.data.names[i], sum(counts.values())
    if not filled:
        survey.say(i, " is empty")
        return Column(name, "number")
    reason = None if survey.data.kinds[i] == "category" or name in survey.options.keep_columns else text_left_out(counts, filled)
    if reason:
        survey.say(i, f" is left out: {reason}")
        return None
    frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_CATEGORIES]
    frequent = [(word, n) for at, (word, n) in enumerate(frequent) if at < ALL_ARE_KEPT or n >= LEAST_ROWS]
    has_other = n_distinct > len(frequent)
    if has_other:
        others = filled - sum(n for _, n in frequent)
        survey.say(i, f" has {n_distinct} categories: the {len(frequent)} most frequent are kept, the rest ({others} rows) count as 'other'")
    return Column(name, "category", categories=tuple(sorted(word for word, _ in frequent)), has_other=has_other)


def _count_codes(cells: Codes, keep: NDArray[np.uint8] | None, missing: Any, counts: dict[str, int]) -> list[str]:
    """Declared categories that occur; returns those that mean missing."""
    times = np.bincount((cells.codes if keep is None else cells.codes[keep.astype(bool)]) + 1, minlength=len(cells.words) + 1)[1:]
    for word, n in zip(cells.words, times.tolist(), strict=True):
        if n and missing.find(word) < 0:
            word = word.strip(" \t\r")
            counts[word] = counts.get(word, 0) + n
    return [word for word, n in zip(cells.words, times.tolist(), strict=True) if n and missing.find(word) >= 0]
