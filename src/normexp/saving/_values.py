"""Checks of single values out of a file: each returns the value, or says what was expected and what came."""

import math
from collections.abc import Sequence
from typing import Any

from normexp.saving._container import Refused

__all__ = ["boolean", "check_keys", "distinct_texts", "integer", "list_of", "number", "one_of", "shown", "text"]

SHOWN_CHARACTERS = 60


def shown(value: Any) -> str:
    """A value in a message: short, on one line, whatever a file put there."""
    if isinstance(value, (list, dict)):
        return f"a {'list' if isinstance(value, list) else 'mapping'} of {len(value)}"
    if isinstance(value, str):
        return repr(value[:SHOWN_CHARACTERS]) + ("…" if len(value) > SHOWN_CHARACTERS else "")
    if isinstance(value, int) and abs(value) > 2**63:
        return "an integer beyond 64 bits"
    return repr(value)


def integer(value: Any, name: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Refused(f"expected {name} to be an integer from {least} to {most}, got {shown(value)}")
    return value


def number(value: Any, name: str, least: float = -math.inf, most: float = math.inf) -> float:
    """Finite; an integer is one too, where a float can hold it."""
    if type(value) is int and abs(value) <= 2**63:
        value = float(value)
    if type(value) is not float or not math.isfinite(value) or not least <= value <= most:
        limits = "" if least == -math.inf else f" of at least {least}" if most == math.inf else f" from {least} to {most}"
        raise Refused(f"expected {name} to be a finite number{limits}, got {shown(value)}")
    return value


def boolean(value: Any, name: str) -> bool:
    if type(value) is not bool:
        raise Refused(f"expected {name} to be true or false, got {shown(value)}")
    return value


def text(value: Any, name: str, most: int | None = None) -> str:
    """Text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise Refused(f"expected {name} to be text, got {shown(value)}")
    if most is not None and len(value) > most:
        raise Refused(f"expected {name} to be text of at most {most} characters, got {len(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused(f"expected {name} to be text, got half of a character in {shown(value)}") from None
    return value


def one_of(value: Any, name: str, allowed: Sequence[Any]) -> Any:
    if not any(type(value) is type(known) and value == known for known in allowed):
        raise Refused(f"expected {name} to be out of {', '.join(map(repr, allowed))}, got {shown(value)}")
    return value


def list_of(value: Any, name: str, least: int = 0, most: int | None = None) -> list[Any]:
    """A list of some length; what is in it is another question."""
    if not isinstance(value, list) or not least <= len(value) <= (len(value) if most is None else most):
        limits = f"at least {least}" if most is None else f"{least} to {most}"
        raise Refused(f"expected {name} to be a list of {limits} entries, got {shown(value)}")
    return value


def distinct_texts(value: Any, name: str, least: int = 0, most: int | None = None) -> list[str]:
    found = [text(entry, f"an entry of {name}") for entry in list_of(value, name, least, most)]
    if len(set(found)) < len(found):
        raise Refused(f"expected each entry of {name} once, got one twice")
    return found


def check_keys(value: Any, name: str, needed: Sequence[str] = (), optional: Sequence[str] = ()) -> None:
    """A mapping with all of the needed keys and none that is unknown."""
    if not isinstance(value, dict):
        raise Refused(f"expected {name} to be a mapping, got {shown(value)}")
    absent = [key for key in needed if key not in value]
    unknown = [key for key in value if key not in needed and key not in optional]
    if absent or unknown:
        found = f"one without {shown(absent[0])}" if absent else f"the unknown {shown(unknown[0])}"
        raise Refused(f"expected {name} with what normexp writes, got {found}")
    for key in value:
        text(key, f"a key of {name}")
