"""How the cells of a text column are written: one reading for a column, found on all its cells; where two are possible, the other columns or the caller decide."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from normexp import _native
from normexp.tables._schema import Kind

__all__ = ["Reading", "reading_of"]

SHARE = 0.99  # of the filled cells that a reading must fit
MOST_REST_WORDS = 3
MANY_NUMBERS = 20  # different ones: with fewer, numbers beside words are levels
POINT_FORMS, COMMA_FORMS = (0, 1, 2, 3, 4), (5, 6, 7, 8)
CURRENCIES = frozenset(
    "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR ILS INR JPY KRW MXN MYR NOK NZD PHP PLN RON RUB SEK SGD THB TRY TWD UAH USD VND ZAR BTC ETH".split()
) | {"KR", "KR.", "ZŁ", "KČ", "FT", "RS", "RS.", "LEI", "FR.", "SFR.", "R$", "RM", "RP", "TL"}
UNIT = re.compile(r"[^\W\d_][\w./·⋅*^²³ -]{0,15}|[%‰°℃℉µμΩ″\"][^\d]{0,8}")
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


def reading_of(scan: Any, kept: Collection[str] = ()) -> Reading:
    """The reading of a scanned column; with `other` where the cells alone do not decide. Words that are `kept` (in lower case) are values."""
    n = scan.filled
    if n and scan.booleans == n:
        return Reading("boolean", n)
    number, date = _number(scan), _date(scan)
    found = date if date is not None and (number is None or date.n >= number.n) else number  # '03 March 2020', '17 March 2020': no numbers of a unit
    if found is None or not found.n:
        return Reading("category", found.n if found else 0)
    if found.n >= SHARE * n:
        return found
    rest = _rest_words(scan, found, n, kept)
    return replace(found, missing=rest, other=replace(found.other, missing=rest) if found.other else None) if rest else Reading("category", found.n)


def _rest_words(scan: Any, found: Reading, n: int, kept: Collection[str]) -> tuple[str, ...]:
    """The few words that, with the numbers or dates, make up the column: they can only mean that there is none."""
    rest = sum(count for _, count, _ in scan.words)
    words = {word.lower() for word, _, _ in scan.words}
    few = not scan.other_words and 0 < len(words) <= MOST_REST_WORDS and words.isdisjoint(kept)
    many = found.kind == "date" or scan.n_distinct >= MANY_NUMBERS
    return tuple(sorted(words)) if few and many and found.n + rest >= SHARE * n else ()


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
    readings = [Reading("number", fits[i], *_native.number_forms[i], prefix, suffix, example=example) for i in (point, comma)]
    if fits[comma] > fits[point]:
        return readings[1]
    marks = point != 0 or scan.pointed  # else there are only digits: nothing to choose
    if fits[comma] < fits[point] or not marks or (point == 0 and comma == 5):
        return readings[0]
    return replace(readings[0], other=readings[1])


def _is_affix(prefix: str, suffix: str) -> bool:
    return (not prefix or is_currency(prefix)) and (not suffix or is_currency(suffix) or (bool(UNIT.fullmatch(suffix)) and suffix.lower() not in ORDINALS))


def is_currency(word: str) -> bool:
    return word.upper() in CURRENCIES or (len(word) <= 4 and sum(unicodedata.category(letter) == "Sc" for letter in word) == 1 and all(letter.isalpha() or unicodedata.category(letter) == "Sc" for letter in word))


def _date(scan: Any) -> Reading | None:
    ymd, dmy, mdy = scan.orders
    if not max(scan.orders):
        return None
    if ymd == max(scan.orders):
        return Reading("date", ymd, date_order="ymd", example=scan.date_example)
    days, months = (Reading("date", n, date_order=order, example=scan.date_example) for n, order in ((dmy, "dmy"), (mdy, "mdy")))
    if dmy != mdy:
        return days if dmy > mdy else months
    first, second = (months, days) if "/" in scan.date_example else (days, months)
    return replace(first, other=second)
