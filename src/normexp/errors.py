"""The exceptions of normexp, all below `NormexpError`.

    NormexpError
    ├── DataError (ValueError)        a table that cannot be used as it is
    └── ModelFileError (ValueError)   a file that is not a usable model

and one warning, `DataWarning`, for what was done to a table in order to use it.

Wrong arguments raise Python's own `TypeError` and `ValueError`. Every message says what was expected, what came, where,
and what to do.
"""

__all__ = ["DataError", "DataWarning", "ModelFileError", "NormexpError"]


class NormexpError(Exception):
    """Base of the errors that normexp raises on purpose."""


class DataError(NormexpError, ValueError):
    """A table that cannot be read or used as it is."""


class ModelFileError(NormexpError, ValueError):
    """A file that is not a model of this version of normexp, or is damaged."""


class DataWarning(UserWarning):
    """Something was left out of a table, dropped, or taken in a way that its owner should know."""
