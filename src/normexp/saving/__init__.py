"""Models as files."""

from normexp.saving._info import ModelInfo as ModelInfo
from normexp.saving._model_file import info as info
from normexp.saving._model_file import load as load
from normexp.saving._model_file import load_model as load_model
from normexp.saving._model_file import save as save

__all__ = ["ModelInfo", "info", "load", "load_model", "save"]
