import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from commands import colours, run


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder with colours.csv, colours.safetensors, and new.csv, whose rows are none of the others."""
    folder = tmp_path_factory.mktemp("trained")
    colours(folder / "colours.csv")
    header, *rows = (folder / "colours.csv").read_text().splitlines()
    (folder / "new.csv").write_text("\n".join([header, *(row.replace(",", ".5,", 1) for row in rows)]) + "\n")
    ended = run("train", "colours.csv", "--target", "label", "--epochs", 30, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder
