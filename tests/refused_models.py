"""All three readers of model files refuse alike."""

import pytest

from normexp import ModelFileError, load
from normexp.saving import info, load_model


def assert_refused(path, match):
    for read in (info, load, load_model):
        with pytest.raises(ModelFileError, match=match):
            read(path)
