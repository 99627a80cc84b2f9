"""Models and their files."""

from normexp.keras._names import absent
from normexp.keras._sequential import Sequential as Sequential
from normexp.keras.saving import load_model as load_model
from normexp.keras.saving import save_model as save_model

__all__ = ["Sequential", "load_model", "save_model"]


__getattr__ = absent(__name__, __all__)
