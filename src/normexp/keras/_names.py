"""Keras's way to name things: a string, a class, an instance or a serialised dict all mean the same."""

from collections.abc import Mapping
from typing import Any

from normexp._checks import did_you_mean

__all__ = ["Described", "resolved", "snake_case", "unsupported"]


def snake_case(name: str) -> str:
    """'BatchNormalization' becomes 'batch_normalization'; 'PReLU' 'p_re_lu', as Keras spells it."""
    spelled = ""
    for i, letter in enumerate(name):
        before, after = name[i - 1 : i], name[i + 1 : i + 2]
        if letter.isupper() and i and (before.islower() or before.isdigit() or (after.islower() and before.isupper())):
            spelled += "_"
        spelled += letter.lower()
    return spelled


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


class Described:
    """An object that is its constructor's arguments: kept by `_describe`, given back by `get_config`."""

    _arguments: dict[str, Any]

    def _describe(self, **arguments: Any) -> None:
        self._arguments = arguments
        for name, value in arguments.items():
            setattr(self, name, value)

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)
