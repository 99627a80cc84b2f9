"""What a fitted classifier is: data, and the two functions that answer from it."""

from normexp.model._encoder import Encoder as Encoder
from normexp.model._encoder import number_columns as number_columns
from normexp.model._model import Model as Model

__all__ = ["Encoder", "Model", "number_columns"]
