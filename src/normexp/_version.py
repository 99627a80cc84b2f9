"""The version, for users, for the files that are written and for the package's own description."""

__version__ = "0.1.0"
