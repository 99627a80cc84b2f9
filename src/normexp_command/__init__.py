"""The console script, outside of `normexp`: importing NumPy takes a tenth of a second, in which signals are already listened to."""

try:
    from normexp_command._main import main as main
except KeyboardInterrupt:
    import posix

    posix._exit(130)

__all__ = ["main"]
