"""Lists and comparisons in words."""

from collections.abc import Mapping, Sequence

from normexp.evaluation import Difference

__all__ = ["columns_named", "comparisons", "plain", "some"]

ALIKE = 0.01  # nats: a difference that is surely smaller is none


def columns_named(names: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return f"Column{'s' if len(names) > 1 else ''} {shown}"


def some(names: Sequence[str], most: int = 5) -> str:
    """class 'a', classes 'a', 'b' and 3 more; nothing for none."""
    if not names:
        return ""
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return ("classes " if len(names) > 1 else "class ") + shown + (f" and {len(names) - most} more" if len(names) > most else "")


def plain(number: float) -> str:
    """Six significant digits at most, whole numbers whole; powers of ten only where nobody would write the zeros."""
    if number == 0 or not 1e-4 <= abs(number) < 1e12:
        return f"{number:.6g}"
    return f"{number:,.0f}" if abs(number) >= 1e5 else f"{number:.6g}"


def comparisons(against: Mapping[str, Difference]) -> str:
    """', in log loss better than a and b, about as good as c': how the model's log loss differs from that of others; as good only where the interval says so."""
    relations: dict[str, list[str]] = {}
    for name, difference in against.items():
        alike = max(abs(difference.low), abs(difference.high)) < ALIKE
        words = {"second": "better than", "first": "worse than", "neither": "about as good as" if alike else "not clearly different from"}
        relations.setdefault(words[difference.better], []).append(name)
    said = ", ".join(f"{relation} {' and '.join(names)}" for relation, names in relations.items())
    return f", in log loss {said}" if said else ""
