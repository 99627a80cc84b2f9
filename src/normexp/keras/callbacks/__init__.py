"""What happens between the epochs (and batches, at their cost) of a fit."""

from normexp.keras._names import absent
from normexp.keras.callbacks._callback import Callback as Callback
from normexp.keras.callbacks._callback import History as History
from normexp.keras.callbacks._callback import LambdaCallback as LambdaCallback
from normexp.keras.callbacks._keeping import BackupAndRestore as BackupAndRestore
from normexp.keras.callbacks._keeping import CSVLogger as CSVLogger
from normexp.keras.callbacks._keeping import ModelCheckpoint as ModelCheckpoint
from normexp.keras.callbacks._list import CallbackList as CallbackList
from normexp.keras.callbacks._steering import EarlyStopping as EarlyStopping
from normexp.keras.callbacks._steering import LearningRateScheduler as LearningRateScheduler
from normexp.keras.callbacks._steering import ReduceLROnPlateau as ReduceLROnPlateau
from normexp.keras.callbacks._steering import TerminateOnNaN as TerminateOnNaN

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint", "ReduceLROnPlateau",
    "TerminateOnNaN",
]  # fmt: skip

__getattr__ = absent(__name__, __all__)
