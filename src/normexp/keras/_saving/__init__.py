"""Models and weights in Keras 3's files, read and written without Keras.

A `.keras` file is a zip of metadata.json, config.json and model.weights.h5. `_archive` reads it within limits, `_configuration` makes plain values of the
settings, `_shapes` says what they ask for, `_weights` reads the numbers; `_reader` and `_writer` put these together. What is read is plain data: no layer,
optimizer or model is built here, so that callbacks and models, which are above, may both use it.
"""

from normexp.keras._saving._archive import refused as refused
from normexp.keras._saving._archive import the_files_fault as the_files_fault
from normexp.keras._saving._reader import Contents as Contents
from normexp.keras._saving._reader import load_weights as load_weights
from normexp.keras._saving._reader import put_weights as put_weights
from normexp.keras._saving._reader import read_model as read_model
from normexp.keras._saving._weights import h5py_module as h5py_module
from normexp.keras._saving._writer import save_model as save_model
from normexp.keras._saving._writer import save_weights as save_weights

__all__ = ["Contents", "h5py_module", "load_weights", "put_weights", "read_model", "refused", "save_model", "save_weights", "the_files_fault"]
