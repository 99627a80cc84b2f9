"""Models and their files."""

from typing import Any

from normexp.keras._files import load_model as load_model
from normexp.keras._files import save_model as save_model
from normexp.keras._sequential import Sequential as Sequential

__all__ = ["Sequential", "load_model", "save_model"]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"normexp.keras.models has no {name!r}: networks are Sequential; the functional API and subclasses are in Keras itself")
