"""The console script, outside of `normexp`: importing NumPy takes a tenth of a second, in which signals are already listened to.

`_main` is its door; `signals` is what the command line asks of it.
"""

__all__: list[str] = []
