"""What Keras has under keras.saving: models and weights to files and back."""

from normexp.keras._names import absent
from normexp.keras._saving import load_weights as load_weights
from normexp.keras._saving import save_model as save_model
from normexp.keras._saving import save_weights as save_weights
from normexp.keras.models import load_model as load_model

__all__ = ["load_model", "load_weights", "save_model", "save_weights"]

__getattr__ = absent(__name__, __all__)
