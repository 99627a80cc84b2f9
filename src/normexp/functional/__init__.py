"""The softmax family on arrays."""

from normexp._native import log_sigmoid as log_sigmoid
from normexp._native import logit as logit
from normexp._native import sigmoid as sigmoid
from normexp._native import softplus as softplus
from normexp.functional._cross_entropy import binary_cross_entropy as binary_cross_entropy
from normexp.functional._cross_entropy import cross_entropy as cross_entropy
from normexp.functional._gradients import log_softmax_backward as log_softmax_backward
from normexp.functional._gradients import logsumexp_backward as logsumexp_backward
from normexp.functional._gradients import softmax_backward as softmax_backward
from normexp.functional._gradients import softmax_jacobian as softmax_jacobian
from normexp.functional._gradients import softmin_backward as softmin_backward
from normexp.functional._normalise import log_softmax as log_softmax
from normexp.functional._normalise import logsumexp as logsumexp
from normexp.functional._normalise import softmax as softmax
from normexp.functional._normalise import softmin as softmin
from normexp.functional._sampling import gumbel_softmax as gumbel_softmax
from normexp.functional._sampling import sample as sample
from normexp.functional._sampling import top_k as top_k
from normexp.functional._sparse import entmax as entmax
from normexp.functional._sparse import entmax15 as entmax15
from normexp.functional._sparse import entmax15_loss as entmax15_loss
from normexp.functional._sparse import entmax_backward as entmax_backward
from normexp.functional._sparse import entmax_loss as entmax_loss
from normexp.functional._sparse import sparsemax as sparsemax
from normexp.functional._sparse import sparsemax_loss as sparsemax_loss

__all__ = [
    "binary_cross_entropy", "cross_entropy", "entmax", "entmax15", "entmax15_loss", "entmax_backward", "entmax_loss", "gumbel_softmax", "log_sigmoid", "log_softmax",
    "log_softmax_backward", "logit", "logsumexp", "logsumexp_backward", "sample", "sigmoid", "softmax", "softmax_backward", "softmax_jacobian", "softmin",
    "softmin_backward", "softplus", "sparsemax", "sparsemax_loss", "top_k",
]  # fmt: skip
