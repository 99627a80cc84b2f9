"""The softmax family on arrays."""

from normexp.functional._cross_entropy import cross_entropy as cross_entropy
from normexp.functional._normalise import log_softmax as log_softmax
from normexp.functional._normalise import logsumexp as logsumexp
from normexp.functional._normalise import softmax as softmax

__all__ = ["cross_entropy", "log_softmax", "logsumexp", "softmax"]
