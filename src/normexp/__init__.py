"""Class probabilities that can be trusted: the softmax function family on arrays, and softmax classifiers trained from tables."""

from typing import TYPE_CHECKING, Any

from normexp._threads import NormexpController as _NormexpController  # noqa: F401  (registers itself)
from normexp._version import __version__ as __version__
from normexp.errors import DataError as DataError
from normexp.errors import ModelFileError as ModelFileError
from normexp.errors import NormexpError as NormexpError
from normexp.functional import cross_entropy as cross_entropy
from normexp.functional import log_softmax as log_softmax
from normexp.functional import logsumexp as logsumexp
from normexp.functional import sigmoid as sigmoid
from normexp.functional import softmax as softmax
from normexp.functional import top_k as top_k

if TYPE_CHECKING:
    from normexp.classifier import SoftmaxClassifier as SoftmaxClassifier
    from normexp.experiments import Experiments as Experiments
    from normexp.experiments import tune as tune
    from normexp.explanation import explain as explain
    from normexp.saving import load as load
    from normexp.saving import save as save

__all__ = [
    "DataError", "Experiments", "ModelFileError", "NormexpError", "SoftmaxClassifier", "cross_entropy", "explain", "load", "log_softmax", "logsumexp", "save", "sigmoid", "softmax",
    "top_k", "tune",
]  # fmt: skip

_LAZY = {
    "Experiments": "normexp.experiments", "SoftmaxClassifier": "normexp.classifier", "explain": "normexp.explanation", "load": "normexp.saving", "save": "normexp.saving",
    "tune": "normexp.experiments",
}  # fmt: skip


def __getattr__(name: str) -> Any:  # what needs scikit-learn is imported at first use
    if name in _LAZY:
        import importlib

        value = globals()[name] = getattr(importlib.import_module(_LAZY[name]), name)
        return value
    raise AttributeError(f"module 'normexp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
