import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from commands import colours, run


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder with colours.csv and colours.safetensors."""
    folder = tmp_path_factory.mktemp("trained")
    colours(folder / "colours.csv")
    ended = run("train", "colours.csv", "--target", "label", "--epochs", 30, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder
