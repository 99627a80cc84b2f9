"""The command line: normexp COMMAND …"""

from normexp.cli._main import main as main

__all__ = ["main"]
