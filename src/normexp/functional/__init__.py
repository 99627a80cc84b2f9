"""The softmax family on arrays."""

from normexp._native import log_sigmoid as log_sigmoid
from normexp._native import logit as logit
from normexp._native import sigmoid as sigmoid
from normexp._native import softplus as softplus
from normexp.functional._cross_entropy import binary_cross_entropy as binary_cross_entropy
from normexp.functional._cross_entropy import cross_entropy as cross_entropy
from normexp.functional._normalise import log_softmax as log_softmax
from normexp.functional._normalise import logsumexp as logsumexp
from normexp.functional._normalise import softmax as softmax
from normexp.functional._normalise import softmin as softmin

__all__ = ["binary_cross_entropy", "cross_entropy", "log_sigmoid", "log_softmax", "logit", "logsumexp", "sigmoid", "softmax", "softmin", "softplus"]
