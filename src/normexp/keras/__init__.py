"""Keras's names over the engine: in a Keras program of dense layers, replace `keras` by `normexp.keras` in its imports.

What Keras has and this does not raises an error that says so; nothing is silently ignored.
"""

from normexp.keras import activations as activations
from normexp.keras import backend as backend
from normexp.keras import callbacks as callbacks
from normexp.keras import constraints as constraints
from normexp.keras import initializers as initializers
from normexp.keras import layers as layers
from normexp.keras import losses as losses
from normexp.keras import metrics as metrics
from normexp.keras import models as models
from normexp.keras import optimizers as optimizers
from normexp.keras import regularizers as regularizers
from normexp.keras import saving as saving
from normexp.keras import utils as utils
from normexp.keras._names import KERAS_VERSION as __version__
from normexp.keras._names import absent
from normexp.keras._sequential import Sequential as Sequential
from normexp.keras.layers import Input as Input

__all__ = [
    "Input", "Sequential", "__version__", "activations", "backend", "callbacks", "constraints", "initializers", "layers", "losses",
    "metrics", "models", "optimizers", "regularizers", "saving", "utils",
]  # fmt: skip


__getattr__ = absent(__name__, __all__)
