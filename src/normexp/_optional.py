"""Packages that only some need."""

import importlib
from types import ModuleType

__all__ = ["needed"]


def needed(package: str, what: str, extra: str) -> ModuleType:
    """The package; raises ImportError that says what needs it and how it is installed."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(f"expected the package {package}, which {what} need, got none: {error}; install normexp[{extra}]") from error
