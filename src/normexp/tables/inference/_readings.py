"""How all text columns of a table are written, and what to say of it: what the cells of one column leave open, the caller decides, or else the other columns."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from normexp._checks import listing
from normexp.tables._options import Options
from normexp.tables._words import folded_ascii
from normexp.tables.inference._forms import Reading, reading_of

__all__ = ["decided", "nearly_numbers"]

MIXED_SHARE, HALF = 0.1, 0.5  # of cells that are numbers, plain or with a unit: below, the column is no mixture
NEARLY_SHARE, MANY_WORDS = 0.9, 20
FIRST = {"dmy": "day first", "mdy": "month first", "ymd": "year first", "yymd": "year first", "clock": "times of day"}
MARKS = {".": "decimal point", ",": "decimal comma"}
APART = {"": "", ".": ", points between thousands", ",": ", commas between thousands", " ": ", spaces between thousands", "'": ", apostrophes between thousands",
         "_": ", underscores between thousands"}  # fmt: skip
Say = Callable[[int, str], None]


def decided(scans: dict[int, Any], options: Options, say: Say) -> dict[int, Reading]:
    """The reading of each column; `say(column, note)` takes what a user should know."""
    kept = frozenset(folded_ascii(word) for word in options.keep_words)
    readings = {i: reading_of(scan, kept, options.date_order) for i, scan in scans.items()}
    mark = options.decimal or _common_mark(readings, scans)
    orders = {found.date_order for found in readings.values() if found.kind == "date" and found.other is None} & {"dmy", "mdy"}
    order = options.date_order or (orders.pop() if len(orders) == 1 else None)
    for i, found in readings.items():
        _say_mixed(i, found, scans[i], say)
        if found.other is not None:
            wanted, told = (mark, options.decimal) if found.kind == "number" else (order, options.date_order)
            chosen = found.other if _key(found.other) == wanted else found
            if told and _key(chosen) != wanted:
                _say_misfit(i, chosen, scans[i], options, say)
            elif not told:
                _say_open(i, chosen, found.other if chosen is found else found, scans[i], wanted is not None, say)
            readings[i] = replace(chosen, other=None)
        elif found.kind in ("number", "date"):
            _say_misfit(i, found, scans[i], options, say)
        _say_form(i, readings[i], scans[i], say)
    return readings


def _key(found: Reading) -> str:
    return found.decimal if found.kind == "number" else found.date_order


def _common_mark(readings: dict[int, Reading], scans: dict[int, Any]) -> str | None:
    """The decimal mark of the columns that leave no choice, if they agree."""
    sure = [(i, found) for i, found in readings.items() if found.kind == "number" and found.other is None]
    marks = {found.decimal for i, found in sure if found.decimal == "," or found.thousands or (found.is_plain and scans[i].pointed)}
    return marks.pop() if len(marks) == 1 else None


def _cells(n: int) -> str:
    return f"{n} cell" if n == 1 else f"{n} cells"


def _say_mixed(i: int, found: Reading, scan: Any, say: Say) -> None:
    if found.kind == "category" and found.n >= (HALF if found.prefix or found.suffix else MIXED_SHARE) * scan.filled > 0:
        words = [word for word, _, _ in sorted(scan.words, key=lambda counted: (-counted[1], counted[2]))[:3]]
        words = words or [affix.example for affix in sorted(scan.affixes, key=lambda affix: affix.n)[:2]]
        example = f" (such as {listing(words)})" if words else ""
        say(i, f": {_cells(found.n)} of {scan.filled} would do as numbers or dates, the others not{example}: read as categories")
    elif found.missing:
        n = sum(count for word, count, _ in scan.words if folded_ascii(word) in found.missing)
        keep = " ".join(f"--keep-words '{word}'" for word in found.missing)
        say(i, f": {listing(found.missing)} ({_cells(n)}) taken as missing among {found.kind}s; with {keep} the column is categories")


def _say_open(i: int, chosen: Reading, other: Reading, scan: Any, known: bool, say: Say) -> None:
    why = " as in the other columns" if known else ""
    if chosen.kind == "date":
        say(i, f": dates such as '{chosen.example}' are read {FIRST[chosen.date_order]}{why}, and could be {FIRST[other.date_order]}: "
               f"--date-format {other.date_order} (date_format='{other.date_order}') reads them so")  # fmt: skip
    elif chosen.thousands != other.thousands and (chosen.thousands or not chosen.is_plain or scan.integers):  # else no cell has a decimal mark
        example = f" such as '{chosen.example}'" if chosen.example else ""
        say(i, f": numbers{example} are read with a {MARKS[chosen.decimal]}{why}, and could have a {MARKS[other.decimal]}: "
               f"--decimal {other.decimal} (decimal='{other.decimal}') reads them so")  # fmt: skip


def _say_misfit(i: int, found: Reading, scan: Any, options: Options, say: Say) -> None:
    """The caller's wish does not fit the cells."""
    if found.kind == "date" and options.date_order and found.date_order in ("dmy", "mdy") and found.date_order != options.date_order:
        say(i, f": --date-format {options.date_order} does not fit dates such as '{found.example}'")
    elif found.kind == "number" and options.decimal and found.decimal != options.decimal and (found.decimal == "," or found.thousands or scan.pointed):
        say(i, f": --decimal {options.decimal} does not fit its numbers{f' such as {found.example!r}' if found.example else ''}, which have a {MARKS[found.decimal]}")


def _say_form(i: int, found: Reading, scan: Any, say: Say) -> None:
    among = sorted((-n, word) for word, n, _ in scan.among_found)
    if found.kind != "category" and among:
        say(i, f": {', '.join(f'{word!r} ({-n})' for n, word in among)} taken as missing")
    if found.kind == "number" and not found.is_plain:
        affix = f", without {' and '.join(repr(word) for word in (found.prefix, found.suffix) if word)}" if found.prefix or found.suffix else ""
        say(i, f": read as numbers ({MARKS[found.decimal]}{APART[found.thousands]}{affix})")
    elif found.kind == "date" and found.date_order != "ymd":
        say(i, f": read as {FIRST[found.date_order] if found.date_order == 'clock' else f'dates, {FIRST[found.date_order]}'}")


def nearly_numbers(scan: Any, reading: Reading, words: Sequence[str]) -> str:
    """A note where many different cells hold digits and are categories all the same, such as <5 or 3/4."""
    with_digits = scan.filled - scan.booleans - sum(n for _, n, _ in scan.words) - scan.other_words
    nearly = sum(not word[:1].isalpha() for word in words)  # customer 7 is none
    if len(words) < MANY_WORDS or nearly < NEARLY_SHARE * len(words) or with_digits < NEARLY_SHARE * scan.filled or reading.n >= MIXED_SHARE * scan.filled:
        return ""
    return f": its cells hold digits but are no numbers or dates that can be read (such as {listing(sorted(words)[:2])}): read as categories"
