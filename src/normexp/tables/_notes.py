"""What a table's reader says in words: bad cells, unseen categories, words taken as missing."""

from collections.abc import Sequence

from normexp._checks import listing
from normexp.errors import DataError
from normexp.tables._options import Options
from normexp.tables._schema import Column
from normexp.tables._words import folded, folded_ascii
from normexp.tables.conversion import Bad, Converter, Count
from normexp.tables.sources import Rows

__all__ = ["bad_cells_error", "conversion_notes", "joined"]

MOST_SHOWN = 12
MOST_NOTES, MOST_RESPELT = 40, 3
MOST_ALONE = 3  # equal notes
WANTED = {"number": "a number", "date": "a date", "boolean": "a boolean"}


def bad_cells_error(bad: Sequence[Bad], data: Rows, training: bool) -> DataError:
    """All cells that do not fit, of all columns, in one message."""
    shown: list[str] = []
    cells = [(kind_cells, word, count) for kind_cells in bad for word, count in sorted(kind_cells.cells.items(), key=lambda item: item[1].first)]
    for found, word, count in cells[:MOST_SHOWN]:
        file, row = data.place(count.first)
        more = f", and in {count.n - 1} more row{'s' if count.n > 2 else ''}" if count.n > 1 else ""
        got = "an infinity" if word.lstrip("+-").lower() in ("inf", "infinity") else f"'{word}'"
        shown.append(f"expected {found.kind} in column '{found.name}', got {got} ({file}, row {row}{more})")
    if len(cells) > MOST_SHOWN:
        shown.append(f"and {len(cells) - MOST_SHOWN} more such cells")
    advice = "correct the cells, or take them as missing with --bad-cells missing (bad_cells='missing')"
    if training:
        words = " ".join(dict.fromkeys(f"--missing '{word}'" for found, word, _ in cells[:3] if not found.typed))
        names = " ".join(dict.fromkeys(f"--ignore '{found.name}'" for found, _, _ in cells[:3]))
        advice += f"{f' or {words}' if words else ''}, or leave columns out with {names} (ignore=[…])"
    return DataError(f"{'; '.join(shown)}; {advice}")


def _counted(n: int, word: str = "row") -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def conversion_notes(columns: Sequence[Column], converter: Converter, data: Rows, options: Options, *, inferred: bool) -> tuple[list[str], list[Bad]]:
    """What was not as the schema expects, in words; and the bad cells. Words taken as missing were said where the schema was `inferred` from these cells."""
    notes: list[tuple[str, str]] = []
    bad: list[Bad] = []
    for i, column in enumerate(columns):
        tally = converter.tally(i)
        if tally.bad:
            bad.append(Bad(column.name, WANTED[column.kind], tally.bad))
            notes.append((column.name, _bad_note(column, tally.bad, data)))
        if not inferred and any(folded_ascii(word) not in column.missing for word in tally.taken):
            said = ", ".join(f"'{word}' ({count.n})" for word, count in sorted(tally.taken.items(), key=lambda item: (-item[1].n, item[1].first))[:MOST_SHOWN])
            notes.append((column.name, f": {said} taken as missing"))
        if tally.unseen:
            notes += [(column.name, note) for note in _unseen_notes(column, tally.unseen, options.match_case)]
    return _capped(joined(notes)), bad


def joined(notes: Sequence[tuple[str, str]]) -> list[str]:
    """Notes on columns, the same ones on many columns as one."""
    names: dict[str, list[str]] = {}
    for name, note in notes:
        names.setdefault(note, []).append(name)
    found: dict[str, None] = {}
    for name, note in notes:
        same = names[note]
        found[f"columns {listing(same)}{note}" if len(same) > MOST_ALONE else f"column {name!r}{note}"] = None
    return list(found)


def _capped(notes: list[str]) -> list[str]:
    """Not more than a screen of them."""
    return notes if len(notes) <= MOST_NOTES else [*notes[:MOST_NOTES], f"and {len(notes) - MOST_NOTES} more notes of these kinds"]


def _bad_note(column: Column, bad: dict[str, Count], data: Rows) -> str:
    n = sum(count.n for count in bad.values())
    word, count = min(bad.items(), key=lambda item: item[1].first)
    file, row = data.place(count.first)
    which = "is" if n == 1 else "are"
    return f": {_counted(n, 'cell')} {which} not {WANTED[column.kind]}{'' if n == 1 else ', the first'}: '{word}' ({file}, row {row}); taken as missing"


def _unseen_notes(column: Column, unseen: dict[str, Count], match_case: bool) -> list[str]:
    by_folded = {folded(word): word for word in reversed(column.categories)}
    respelt = [word for word, _ in sorted(unseen.items(), key=lambda item: item[1].first) if match_case and folded(word) in by_folded]
    more = f" and so do {len(respelt) - MOST_RESPELT} more" if len(respelt) > MOST_RESPELT else ""
    notes = [f": '{word}' ({_counted(unseen[word].n)}) differs from the trained '{by_folded[folded(word)]}' in case or spaces only"
             f"{more if i == MOST_RESPELT - 1 else ''}; --match-case no (match_case=False) takes it as that"
             for i, word in enumerate(respelt[:MOST_RESPELT])]  # fmt: skip
    n = sum(count.n for count in unseen.values())
    words = sorted(unseen, key=lambda word: (-unseen[word].n, word))
    shown = ", ".join(f"'{word}'" for word in words[:3]) + (", …" if len(words) > 3 else "")
    return [*notes, f": {_counted(n)} with a category not seen in training ({shown})"]
