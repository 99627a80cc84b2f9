"""What programs ask of Keras's backend: numbers are float32, computed by the engine."""

from normexp.keras._names import absent
from normexp.keras.utils import clear_session as clear_session

__all__ = ["backend", "clear_session", "epsilon", "floatx"]


def backend() -> str:
    """The name of what computes."""
    return "normexp"


def epsilon() -> float:
    """Below which, and above 1 minus which, losses clip probabilities."""
    return 1e-7


def floatx() -> str:
    """The dtype of weights and outputs."""
    return "float32"


__getattr__ = absent(__name__, __all__)
