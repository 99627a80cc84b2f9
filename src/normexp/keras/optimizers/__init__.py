"""Keras's optimizers, as the engine's update rules with Keras's defaults."""

from normexp.keras._names import absent
from normexp.keras.optimizers import schedules as schedules
from normexp.keras.optimizers._rules import SGD as SGD
from normexp.keras.optimizers._rules import Adagrad as Adagrad
from normexp.keras.optimizers._rules import Adam as Adam
from normexp.keras.optimizers._rules import AdamW as AdamW
from normexp.keras.optimizers._rules import Lion as Lion
from normexp.keras.optimizers._rules import Nadam as Nadam
from normexp.keras.optimizers._rules import Optimizer as Optimizer
from normexp.keras.optimizers._rules import RMSprop as RMSprop
from normexp.keras.optimizers._rules import get as get

__all__ = ["Adagrad", "Adam", "AdamW", "Lion", "Nadam", "Optimizer", "RMSprop", "SGD", "get", "schedules"]

__getattr__ = absent(__name__, __all__)
