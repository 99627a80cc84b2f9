"""Keras's way to name things: a string, a class, an instance or a serialised dict all mean the same."""

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from numbers import Real
from opcode import opname
from types import FrameType, NoneType, UnionType
from typing import Any, get_args

from normexp._checks import did_you_mean

__all__ = ["FUNCTIONAL", "KERAS_VERSION", "Described", "absent", "check_kinds", "resolved", "snake_case", "unsupported"]

KERAS_VERSION = "3.15.1"  # whose names these are, and whose files are written
FUNCTIONAL = "the functional API is not there yet (it comes with images); put the layers in a Sequential"


def snake_case(name: str) -> str:
    """'BatchNormalization' becomes 'batch_normalization'; 'PReLU' 'p_re_lu', as Keras spells it."""
    spelled = ""
    for i, letter in enumerate(name):
        before, after = name[i - 1 : i], name[i + 1 : i + 2]
        if letter.isupper() and i and (before.islower() or before.isdigit() or (after.islower() and before.isupper())):
            spelled += "_"
        spelled += letter.lower()
    return spelled


def absent(module: str, known: Iterable[str], aliases: Mapping[str, Any] | None = None) -> Callable[[str], Any]:
    """A module's `__getattr__`: Keras's other spellings of what is there, and a sentence that says what there is for everything else.

    `from module import name` turns an AttributeError into words of its own, without ours: there it is an ImportError.
    """
    names = sorted(known)

    def answer(name: str) -> Any:
        if aliases and name in aliases:
            return aliases[name]
        hint = "" if name.startswith("__") else did_you_mean(name, [*(aliases or ()), *names])
        advice = FUNCTIONAL if name == "Model" else f"others are in Keras itself{hint}"
        message = f"expected a name that {module} has, got {name!r}; it has {', '.join(names)}; {advice}"
        if _is_import(sys._getframe(1)) and f"{module}.{name}" not in sys.modules:
            raise ImportError(message, name=module)
        raise AttributeError(message, name=name)

    return answer


def _is_import(frame: FrameType) -> bool:
    """Is the frame at a `from … import`?"""
    return 0 <= frame.f_lasti < len(frame.f_code.co_code) and opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"


def unsupported(where: str, **given: Any) -> None:
    """Refuse arguments of Keras that are not here, unless they have the value that changes nothing."""
    for name, (value, harmless) in given.items():
        if value not in harmless if isinstance(harmless, tuple) else value != harmless:
            raise ValueError(f"expected {name} of {where} to be left at its default, got {value!r}: normexp.keras does not have it; use Keras itself")


def resolved(value: Any, known: Mapping[str, type], what: str) -> Any:
    """The instance that `value` names, out of `known` (by class name); None stays None."""
    if value is None or isinstance(value, tuple(known.values())):
        return value
    if isinstance(value, type) and value in known.values():
        return value()
    name, config = (value, {}) if isinstance(value, str) else (value.get("class_name"), value.get("config") or {}) if isinstance(value, dict) else (type(value).__name__, {})
    by_name = {key: known[key] for key in known} | {snake_case(key): known[key] for key in known} | {key.lower(): known[key] for key in known}
    if (isinstance(value, (str, dict))) and name in by_name:
        return by_name[name](**config)
    raise ValueError(f"expected {what} out of {', '.join(sorted(known))}, got {name!r}{did_you_mean(str(name), known)}; others are in Keras itself")


def check_kinds(where: str, kinds: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Values of the kinds that annotations say: a finite number, a whole one, true or false, text, or None where that is one of them."""
    for name, value in given.items():
        options = get_args(kinds[name]) if isinstance(kinds.get(name), UnionType) else (kinds.get(name),)
        wanted = [_KINDS[kind] for kind in options if kind in _KINDS]
        if not wanted or (value is None and NoneType in options):
            continue
        if not any(fits(value) for _, fits in wanted):
            raise TypeError(f"expected {name} of {where} to be {' or '.join(words for words, _ in wanted)}, got {value!r:.100}")


def _is_number(value: Any) -> bool:
    size: Any = abs(value) if isinstance(value, Real) and not isinstance(value, bool) else None
    return size is not None and bool(size <= sys.float_info.max)


_KINDS: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    float: ("a finite number", _is_number),
    int: ("a whole number", lambda v: _is_number(v) and v % 1 == 0),
    bool: ("true or false", lambda v: type(v).__name__ in ("bool", "bool_")),
    str: ("a text", lambda v: isinstance(v, str)),
}


@cache
def _kinds_of(cls: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The positional parameters of a constructor, and the annotations of those of its bases too."""
    constructors = [vars(base)["__init__"] for base in reversed(cls.__mro__[:-1]) if "__init__" in vars(base)]
    kinds = {name: p.annotation for constructor in constructors for name, p in inspect.signature(constructor).parameters.items()}
    return tuple(inspect.signature(cls.__init__).parameters)[1:], kinds


class Described:
    """An object that is its constructor's arguments: checked by their annotations, kept by `_describe`, given back by `get_config`."""

    _arguments: dict[str, Any]

    def __new__(cls, *args: Any, **arguments: Any) -> Any:
        described: Any = cls
        positional, kinds = _kinds_of(described)
        check_kinds(cls.__name__, kinds, {**dict(zip(positional, args, strict=False)), **arguments})
        return super().__new__(cls)

    def _describe(self, **arguments: Any) -> None:
        self._arguments = arguments
        for name, value in arguments.items():
            setattr(self, name, value)

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)
