"""How the cells of a text column are written: one reading for a column, found on all its cells; where two are possible, the other columns or the caller decide."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import normexp._native as _native
from normexp.tables._schema import Kind
from normexp.tables._words import folded_ascii

__all__ = ["Reading", "reading_of"]

SHARE = 0.99  # of the filled cells that a reading must fit
MOST_REST_WORDS = 3
MOST_CELLS = 0.9  # if so many are numbers, many of them different, the others are bad cells
MOST_BUT_FEW = 0.8  # or if so many are, and the others are of a few kinds
MANY_NUMBERS = 20  # different ones: with fewer, numbers beside words are levels
POINT_FORMS, COMMA_FORMS = (0, 1, 2, 3, 4), (5, 6, 7, 8)
CURRENCIES = frozenset((
    "AUD", "BRL", "BTC", "CAD", "CHF", "CNY", "CZK", "DKK", "ETH", "EUR", "FR.", "FT", "GBP", "HKD", "HUF",
    "IDR", "ILS", "INR", "JPY", "KR", "KR.", "KRW", "KČ", "LEI", "MXN", "MYR",
    "NOK", "NZD", "PHP", "PLN", "RM", "RON", "RP", "RS", "RS.", "RUB", "SEK", "SFR.", "SGD", "THB", "TL", "TRY", "TWD", "UAH", "USD", "VND", "ZAR", "ZŁ",
))  # fmt: skip
UNIT = re.compile(r"[^\W\d_]+[23²³]?(?:[./·⋅* -]?[^\W\d_]+[23²³]?)*\.?|[%‰°℃℉µμΩ″\"][^\d]{0,8}")
ORDINALS = frozenset(("st", "nd", "rd", "th"))


@dataclass(frozen=True)
class Reading:
    """What a column is and how it is written; `n` cells fit. `other` is the reading that the cells allow as well."""

    kind: Kind
    n: int = 0
    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""
    date_order: str = "ymd"
    missing: tuple[str, ...] = ()
    example: str = ""
    other: "Reading | None" = None

    @property
    def is_plain(self) -> bool:
        return not (self.prefix or self.suffix or self.thousands or self.decimal != ".")


def reading_of(scan: Any, kept: frozenset[str] = frozenset(), order: str | None = None) -> Reading:
    """The reading of a scanned column; with `other` where the cells alone do not decide. A column with words of `kept` holds categories; `order` is the caller's, of dates."""
    n = scan.filled
    if n and scan.booleans >= SHARE * n:
        return Reading("boolean", scan.booleans)
    number, date = _number(scan), _date(scan, order)
    found = date if date is not None and (number is None or date.n >= number.n) else number  # '03 March 2020', '17 March 2020': no numbers of a unit
    if found is None or not found.n:
        return Reading("category", found.n if found else 0)
    if found.n >= SHARE * n:
        return found
    if (found.kind == "number" and scan.n_distinct < MANY_NUMBERS) or kept & {folded_ascii(word) for word, _, _ in scan.words}:
        return replace(found, kind="category", other=None)
    rest = _rest_words(scan, found, n)
    if rest:
        return replace(found, missing=rest, other=replace(found.other, missing=rest) if found.other else None)
    return found if found.n >= MOST_CELLS * n or _few_others(scan, found) else replace(found, kind="category", other=None)


def _rest_words(scan: Any, found: Reading, n: int) -> tuple[str, ...]:
    """The few words that, with the numbers or dates, make up the column: they can only mean that there is none."""
    words = {folded_ascii(word) for word, _, _ in scan.words}
    rest = sum(count for _, count, _ in scan.words)
    few = not scan.other_words and 0 < len(words) <= MOST_REST_WORDS
    return tuple(sorted(words)) if few and found.n + rest >= SHARE * n else ()


def _few_others(scan: Any, found: Reading) -> bool:
    """Are the cells that are no numbers of a few kinds only, such as >1000: a number column whose rest must be told apart?"""
    kinds = len({folded_ascii(word) for word, _, _ in scan.words}) + sum((affix.prefix, affix.suffix) != (found.prefix, found.suffix) for affix in scan.affixes)
    return found.kind == "number" and found.n >= MOST_BUT_FEW * scan.filled and kinds <= MOST_REST_WORDS and not (scan.other_words or scan.no_number_no_date or scan.dates)


def _number(scan: Any) -> Reading | None:
    best: Reading | None = None
    affixes = [(affix.prefix, affix.suffix, list(affix.fits), affix.example) for affix in scan.affixes]
    if not any((prefix, suffix) == ("", "") for prefix, suffix, _, _ in affixes):
        affixes.append(("", "", [0] * len(_native.number_forms), ""))
    for prefix, suffix, fits, example in affixes:
        if (prefix, suffix) == ("", ""):
            fits = _with_plain(scan, fits)
        elif not _is_affix(prefix, suffix):
            continue
        found = _form(scan, fits, prefix, suffix, example)
        if best is None or found.n > best.n:
            best = found
    return best


def _with_plain(scan: Any, fits: Sequence[int]) -> list[int]:
    """Plain numbers count for every form that they fit: integers for all, 1.5 where the point is the decimal mark, 1.234 as thousands too."""
    found = [n + scan.plain for n in fits]
    for i in COMMA_FORMS:
        found[i] -= scan.pointed
    found[6] += scan.grouped_points
    return found


def _form(scan: Any, fits: Sequence[int], prefix: str, suffix: str, example: str) -> Reading:
    point, comma = (max(forms, key=lambda i: fits[i]) for forms in (POINT_FORMS, COMMA_FORMS))
    marks_of = _native.number_forms
    readings = [Reading("number", fits[i], marks_of[i][0], marks_of[i][1], prefix, suffix, example=example) for i in (point, comma)]
    if fits[comma] > fits[point]:
        return readings[1]
    marks = point != 0 or scan.pointed  # else there are only digits: nothing to choose
    if fits[comma] < fits[point] or not marks or (point == 0 and comma == 5):
        return readings[0]
    return replace(readings[0], other=readings[1])


def _is_affix(prefix: str, suffix: str) -> bool:
    return (not prefix or _is_currency(prefix)) and (not suffix or _is_currency(suffix) or (len(suffix) <= 16 and bool(UNIT.fullmatch(suffix)) and suffix.lower() not in ORDINALS))


def _is_currency(word: str) -> bool:
    signs = [letter for letter in word if unicodedata.category(letter) == "Sc"]
    return word.upper() in CURRENCIES or (len(word) <= 4 and len(signs) == 1 and all(letter.isalpha() or letter in signs for letter in word))


def _date(scan: Any, order: str | None) -> Reading | None:
    ymd, dmy, mdy, yymd, clock = scan.orders
    best = max(scan.orders)
    if not best:
        return None
    if best in (ymd, clock):
        return Reading("date", best, date_order="ymd" if best == ymd else "clock", example=scan.date_example)
    days, months = (Reading("date", n, date_order=name, example=scan.date_example) for n, name in ((dmy, "dmy"), (mdy, "mdy")))
    if order == "ymd" and yymd == best:
        return Reading("date", yymd, date_order="yymd", example=scan.date_example)
    if max(dmy, mdy) < best:
        return Reading("date", yymd, date_order="yymd", example=scan.date_example)
    if dmy != mdy:
        return days if dmy > mdy else months
    first, second = (months, days) if "/" in scan.date_example else (days, months)
    return replace(first, other=second)
