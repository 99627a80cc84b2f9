"""Models and weights in Keras 3's files, read and written without Keras.

A `.keras` file is a zip of metadata.json, config.json and model.weights.h5. `_archive` reads it within limits, `_configuration` makes plain values of the
settings, `_shapes` says what they ask for, `_weights` reads the numbers; `_reader` and `_writer` put these together.
"""

from normexp.keras._names import absent
from normexp.keras.saving._reader import load_model as load_model
from normexp.keras.saving._reader import load_weights as load_weights
from normexp.keras.saving._writer import save_model as save_model
from normexp.keras.saving._writer import save_weights as save_weights

__all__ = ["load_model", "load_weights", "save_model", "save_weights"]

__getattr__ = absent(__name__, __all__)
