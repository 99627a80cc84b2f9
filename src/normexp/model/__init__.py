"""What a fitted classifier is: data, and the two functions that answer from it."""

from normexp.model._encoder import Encoder as Encoder
from normexp.model._encoder import number_columns as number_columns

__all__ = ["Encoder", "number_columns"]
