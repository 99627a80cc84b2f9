"""The command line: normexp COMMAND …"""

from normexp.cli._main import main as main
from normexp.cli._main import run as run

__all__ = ["main", "run"]
